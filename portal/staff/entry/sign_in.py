"""Staff sign-in: the right password gives five minutes for the second factor, and only both open a session.

A failure tells nothing about an address: an unknown, a disabled and a not yet activated one get the words of a wrong
password.
"""

from datetime import timedelta

from sqlalchemy import delete, select, update

from portal import clock
from portal.access.one_time_codes import burn_totp_code
from portal.access.passkeys import PasskeyRefused
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.addresses import AddressRefused, normalise_address
from portal.infrastructure.database import db
from portal.infrastructure.mail.outbox import queue_mail
from portal.infrastructure.one_time_tokens import use_up
from portal.infrastructure.passwords.hashing import hash_password, is_outdated, is_password
from portal.staff.entry.devices import add_device
from portal.staff.models import StaffDevice, StaffMember, StaffToken
from portal.staff.own_account.second_factor import (
    TO_ENTER,
    burn_recovery_code,
    unused_recovery_codes,
    use_challenge,
    use_passkey,
)
from portal.web.sessions import hash_token

PURPOSE = "second_factor"
BY_COMPANY = "company_second_factor"
PROVEN = "company_sign_on"
# How somebody proved themselves before the second factor, by the purpose of the token that waits for it.
FIRST_FACTORS = {PURPOSE: "password", BY_COMPANY: "company"}
CODE_WITHIN = timedelta(minutes=5)

OPENED = declare("staff:session:opened", "method", "is_new_browser")
ENDED = declare("staff:session:ended")
DENIED = declare("staff:session:denied", "reason")
RECOVERY_USED = declare("staff:recovery_code:used", "left")


class SignInOver(Exception):
    """The sign-in that waited for its next step has expired, was used or was taken away."""


def find_member(email: str) -> StaffMember | None:
    """Return the member with an address, however it is typed, or None."""
    try:
        normalised = normalise_address(email)
    except AddressRefused:
        return None
    statement = select(StaffMember).where(StaffMember.email_normalised == normalised)
    return db.session.execute(statement).scalar_one_or_none()


