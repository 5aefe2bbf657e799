"""The lighter way: a six-digit code to an address that was known before there was any doubt.

A stranger who opened the account yesterday, came in with its password, or took it over, cannot read mail there; the
person can. The code is never stored: like the text of a mailed link it is derived from a row and the portal's key
(docs/adr/0003).
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from portal import clock
from portal.accounts.links import Purpose
from portal.accounts.models import Account, AccountToken
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.addresses import AddressRefused, normalise_address
from portal.customers.models import Customer
from portal.identity_checks.proof.policy import (
    LIFTED_AT_EARLIER_ADDRESS,
    LIFTED_AT_SIGN_IN_ADDRESS,
    RECENT_ADDRESS_DAYS,
    DoubtSignal,
)
from portal.infrastructure import installed, one_time_tokens
from portal.infrastructure.database import db
from portal.infrastructure.mail.outbox import queue_mail
from portal.infrastructure.one_time_tokens import use_up, write_token
from portal.records.models import Record

SENT = declare("customer:identity_code:sent")
USED = declare("customer:identity_code:used")

PURPOSE = "doubt_code"
LIFE = timedelta(minutes=10)
TRIES = "5 per 10 minutes"
ISSUES = "6 per hour"
EMAIL_KIND = "email_address"


class CodeUnusable(Exception):
    """The code is wrong, used, replaced or expired."""


@dataclass(frozen=True)
class KnownAddress:
    """An address that a code may go to, and the doubts that the code lifts."""

    email: str
    lifts: frozenset[DoubtSignal]


def address_that_lifts(account: Account, doubts: Iterable[DoubtSignal]) -> KnownAddress | None:
    """Return the address at which a code lifts all of these doubts, or None where none would be enough."""
    return next((known for known in known_addresses(account) if known.lifts.issuperset(doubts)), None)


def known_addresses(account: Account) -> list[KnownAddress]:
    """Return the addresses that a code may go to: the one of the sign-in first, where it was confirmed long ago."""
    found = []
    if account.email_confirmed_at and account.email_confirmed_at < _recent_since():
        found.append(KnownAddress(account.email, LIFTED_AT_SIGN_IN_ADDRESS))
    earlier = _address_before_change(account) or _address_before_account(account)
    if earlier:
        found.append(KnownAddress(earlier, LIFTED_AT_EARLIER_ADDRESS))
    return found


def _recent_since() -> datetime:
    """Return the instant since which an address counts as recent; the doubt about it counts the same days."""
    return clock.start_of(clock.today() - timedelta(days=RECENT_ADDRESS_DAYS - 1))


def _address_before_change(account: Account) -> str | None:
    """Return the address that the account had before its first change of the last 30 days, or None without a change.

    A thief may change the address twice, so that the last one before is theirs too.
    """
    is_changed = account.email_changed_at is not None and account.email_changed_at >= _recent_since()
    if not is_changed or account.created_at >= _recent_since():
        return None
    is_former = (AccountToken.account_id == account.id, AccountToken.purpose == Purpose.DENY_CHANGE)
    statement = select(AccountToken.email).where(*is_former, AccountToken.created_at >= _recent_since())
    return db.session.execute(statement.order_by(AccountToken.id).limit(1)).scalar_one_or_none()


def _address_before_account(account: Account) -> str | None:
    """Return the address of the customer file, else of a record, that the company held before the account existed."""
    customer = account.customer
    if customer is None:
        return None
    if customer.email and _is_held_since_before(customer, account):
        return customer.email
    statement = (
        select(Record)
        .where(
            Record.customer_id == customer.id,
            Record.kind == EMAIL_KIND,
            Record.received_at < account.created_at,
            Record.corrected_at.is_(None),
        )
        .order_by(Record.recorded_at.desc(), Record.id.desc())
    )
    for row in db.session.execute(statement.limit(20)).scalars():
        address = str(row.values.get("address", ""))
        try:
            normalise_address(address)
        except AddressRefused:
            continue
        return address
    return None


def send_code(account: Account, customer: Customer, address: str) -> AccountToken:
    """Add a code and its mail to the current transaction, and return the code's row. An earlier code stops working."""
    instant = clock.now()
    _end_codes(account.id)
    token = AccountToken(
        account_id=account.id, purpose=PURPOSE, email=address, created_at=instant, expires_at=instant + LIFE
    )
    db.session.add(token)
    db.session.flush()
    queue_mail(
        "rights/identity_code", address, account.language, customer_id=customer.id,
        first_name=account.given_name, token_purpose=PURPOSE, token_id=token.public_id,
        minutes=int(LIFE.total_seconds() // 60),
    )  # fmt: skip
    record(SENT, actor=f"customer:{customer.public_id}", subject=f"customer:{customer.public_id}")
    return token


def open_code(account_id: int) -> AccountToken | None:
    """Return the code that was sent and can still be typed in, or None."""
    statement = select(AccountToken).where(
        AccountToken.account_id == account_id,
        AccountToken.purpose == PURPOSE,
        AccountToken.ended_at.is_(None),
        AccountToken.expires_at > clock.now(),
    )
    return db.session.execute(statement.order_by(AccountToken.id.desc()).limit(1)).scalar_one_or_none()


def use_code(account: Account, customer: Customer, typed: str, address: str) -> None:
    """Use a code up in the current transaction. Of two uses at once only one succeeds. Count the try before.

    Args:
        address: the one that the code must have gone to.

    Raises:
        CodeUnusable: the code is wrong, used, replaced or expired, or went to another address.
    """
    token = open_code(account.id)
    if token is None or token.email != address:
        raise CodeUnusable
    if not hmac.compare_digest(typed.encode(), code_of(token.public_id).encode()):
        raise CodeUnusable
    if not use_up(AccountToken, token.id):
        raise CodeUnusable
    record(USED, actor=f"customer:{customer.public_id}", subject=f"customer:{customer.public_id}")


def code_of(public_id: str) -> str:
    """Return the six digits of a code's row. The template of the mail derives them from the same signed text."""
    return one_time_tokens.code_of(write_token(installed.settings().secret_key, PURPOSE, public_id))


def _is_held_since_before(customer: Customer, account: Account) -> bool:
    """Whether the customer file has its address from an import before the account, and not from the account."""
    if customer.imported_at is None or customer.imported_at >= account.created_at:
        return False
    return customer.email_normalised != account.email_normalised or account.email_changed_at is None


def _end_codes(account_id: int) -> None:
    is_open = (AccountToken.account_id == account_id, AccountToken.purpose == PURPOSE)
    statement = update(AccountToken).where(*is_open, AccountToken.ended_at.is_(None))
    db.session.execute(statement.values(ended_at=clock.now()))
