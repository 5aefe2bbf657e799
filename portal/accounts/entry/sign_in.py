"""Sign in and out. Whoever lacks the password learns nothing: not even whether the address has an account."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from portal import clock
from portal.accounts.emails import queue_new_device
from portal.accounts.entry.registration import confirmed_account, newest_registration, subject_of
from portal.accounts.models import Account, AccountSession, AccountToken
from portal.accounts.second_step.factors import has_second_step
from portal.accounts.second_step.sign_in import await_second_step
from portal.accounts.sessions.account_sessions import start_session, stop_session
from portal.accounts.sessions.devices import remember_device
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.contact import note_contact
from portal.customers.models import CustomerStatus
from portal.infrastructure.database import db
from portal.infrastructure.passwords.hashing import hash_password, is_outdated, is_password, which_fits
from portal.infrastructure.passwords.rules import is_too_long

OPENED = declare("customer:session:opened", "method", "is_new_device")
DENIED = declare("customer:session:denied", "reason")
CLOSED = declare("customer:session:closed")


class Verdict(StrEnum):
    """The result of checking an address with a password."""

    RIGHT = "right"
    """The password of a confirmed account."""
    UNCONFIRMED = "unconfirmed"
    """The password of a registration whose address is not proven yet."""
    WRONG = "wrong"
    """Anything else; people are told no more than this."""


@dataclass(frozen=True)
class Check:
    """A password check made before anything is written.

    Attributes:
        account_id: of the account or registration that the address names, None when there is none.
        public_id: of that registration, when the verdict is `UNCONFIRMED`.
        seen_hash: the hash that the password fitted; the transaction acts only if it is still the account's.
        better_hash: a stronger hash to store instead, when today's parameters are higher.
    """

    verdict: Verdict
    account_id: int | None = None
    public_id: str = ""
    seen_hash: str | None = None
    better_hash: str | None = None


def check_password(email_normalised: str, password: str) -> Check:
    """Compare a password with the account of an address and with its newest registration.

    A wrong password costs two hashes, whether or not there is an account or a registration. Otherwise a stranger could
    register an address and learn, from the time that the sign-in page takes, whether it had an account before.
    """
    if is_too_long(password):
        return Check(Verdict.WRONG)
    account, registration = confirmed_account(email_normalised), newest_registration(email_normalised)
    fits = which_fits([found.password_hash if found else None for found in (account, registration)], password)
    if fits == 0 and account and account.password_hash:
        better = hash_password(password) if is_outdated(account.password_hash) else None
        return Check(Verdict.RIGHT, account.id, seen_hash=account.password_hash, better_hash=better)
    if fits == 1 and registration:
        return Check(Verdict.UNCONFIRMED, registration.id, registration.public_id)
    return Check(Verdict.WRONG, account.id if account else None)


def is_password_of(account: Account, password: str) -> bool:
    """Tell whether a password is that of an account. One longer than any allowed is refused without hashing it."""
    return not is_too_long(password) and is_password(account.password_hash, password)


class SecondStepDue(Exception):
    """The account asks for a second step, and none was taken. The caller forgot to ask for it."""


def sign_in(check: Check, *, device_token: str, device_label: str) -> AccountSession | AccountToken | None:
    """Open a session for a right password, or begin the wait for a second step, in the current transaction.

    Args:
        device_token: the browser's device cookie, which the caller sets again in the response.
        device_label: browser and system in a few words, for people.

    Returns:
        The session; or the token of a sign-in that waits for its second step; or None when the password was changed,
        or the customer erased, meanwhile.
    """
    statement = select(Account).where(Account.id == check.account_id).with_for_update(key_share=True)
    account = db.session.execute(statement).scalar_one_or_none()
    if account is None or account.password_hash != check.seen_hash or _is_gone(account):
        return None
    if check.better_hash:
        account.password_hash = check.better_hash
    if has_second_step(account):
        return await_second_step(account, "password")
    return enter(
        account,
        device_token=device_token,
        device_label=device_label,
        tell=account.last_sign_in_at is not None,
    )


def enter(
    account: Account,
    *,
    device_token: str,
    device_label: str,
    tell: bool,
    method: str = "password",
    proven_at: datetime | None = None,
) -> AccountSession:
    """Open a session in the current transaction for somebody who just proved themselves.

    Args:
        tell: whether the customer gets a mail when the browser is new to the account.
        method: how they proved themselves, such as `password`, `facebook` or `password+totp`.
        proven_at: when they proved themselves, if not now.

    Raises:
        SecondStepDue: `method` names no second step, and the account has one.
    """
    if "+" not in method and has_second_step(account):
        raise SecondStepDue
    device, is_new = remember_device(account, device_token, device_label)
    account.last_sign_in_at, account.unused_ends_on = clock.now(), None
    if account.customer:
        note_contact(account.customer)
    session = start_session(account, device, method)
    if proven_at:
        session.reauthenticated_at = proven_at
    record(OPENED, actor=account.subject, subject=account.subject, method=method, is_new_device=is_new)
    if is_new and tell:
        queue_new_device(account, device_label)
    return session


def note_denied(check: Check) -> None:
    """Record a wrong password in the current transaction: one event, whether or not there is an account."""
    record(DENIED, actor="portal", subject=subject_of(check.account_id), reason=check.verdict)


def sign_out(session: AccountSession) -> None:
    """End a session in the current transaction."""
    stop_session(session)
    record(CLOSED, actor=session.account.subject, subject=session.account.subject)


def _is_gone(account: Account) -> bool:
    return account.customer is None or account.customer.status is CustomerStatus.ERASED
