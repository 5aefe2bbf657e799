"""Gather the facts that raise or clear a doubt about who is asking, and let `policy` decide on them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.accounts.models import Account, AccountDevice, AccountSession
from portal.accounts.second_step.sign_in import is_step_of_long
from portal.customers.models import Customer
from portal.customers.names import is_same_name
from portal.identity_checks.proof.known_address import known_addresses
from portal.identity_checks.proof.policy import (
    LIFTED_BY_SECOND_STEP,
    RECENT_ADDRESS_DAYS,
    DoubtSignal,
    IdentityDecision,
    Situation,
    is_document_needed,
)
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.partial_dates import may_be_same_day
from portal.records.models import Record

IDENTITY_KIND = "civil_identity"
FACEBOOK = "facebook"
LIGHT_PROOF_LASTS = timedelta(hours=1)


def assess(
    right: str,
    account: Account,
    session: AccountSession,
    *,
    rectifies_identity: bool = False,
    lifted: frozenset[DoubtSignal] = frozenset(),
) -> IdentityDecision:
    """Return whether a right that is asked for through the portal needs a document.

    Args:
        right: the code of the right.
        session: the session in which the right is asked for.
        rectifies_identity: whether the correction touches name or date of birth.
        lifted: the doubts that a code by mail has lifted in this session.
    """
    customer = account.customer
    known = _recorded_identity(customer) if customer else {}
    confirmed_at, changed_at = account.email_confirmed_at, account.email_changed_at
    device = db.session.get(AccountDevice, session.device_id) if session.device_id else None
    situation = Situation(
        email_confirmed_on=clock.local_date(confirmed_at) if confirmed_at else None,
        email_changed_on=clock.local_date(changed_at) if changed_at else None,
        device_first_seen_on=clock.local_date(device.first_seen_at) if device else None,
        is_first_device=device is not None and device.is_first,
        can_compare=bool(known),
        is_facebook_only=account.password_hash is None or session.method == FACEBOOK,
        is_import_match_only=account.is_claimed_by_match,
        name_differs=_name_differs(account, known),
        birth_date_differs=_birth_date_differs(customer, known),
        lifted=lifted | _lifted_by_second_step(account, session),
        may_lift=frozenset().union(*(address.lifts for address in known_addresses(account))),
        rectifies_identity=rectifies_identity,
    )
    return _decide(right, situation)


def assess_other_channel(right: str, customer: Customer, *, is_on_behalf: bool = False) -> IdentityDecision:
    """Return whether a right that was asked for by telephone, letter or message needs a document.

    Args:
        is_on_behalf: whether somebody else asks in the customer's name.
    """
    situation = Situation(
        email_confirmed_on=None,
        device_first_seen_on=None,
        has_account=False,
        can_compare=bool(_recorded_identity(customer)),
        is_other_channel=True,
        is_on_behalf=is_on_behalf,
    )
    return _decide(right, situation)


def _decide(right: str, situation: Situation) -> IdentityDecision:
    setting = installed.organisation().identity_policy.for_right(right)
    return is_document_needed(right, situation, setting, clock.today())


def _lifted_by_second_step(account: Account, session: AccountSession) -> frozenset[DoubtSignal]:
    # A thief who has the password may add a second step of their own, so that a new one proves nothing.
    since = clock.now() - timedelta(days=RECENT_ADDRESS_DAYS)
    is_passed = is_step_of_long(account, session.method, since)
    return LIFTED_BY_SECOND_STEP if is_passed else frozenset()


def _recorded_identity(customer: Customer) -> Mapping[str, Any]:
    """Return what the company's own systems say of name and birth, and nothing that was typed in this portal."""
    statement = select(Record).where(Record.customer_id == customer.id, Record.kind == IDENTITY_KIND)
    newest = statement.order_by(Record.recorded_at.desc(), Record.id.desc()).limit(1)
    row = db.session.execute(newest).scalar_one_or_none()
    names = ("given_name", "family_name", "birth_name", "birth_date")
    if row is not None:
        return {name: str(row.values[name]) for name in names if row.values.get(name)}
    if customer.imported_at is None:
        return {}
    birth_date = customer.birth or ""
    facts = {
        "given_name": customer.given_name,
        "family_name": customer.family_name,
        "birth_date": birth_date,
    }
    return {name: value for name, value in facts.items() if value}


def _name_differs(account: Account, known: Mapping[str, Any]) -> bool:
    """Tell whether a name of the account is certainly another one than the records have. Unknown is no difference."""
    given, families = (
        known.get("given_name", ""),
        [known[name] for name in ("family_name", "birth_name") if name in known],
    )
    if not (given and families and account.given_name.strip() and account.family_name.strip()):
        # Somebody has one name only, and systems keep it in either field.
        whole = [f"{given} {family}" for family in families or [""]]
        return _differs(f"{account.given_name} {account.family_name}", whole)
    is_straight = not (_differs(account.family_name, families) or _differs(account.given_name, [given]))
    # Many people put the family name first, and systems then keep each name in the other's field.
    is_crossed = not (_differs(account.given_name, families) or _differs(account.family_name, [given]))
    return not (is_straight or is_crossed)


def _differs(name: str, known: list[str]) -> bool:
    return bool(known) and all(is_same_name(name, other) is False for other in known)


def _birth_date_differs(customer: Customer | None, known: Mapping[str, Any]) -> bool:
    if customer is None or "birth_date" not in known:
        return False
    return customer.birth is not None and not may_be_same_day(customer.birth, known["birth_date"])
