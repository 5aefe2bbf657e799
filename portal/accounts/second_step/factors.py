"""A customer's second step, if they want one: a code of an app or a passkey after the password, or after Facebook.

It is asked for on every way in, so that neither a reset password nor a Facebook account alone is enough. After a change
the customer gets a mail, and their other sessions end (ASVS 6.3.7, 6.4.3, 7.4.3).
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from portal import clock
from portal.access import passkeys, recovery_codes
from portal.access.factor_changes import FactorChange
from portal.access.one_time_codes import confirm_app, keep_totp_secret
from portal.access.passkeys import NewPasskey
from portal.access.recovery_codes import NewRecoveryCodes
from portal.accounts.emails import queue_second_step_changed
from portal.accounts.models import Account, AccountPasskey, AccountRecoveryCode, AccountSession, AccountToken
from portal.accounts.sessions.account_sessions import end_sessions, renew_session
from portal.accounts.sessions.after_restore import Way, note_way_gone
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.infrastructure.database import db

CHANGED = declare("customer:second_step:changed", "change", "sessions_ended")
TO_ADD, TO_ENTER = "passkey_to_add", "passkey_to_enter"


@dataclass(frozen=True)
class SecondStep:
    """What a customer may use as the second step."""

    has_app: bool
    passkeys: list[AccountPasskey]
    codes_left: int

    @property
    def is_on(self) -> bool:
        """Whether a second step is asked for at all."""
        return self.has_app or bool(self.passkeys)


def second_step_of(account: Account) -> SecondStep:
    """Return what the owner of an account may use as the second step."""
    held = passkeys_of(account.id)
    codes = recovery_codes.unused_codes(AccountRecoveryCode, account_id=account.id)
    return SecondStep(account.sealed_totp_secret is not None, held, codes)


def has_second_step(account: Account) -> bool:
    """Tell whether an account asks for a second step after the password or Facebook."""
    has_app = account.sealed_totp_secret is not None
    return has_app or passkeys.count_passkeys(AccountPasskey, account_id=account.id) > 0


def passkeys_of(account_id: int) -> list[AccountPasskey]:
    """Return an account's passkeys, in the order in which they were made."""
    return passkeys.passkeys_of(AccountPasskey, account_id=account_id)


def issue_challenge(account_id: int, purpose: str) -> AccountToken:
    """Add the challenge of a ceremony, `TO_ADD` or `TO_ENTER`, to the current transaction."""
    token: AccountToken = passkeys.issue_challenge(AccountToken, purpose, account_id=account_id)
    return token


def use_challenge(account_id: int, purpose: str, public_id: str | None) -> bytes:
    """Use a challenge up in the current transaction. Raises `PasskeyRefused`."""
    return passkeys.use_challenge(AccountToken, purpose, public_id, account_id=account_id)


def use_passkey(account_id: int, answer: str, challenge: bytes) -> AccountPasskey:
    """Check an account's passkey in the current transaction. Raises `PasskeyRefused`."""
    used: AccountPasskey = passkeys.use_passkey(AccountPasskey, answer, challenge, account_id=account_id)
    return used


def add_passkey(session: AccountSession, made: NewPasskey, name: str, codes: NewRecoveryCodes | None) -> None:
    """Add a passkey to the second step of a session's account, in the current transaction.

    Args:
        codes: fresh recovery codes to store, when the account has none left; the caller shows them next.

    Raises:
        PasskeyRefused: the passkey is stored already, or the account has ten of them.
        SessionOver: the session was ended meanwhile.
    """
    account = _held(session)
    passkeys.add_passkey(AccountPasskey, made, name, account_id=account.id)
    _keep_codes(account, codes)
    _changed(session, account, FactorChange.PASSKEY_ADDED)


def set_up_app(session: AccountSession, secret: str, code: str, codes: NewRecoveryCodes | None) -> bool:
    """Add an app to the second step of a session's account, in the current transaction. It replaces an older app.

    Args:
        secret: of the app, in base32.
        code: what the app shows for it.
        codes: fresh recovery codes to store, when the account has none left; the caller shows them next.

    Returns:
        False when the code does not fit the secret.

    Raises:
        SessionOver: the session was ended meanwhile.
    """
    account = _held(session)
    if not confirm_app(account, secret, code):
        return False
    account.app_added_at = clock.now()
    _keep_codes(account, codes)
    _changed(session, account, FactorChange.APP_ADDED)
    return True