def sign_in_limits(email: str, device: StaffDevice | None, networks: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the limits on passwords tried; `networks` are those on the caller's networks.

    A browser that the member signed in from before has tries of its own, so that an attacker, elsewhere or in the
    same building, cannot lock its owner out.
    """
    if device:
        return [("10 per 5 minutes", f"staff-sign-in:device:{device.id}")]
    account = hash_token(_same_for_all_spellings(email))[:32]
    return [
        *networks,
        ("10 per 5 minutes", f"staff-sign-in:account:{account}"),
        ("300 per 5 minutes", "staff-sign-in:all"),
    ]


def _same_for_all_spellings(email: str) -> str:
    try:
        return normalise_address(email)
    except AddressRefused:
        return email.strip().lower()


def code_limits(staff_id: int, device: StaffDevice | None, networks: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the limits on codes tried: a six-digit code is only safe while few can be tried."""
    account = f"staff-code:account:{staff_id}:{device.id if device else 'new'}"
    of_account = [("5 per 5 minutes", account), ("60 per day", account)]
    return of_account if device else [*networks, *of_account]


def is_members_password(member: StaffMember | None, password: str) -> bool:
    """Tell whether the password is right. It takes as long for an unknown address, so that time tells nothing."""
    stored = member.password_hash if member and member.may_sign_in else None
    return is_password(stored, password)


def better_hash(member: StaffMember, password: str) -> str | None:
    """Return a new hash of the right password when the stored one was made with weaker parameters than today's."""
    return hash_password(password) if member.password_hash and is_outdated(member.password_hash) else None


def begin_second_factor(staff_id: int, seen_hash: str | None, stronger_hash: str | None = None) -> StaffToken | None:
    """Add what the code page needs to the current transaction, after the right password.

    Args:
        staff_id: whose password it was.
        seen_hash: the hash that the password was checked against.
        stronger_hash: what `better_hash` returned, to store in its place.

    Returns:
        The token that waits for the second factor. None when, since the check, the password was changed or the member
        was disabled.
    """
    held = select(StaffMember).where(StaffMember.id == staff_id).with_for_update(key_share=True)
    member = db.session.execute(held.execution_options(populate_existing=True)).scalar_one()
    if member.password_hash != seen_hash or not member.may_sign_in:
        return None
    instant = clock.now()
    expired = delete(StaffToken).where(
        StaffToken.staff_id == member.id, StaffToken.purpose == PURPOSE, StaffToken.expires_at < instant
    )
    db.session.execute(expired)
    if stronger_hash:
        member.password_hash = stronger_hash
    token = StaffToken(staff_id=member.id, purpose=PURPOSE, created_at=instant, expires_at=instant + CODE_WITHIN)
    db.session.add(token)
    db.session.flush()
    return token


def find_pending(public_id: str | None) -> StaffToken | None:
    """Return the sign-in that waits for its code, or None when it expired, was used, or was taken away."""
    statement = select(StaffToken).where(StaffToken.public_id == (public_id or ""))
    statement = statement.where(StaffToken.purpose.in_(FIRST_FACTORS))
    token = db.session.execute(statement).scalar_one_or_none()
    return token if token and token.is_usable and token.staff.may_sign_in else None


def pass_second_factor(public_id: str, code: str, recovery_code_id: int | None) -> tuple[StaffMember, str] | None:
    """Check and use up the code and the pending sign-in, in the current transaction.

    Args:
        public_id: the pending sign-in.
        code: what was typed.
        recovery_code_id: what `find_recovery_code` returned for it.

    Returns:
        The member and the method of the session, such as `password+totp`; None for a wrong or used code.

    Raises:
        SignInOver: there is no such pending sign-in any more.
    """
    token = _pending(public_id)
    member = token.staff
    if burn_totp_code(member, code):
        method = "totp"
    elif recovery_code_id is not None and burn_recovery_code(member.id, recovery_code_id):
        method = "recovery"
        _tell_of_recovery_code(member)
    else:
        note_denied(member, "code")
        return None
    end_pending(token)
    return member, f"{FIRST_FACTORS[token.purpose]}+{method}"


def pass_by_passkey(public_id: str, challenge_id: str | None, answer: str) -> tuple[StaffMember, str] | None:
    """Check a passkey's answer and use up the pending sign-in, in the current transaction.

    Args:
        public_id: the pending sign-in.
        challenge_id: the challenge that this browser was given; one answer uses it up.
        answer: what the browser sent, as JSON.

    Returns:
        The member and the method of the session, such as `password+passkey`; None for an answer that proves nothing.

    Raises:
        SignInOver: there is no such pending sign-in any more.
    """
    token = _pending(public_id)
    member = token.staff
    try:
        use_passkey(member.id, answer, use_challenge(member.id, TO_ENTER, challenge_id))
    except PasskeyRefused:
        note_denied(member, "passkey")
        return None
    end_pending(token)
    return member, f"{FIRST_FACTORS[token.purpose]}+passkey"


def _pending(public_id: str) -> StaffToken:
    token = find_pending(public_id)
    if token is None:
        raise SignInOver
    return token


def enter_from(member: StaffMember, known: StaffDevice | None, method: str) -> tuple[StaffDevice, str | None]:
    """Record the entry, and return the member's browser. A new browser comes with the value of its cookie."""
    subject = f"staff:{member.public_id}"
    record(OPENED, actor=subject, subject=subject, method=method, is_new_browser=known is None)
    return (known, None) if known else add_device(member)


def tell_of_new_browser(member: StaffMember, browser: str) -> None:
    """Queue the mail that tells a member of a sign-in from a new browser."""
    queue_mail(
        "staff/new_browser", member.email, member.language,
        first_name=member.first_name, browser=browser, at=clock.now().isoformat(),
    )  # fmt: skip


def note_denied(member: StaffMember | None, reason: str) -> None:
    """Record a refused sign-in in the current transaction; `reason` is `password`, `code`, `passkey`, `company`…"""
    record(DENIED, actor="portal", subject=f"staff:{member.public_id}" if member else "portal", reason=reason)


def note_ended(member: StaffMember) -> None:
    """Record a sign-out in the current transaction."""
    subject = f"staff:{member.public_id}"
    record(ENDED, actor=subject, subject=subject)


def end_pending(token: StaffToken) -> None:
    """Use up a token that waits for its next step, in the current transaction. Raises `SignInOver`."""
    if not use_up(StaffToken, token.id):
        raise SignInOver


def end_waiting(staff_id: int) -> None:
    """End every sign-in of a member that waits for its next step, in the current transaction."""
    waiting = update(StaffToken).where(StaffToken.staff_id == staff_id, StaffToken.ended_at.is_(None))
    waiting = waiting.where(StaffToken.purpose.in_([*FIRST_FACTORS, PROVEN]))
    db.session.execute(waiting.values(ended_at=clock.now()))


def _tell_of_recovery_code(member: StaffMember) -> None:
    left = unused_recovery_codes(member.id)
    subject = f"staff:{member.public_id}"
    record(RECOVERY_USED, actor=subject, subject=subject, left=left)
    queue_mail(
        "staff/recovery_code_used", member.email, member.language,
        first_name=member.first_name, left=left, at=clock.now().isoformat(),
    )  # fmt: skip
