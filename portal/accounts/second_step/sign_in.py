"""The second step at sign-in: the password or Facebook opens five minutes for it, and only both open a session."""

from datetime import timedelta

from sqlalchemy import delete, select, update

from portal import clock
from portal.access import recovery_codes
from portal.access.one_time_codes import burn_totp_code
from portal.access.passkeys import PasskeyRefused
from portal.accounts.emails import queue_recovery_code_used
from portal.accounts.models import Account, AccountRecoveryCode, AccountToken
from portal.accounts.second_step.factors import TO_ENTER, use_challenge, use_passkey
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import CustomerStatus
from portal.infrastructure.database import db
from portal.infrastructure.one_time_tokens import use_up

STEP_WITHIN = timedelta(minutes=5)
DENIED = declare("customer:second_step:denied", "reason")
RECOVERY_USED = declare("customer:recovery_code:used", "left")

# What opened the wait stands in the purpose, so that no browser can say that it was something else.
_PURPOSE = "second_step_"


class SignInOver(Exception):
    """The five minutes for the second step have passed, or the sign-in was used or taken away."""


def await_second_step(account: Account, method: str) -> AccountToken:
    """Add the wait for a second step to the current transaction.

    Args:
        method: what was proven first, `password` or `facebook`.
    """
    instant, purpose = clock.now(), _PURPOSE + method
    over = delete(AccountToken).filter_by(account_id=account.id, purpose=purpose)
    db.session.execute(over.where(AccountToken.expires_at < instant))
    token = AccountToken(account_id=account.id, purpose=purpose, created_at=instant, expires_at=instant + STEP_WITHIN)
    db.session.add(token)
    db.session.flush()
    return token


def find_waiting(public_id: str | None) -> AccountToken | None:
    """Return the sign-in that waits for its second step, or None when it expired, was used, or was taken away."""
    statement = select(AccountToken).where(
        AccountToken.public_id == (public_id or ""), AccountToken.purpose.startswith(_PURPOSE, autoescape=True)
    )
    token = db.session.execute(statement).scalar_one_or_none()
    if token is None or not token.is_usable:
        return None
    customer = token.account.customer
    return token if customer and customer.status is not CustomerStatus.ERASED else None


def end_waiting(account_id: int) -> None:
    """End every sign-in of an account that waits for its second step, in the current transaction."""
    waiting = update(AccountToken).filter_by(account_id=account_id, ended_at=None)
    waiting = waiting.where(AccountToken.purpose.startswith(_PURPOSE, autoescape=True))
    db.session.execute(waiting.values(ended_at=clock.now()))


def find_recovery_code(account_id: int, typed: str) -> int | None:
    """Return the id of the unused recovery code that was typed. Slow: call it before a transaction."""
    return recovery_codes.find_code(AccountRecoveryCode, typed, account_id=account_id)


def pass_by_code(public_id: str, code: str, recovery_code_id: int | None) -> tuple[Account, str] | None:
    """Use a code and the waiting sign-in up, in the current transaction.

    Args:
        public_id: the waiting sign-in.
        code: what was typed.
        recovery_code_id: the recovery code that it was found to be, if any.

    Returns:
        The account with how its owner proved themselves, or None for a wrong or used code.

    Raises:
        SignInOver: there is no such sign-in any more.
    """
    token = _waiting(public_id)
    account = token.account
    if burn_totp_code(account, code):
        step = "totp"
    elif recovery_code_id is not None and recovery_codes.burn_code(
        AccountRecoveryCode, recovery_code_id, account_id=account.id
    ):
        step = "recovery"
        left = recovery_codes.unused_codes(AccountRecoveryCode, account_id=account.id)
        record(RECOVERY_USED, actor=account.subject, subject=account.subject, left=left)
        queue_recovery_code_used(account, left)
    else:
        record(DENIED, actor="portal", subject=account.subject, reason="code")
        return None
    return account, _end(token, step)


def pass_by_passkey(public_id: str, challenge_id: str | None, answer: str) -> tuple[Account, str] | None:
    """Check a passkey's answer and use the waiting sign-in up, in the current transaction.

    Returns:
        The account with how its owner proved themselves, or None for an answer that proves nothing.

    Raises:
        SignInOver: there is no such sign-in any more.
    """
    token = _waiting(public_id)
    account = token.account
    try:
        use_passkey(account.id, answer, use_challenge(account.id, TO_ENTER, challenge_id))
    except PasskeyRefused:
        record(DENIED, actor="portal", subject=account.subject, reason="passkey")
        return None
    return account, _end(token, "passkey")


def _waiting(public_id: str) -> AccountToken:
    token = find_waiting(public_id)
    if token is None:
        raise SignInOver
    db.session.execute(select(Account.id).where(Account.id == token.account_id).with_for_update())
    return token


def _end(token: AccountToken, step: str) -> str:
    if not use_up(AccountToken, token.id):
        raise SignInOver
    return f"{token.purpose.removeprefix(_PURPOSE)}+{step}"