def remove_passkey(session: AccountSession, public_id: str) -> bool:
    """Remove a passkey of a session's account in the current transaction; return False when it has no such passkey."""
    account = _held(session)
    gone = next((passkey for passkey in passkeys_of(account.id) if passkey.public_id == public_id), None)
    if gone is None:
        return False
    db.session.delete(gone)
    note_way_gone(account, Way.PASSKEY, gone.public_id)
    _changed(session, account, FactorChange.PASSKEY_REMOVED)
    return True


def remove_app(session: AccountSession) -> None:
    """Remove the app of a session's account, if it has one, in the current transaction."""
    account = _held(session)
    if account.sealed_totp_secret is not None:
        _drop_app(account)
        note_way_gone(account, Way.APP)
        _changed(session, account, FactorChange.APP_REMOVED)


def renew_recovery_codes(session: AccountSession, codes: NewRecoveryCodes) -> bool:
    """Replace the recovery codes of a session's account in the current transaction; False without a second step."""
    account = _held(session)
    if not has_second_step(account):
        return False
    _keep_codes(account, codes)
    note_way_gone(account, Way.CODES)
    _changed(session, account, FactorChange.CODES_RENEWED)
    return True


def lift_second_step(account: Account) -> int:
    """Remove an account's whole second step, in the current transaction, for a customer who lost it.

    The operator has made sure who asks. In case they were deceived, copies of the data wait for 72 hours, and a mail
    tells the owner.

    Returns:
        How many sessions ended.
    """
    db.session.execute(select(Account.id).where(Account.id == account.id).with_for_update(key_share=True))
    _drop_app(account)
    db.session.execute(delete(AccountPasskey).where(AccountPasskey.account_id == account.id))
    recovery_codes.replace_codes(AccountRecoveryCode, None, account_id=account.id)
    account.second_step_lifted_at = clock.now()
    ended = end_sessions(account.id)
    record(CHANGED, actor="command", subject=account.subject, change=FactorChange.LIFTED, sessions_ended=ended)
    note_way_gone(account, Way.SECOND_STEP)
    queue_second_step_changed(account, FactorChange.LIFTED)
    return ended


def undo_second_step(account: Account, since: datetime) -> None:
    """Remove what was added to an account's second step since an instant, in the current transaction; mail the owner.

    A thief may have added it to lock the owner out. What is older stays, because somebody who only reads the owner's
    mailbox must not get rid of it.
    """
    is_late = account.app_added_at is not None and account.app_added_at >= since
    if is_late:
        _drop_app(account)
        note_way_gone(account, Way.APP)
    for passkey in passkeys_of(account.id):
        if passkey.created_at >= since:
            note_way_gone(account, Way.PASSKEY, passkey.public_id)
    for model in (AccountPasskey, AccountRecoveryCode):
        late = delete(model).where(model.account_id == account.id, model.created_at >= since)
        is_late = bool(db.session.execute(late.returning(model.id)).all()) or is_late
    if not is_late:
        return
    _drop_idle_codes(account)
    record(CHANGED, actor=account.subject, subject=account.subject, change=FactorChange.UNDONE, sessions_ended=0)
    queue_second_step_changed(account, FactorChange.UNDONE)


def _held(session: AccountSession) -> Account:
    statement = select(Account).where(Account.id == session.account_id).with_for_update(key_share=True)
    return db.session.execute(statement.execution_options(populate_existing=True)).scalar_one()


def _keep_codes(account: Account, codes: NewRecoveryCodes | None) -> None:
    if codes:
        recovery_codes.replace_codes(AccountRecoveryCode, codes, account_id=account.id)


def _drop_app(account: Account) -> None:
    keep_totp_secret(account, None)
    account.app_added_at = None


def _drop_idle_codes(account: Account) -> None:
    """Delete recovery codes when the account has neither app nor passkey left: they are no second step alone."""
    if not has_second_step(account):
        recovery_codes.replace_codes(AccountRecoveryCode, None, account_id=account.id)


def _changed(session: AccountSession, account: Account, change: FactorChange) -> None:
    db.session.flush()
    _drop_idle_codes(account)
    ended = end_sessions(account.id, except_id=session.id)
    record(CHANGED, actor=account.subject, subject=account.subject, change=change, sessions_ended=ended)
    renew_session(session)
    queue_second_step_changed(account, change)
