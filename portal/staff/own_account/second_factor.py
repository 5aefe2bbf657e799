"""The second factor of staff: a code of an app, a passkey, or one of eight recovery codes. The last one cannot go.

A member whose factors change is told by mail, and their other sessions end (ASVS 6.3.7, 7.4.3).
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.access import passkeys, recovery_codes
from portal.access.factor_changes import FactorChange
from portal.access.one_time_codes import confirm_app, keep_totp_secret
from portal.access.passkeys import NewPasskey
from portal.access.recovery_codes import NewRecoveryCodes
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.infrastructure.database import db
from portal.infrastructure.mail.outbox import queue_mail
from portal.staff.entry.sessions import renew_session, stop_all_sessions
from portal.staff.members.after_restore import note_way_gone
from portal.staff.models import RecoveryCode, StaffMember, StaffPasskey, StaffSession, StaffToken

CHANGED = declare("staff:second_factor:changed", "change", "sessions")
TO_ADD, TO_ENTER = "passkey_to_add", "passkey_to_enter"


class LastFactor(Exception):
    """The last app or passkey may not be removed: a password alone would then open the account."""


@dataclass(frozen=True)
class Factors:
    """The second factors that a member has."""

    has_app: bool
    passkeys: list[StaffPasskey]
    codes_left: int


def factors_of(member: StaffMember) -> Factors:
    """Return a member's second factors."""
    return Factors(member.sealed_totp_secret is not None, passkeys_of(member.id), unused_recovery_codes(member.id))


def passkeys_of(staff_id: int) -> list[StaffPasskey]:
    """Return a member's passkeys, in the order in which they were made."""
    return passkeys.passkeys_of(StaffPasskey, staff_id=staff_id)


def issue_challenge(staff_id: int, purpose: str) -> StaffToken:
    """Add the challenge of a ceremony, `TO_ADD` or `TO_ENTER`, to the current transaction."""
    token: StaffToken = passkeys.issue_challenge(StaffToken, purpose, staff_id=staff_id)
    return token


def use_challenge(staff_id: int, purpose: str, public_id: str | None) -> bytes:
    """Use a challenge up in the current transaction. Raises `PasskeyRefused`."""
    return passkeys.use_challenge(StaffToken, purpose, public_id, staff_id=staff_id)


def use_passkey(staff_id: int, answer: str, challenge: bytes) -> StaffPasskey:
    """Check a member's passkey in the current transaction. Raises `PasskeyRefused`."""
    used: StaffPasskey = passkeys.use_passkey(StaffPasskey, answer, challenge, staff_id=staff_id)
    return used


def keep_passkey(staff_id: int, made: NewPasskey, name: str) -> None:
    """Keep a member's new passkey in the current transaction. Raises `PasskeyRefused`."""
    passkeys.add_passkey(StaffPasskey, made, name, staff_id=staff_id)


def keep_recovery_codes(member: StaffMember, made: NewRecoveryCodes | None) -> None:
    """Replace a member's recovery codes in the current transaction; None takes them away."""
    recovery_codes.replace_codes(RecoveryCode, made, staff_id=member.id)


def find_recovery_code(staff_id: int, typed: str) -> int | None:
    """Return the id of the unused recovery code that was typed. Slow: call it before a transaction."""
    return recovery_codes.find_code(RecoveryCode, typed, staff_id=staff_id)


def burn_recovery_code(staff_id: int, code_id: int) -> bool:
    """Use a recovery code up in the current transaction; False when it was used meanwhile."""
    return recovery_codes.burn_code(RecoveryCode, code_id, staff_id=staff_id)


def unused_recovery_codes(staff_id: int) -> int:
    """Return how many recovery codes a member has left."""
    return recovery_codes.unused_codes(RecoveryCode, staff_id=staff_id)


def add_passkey(session: StaffSession, made: NewPasskey, name: str) -> None:
    """Add a passkey to the account of a session's member, in the current transaction. Raises `PasskeyRefused`."""
    member = _held(session)
    keep_passkey(member.id, made, name)
    _changed(session, member, FactorChange.PASSKEY_ADDED)


def remove_passkey(session: StaffSession, public_id: str) -> bool:
    """Remove one of the passkeys of a session's member, in the current transaction; False when there is none such.

    Raises:
        LastFactor: there is neither an app nor another passkey.
    """
    member = _held(session)
    held = passkeys_of(member.id)
    gone = next((passkey for passkey in held if passkey.public_id == public_id), None)
    if gone is None:
        return False
    if len(held) == 1 and member.sealed_totp_secret is None:
        raise LastFactor
    db.session.delete(gone)
    note_way_gone(member, "passkey", gone.public_id)
    _changed(session, member, FactorChange.PASSKEY_REMOVED)
    return True


def set_up_app(session: StaffSession, secret: str, code: str) -> bool:
    """Give the member of a session an app, which replaces an older one, in the current transaction.

    Returns:
        False when the code is not the app's.
    """
    member = _held(session)
    if not confirm_app(member, secret, code):
        return False
    _changed(session, member, FactorChange.APP_ADDED)
    return True


def remove_app(session: StaffSession) -> None:
    """Take the app of a session's member away, in the current transaction.

    Raises:
        LastFactor: there is no passkey.
    """
    member = _held(session)
    if not passkeys_of(member.id):
        raise LastFactor
    if member.sealed_totp_secret is None:
        return
    keep_totp_secret(member, None)
    note_way_gone(member, "app")
    _changed(session, member, FactorChange.APP_REMOVED)


def renew_recovery_codes(session: StaffSession, made: NewRecoveryCodes) -> None:
    """Replace the recovery codes of a session's member, in the current transaction."""
    member = _held(session)
    keep_recovery_codes(member, made)
    note_way_gone(member, "codes")
    _changed(session, member, FactorChange.CODES_RENEWED)


def tell_of_change(member: StaffMember, change: FactorChange) -> None:
    """Queue the mail that tells a member of a change to their second factors."""
    queue_mail(
        "staff/second_factor_changed", member.email, member.language,
        first_name=member.first_name, change=change, at=clock.now().isoformat(),
    )  # fmt: skip


def _held(session: StaffSession) -> StaffMember:
    # Locked, so that two removals at once cannot take the last two factors away together.
    statement = select(StaffMember).where(StaffMember.id == session.staff_id).with_for_update(key_share=True)
    return db.session.execute(statement.execution_options(populate_existing=True)).scalar_one()


def _changed(session: StaffSession, member: StaffMember, change: FactorChange) -> None:
    facts: dict[str, Any] = {"change": change, "sessions": stop_all_sessions(member.id, but=session.id)}
    subject = f"staff:{member.public_id}"
    record(CHANGED, actor=subject, subject=subject, **facts)
    renew_session(session)
    tell_of_change(member, change)
