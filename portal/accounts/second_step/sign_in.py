"""The second step at sign-in.

The password or Facebook begins a wait of five minutes, kept as a row. Only a second step within it opens a session.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update

from portal import clock
from portal.access import recovery_codes
from portal.access.one_time_codes import burn_totp_code
from portal.access.passkeys import PasskeyRefused
from portal.accounts.emails import queue_recovery_code_used
from portal.accounts.models import Account, AccountPasskey, AccountRecoveryCode, AccountToken
from portal.accounts.second_step.factors import TO_ENTER, use_challenge, use_passkey
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import CustomerStatus
from portal.infrastructure.database import db
from portal.infrastructure.one_time_tokens import use_up

STEP_WITHIN = timedelta(minutes=5)
DENIED = declare("customer:second_step:denied", "reason")
RECOVERY_USED = declare("customer:recovery_code:used", "left")

# The row's purpose ends with what was proven first, so that no browser can claim that it was something else.
_PURPOSE = "second_step_"


class SignInOver(Exception):
    """The five minutes for the second step have passed, or the waiting sign-in was used or ended."""


def await_second_step(account: Account, method: str) -> AccountToken:
    """Add a sign-in that waits for its second step to the current transaction, and return its row.

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
    """Return the sign-in that waits for its second step, or None when it expired, was used or was ended."""
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
    """Return the id of the unused recovery code that was typed, or None. Slow: call it before a transaction."""
    return recovery_codes.find_code(AccountRecoveryCode, typed, account_id=account_id)


def pass_by_code(public_id: str, code: str, recovery_code_id: int | None) -> tuple[Account, str] | None:
    """Check a code of the app, or a recovery code, and complete the waiting sign-in, in the current transaction.

    Args:
        public_id: of the waiting sign-in.
        code: what was typed.
        recovery_code_id: what `find_recovery_code` returned for it.

    Returns:
        The account with the method of its sign-in, such as `password+totp`; None for a wrong or used code.

    Raises:
        SignInOver: the sign-in does not wait any more.
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
    """Check a passkey's answer and complete the waiting sign-in, in the current transaction.

    Args:
        public_id: of the waiting sign-in.
        challenge_id: of the challenge that the browser was given.
        answer: what the browser answered, as JSON.

    Returns:
        The account with the method of its sign-in, such as `password+passkey`; None for an answer that is refused.

    Raises:
        SignInOver: the sign-in does not wait any more.
    """
    token = _waiting(public_id)
    account = token.account
    try:
        use_passkey(account.id, answer, use_challenge(account.id, TO_ENTER, challenge_id))
    except PasskeyRefused:
        record(DENIED, actor="portal", subject=account.subject, reason="passkey")
        return None
    return account, _end(token, "passkey")


def is_step_of_long(account: Account, method: str, since: datetime) -> bool:
    """Tell whether a sign-in passed a second step, and the account has had every such step since before an instant.

    Args:
        method: of the sign-in, such as `password+totp`.
    """
    match method.partition("+")[2]:
        case "totp":
            return account.app_added_at is not None and account.app_added_at < since
        case "passkey":
            return _are_all_older(AccountPasskey, account.id, since)
        case "recovery":
            return _are_all_older(AccountRecoveryCode, account.id, since)
        case _:
            return False


def _are_all_older(model: type[AccountPasskey | AccountRecoveryCode], account_id: int, since: datetime) -> bool:
    newest = select(func.max(model.created_at)).where(model.account_id == account_id)
    made_at = db.session.execute(newest).scalar_one()
    return made_at is not None and made_at < since


def _waiting(public_id: str) -> AccountToken:
    token = find_waiting(public_id)
    if token is None:
        raise SignInOver
    db.session.execute(select(Account.id).where(Account.id == token.account_id).with_for_update(key_share=True))
    return token


def _end(token: AccountToken, step: str) -> str:
    if not use_up(AccountToken, token.id):
        raise SignInOver
    return f"{token.purpose.removeprefix(_PURPOSE)}+{step}"
