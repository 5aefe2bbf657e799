"""Come in through Facebook. Its number for the person opens an account, never the address that it gives for them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from portal.accounts.emails import queue_facebook_address_used
from portal.accounts.entry.registration import ask_for_another_link, confirmed_account, register
from portal.accounts.entry.sign_in import enter
from portal.accounts.facebook.linked_identities import FACEBOOK, link
from portal.accounts.facebook.provider import Profile
from portal.accounts.models import Account, LinkedIdentity
from portal.accounts.second_step.factors import has_second_step
from portal.accounts.second_step.sign_in import await_second_step
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.addresses import normalise_address
from portal.customers.models import CustomerStatus
from portal.infrastructure.database import db
from portal.personal_data.erasure.models import Tombstone
from portal.personal_data.erasure.tombstones import ADDRESS, is_buried, release
from portal.personal_data.erasure.tombstones import FACEBOOK as FACEBOOK_NUMBER

ADDRESS_MET = declare("customer:facebook:address_met")


class Outcome(StrEnum):
    """What became of an attempt; each has its page."""

    SECOND_STEP = "second_step"
    """The account asks for its second step first."""
    ENTERED = "entered"
    """The person is signed in."""
    UNCONFIRMED = "unconfirmed"
    """An account waits for its address to be confirmed by our own mail."""
    NO_ADDRESS = "no_address"
    """Facebook gives no address to write to."""
    ADDRESS_USED = "address_used"
    """An account has this address: its owner signs in to it first, and links Facebook from there."""
    CLOSED = "closed"
    """The customer was erased."""
    ERASED = "erased"
    """Somebody with this number or address was erased here: nothing is made before they say that they want it."""
    CANCELLED = "cancelled"
    """The person said no at Facebook."""
    REFUSED = "refused"
    """Facebook said no."""
    OVER = "over"
    """The attempt was not begun in this browser, is too old, or was used."""
    DOWN = "down"
    """Facebook does not answer in time."""
    MISCONFIGURED = "misconfigured"
    """Facebook does not know our application."""
    TAKEN = "taken"
    """This identity, or this account, is linked with another one."""
    SOMEBODY_ELSE = "somebody_else"
    """The person who answered at Facebook is not the one whose identity opens this account."""


@dataclass(frozen=True)
class Arrival:
    """An outcome, with what it is about.

    Attributes:
        awaited: public id of what waits: an account for its confirmation, a sign-in for its second step.
        account: the account that the person is signed in to.
        erased_at: when they were erased here.
    """

    outcome: Outcome
    awaited: str = ""
    account: Account | None = None
    erased_at: datetime | None = None


def needs_mail(profile: Profile) -> bool:
    """Tell whether somebody would be written to: they have an address, and open no account that is proven already."""
    opened = (
        select(Account.id)
        .join(LinkedIdentity, LinkedIdentity.account_id == Account.id)
        .where(LinkedIdentity.provider == FACEBOOK, LinkedIdentity.scoped_id == profile.scoped_id)
        .where(LinkedIdentity.unlinked_at.is_(None), Account.customer_id.is_not(None))
    )
    return profile.email is not None and db.session.execute(opened).first() is None


def arrive(
    profile: Profile,
    *,
    device_token: str,
    device_label: str,
    language: str,
    may_mail: bool,
    opens_anew: bool = False,
) -> Arrival:
    """Let somebody in whom Facebook vouches for, or make them an account, in the current transaction.

    Args:
        may_mail: False once their address got enough mails this hour.
        opens_anew: whether they were told that they had been erased here, and want a new account all the same.
    """
    account = _account_opened_by(profile.scoped_id)
    if account is None:
        buried = None if opens_anew else _buried(profile)
        if buried:
            return Arrival(Outcome.ERASED, erased_at=buried.made_at)
        if opens_anew:
            release(FACEBOOK_NUMBER, profile.scoped_id)
        return _first_visit(profile, language, may_mail=may_mail)
    if account.customer is None:
        ask_for_another_link(account.id, may_mail=may_mail)
        return Arrival(Outcome.UNCONFIRMED, account.public_id)
    if account.customer.status is CustomerStatus.ERASED:
        return Arrival(Outcome.CLOSED)
    if has_second_step(account):
        return Arrival(Outcome.SECOND_STEP, await_second_step(account, FACEBOOK).public_id)
    tell = account.last_sign_in_at is not None
    enter(account, device_token=device_token, device_label=device_label, tell=tell, method=FACEBOOK)
    return Arrival(Outcome.ENTERED, account=account)


def _buried(profile: Profile) -> Tombstone | None:
    """Return the tombstone of what Facebook gives for somebody: its number, else the address."""
    by_address = is_buried(ADDRESS, profile.email) if profile.email else None
    return is_buried(FACEBOOK_NUMBER, profile.scoped_id) or by_address


def _account_opened_by(scoped_id: str) -> Account | None:
    opened = select(LinkedIdentity.account_id).where(
        LinkedIdentity.provider == FACEBOOK,
        LinkedIdentity.scoped_id == scoped_id,
        LinkedIdentity.unlinked_at.is_(None),
    )
    account_id = db.session.execute(opened).scalar_one_or_none()
    held = select(Account).where(Account.id == account_id).with_for_update(key_share=True)
    account = db.session.execute(held).scalar_one_or_none()
    # Asked again under the lock: while we waited for it, the link may have been undone and every session ended.
    return account if db.session.execute(opened).scalar_one_or_none() == account_id else None


def _first_visit(profile: Profile, language: str, *, may_mail: bool) -> Arrival:
    if profile.email is None:
        return Arrival(Outcome.NO_ADDRESS)
    address = normalise_address(profile.email)
    owner = confirmed_account(address)
    if owner:
        # Only somebody for whom Facebook gives this address learns of the account, and its owner is told:
        # docs/adr/0006.
        record(ADDRESS_MET, actor="portal", subject=owner.subject)
        if may_mail:
            queue_facebook_address_used(owner)
        return Arrival(Outcome.ADDRESS_USED)
    account = register(
        given_name=profile.given_name,
        family_name=profile.family_name,
        email=profile.email,
        email_normalised=address,
        password_hash=None,
        language=language,
        may_mail=may_mail,
    )
    link(account, profile.scoped_id, brought_names=True)
    return Arrival(Outcome.UNCONFIRMED, account.public_id)
