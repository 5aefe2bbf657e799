"""A staff member comes in by a one-time link: they choose a password, then add the second factor.

A member who stops half-way starts again by the same link, until they have finished or a day has passed. Nobody else
ever knows the password or the secret.
"""

from datetime import timedelta

from sqlalchemy import select, update

from portal import clock
from portal.access.one_time_codes import burn_totp_code, keep_totp_secret, new_totp_secret
from portal.access.passkeys import NewPasskey
from portal.access.permissions import Role
from portal.access.recovery_codes import NewRecoveryCodes
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.config import Settings
from portal.customers.addresses import normalise_address
from portal.infrastructure.database import db
from portal.infrastructure.mail.outbox import queue_mail
from portal.infrastructure.one_time_tokens import read_token, use_up, write_token
from portal.staff.models import StaffMember, StaffToken
from portal.staff.own_account.second_factor import keep_passkey, keep_recovery_codes

PURPOSE = "invitation"
LINK_LIFE = timedelta(hours=24)

INVITED = declare("staff:member:invited", "role")
ACTIVATED = declare("staff:member:activated")


class MemberExists(Exception):
    """Somebody with this address is a staff member already."""


class InvitationOver(Exception):
    """The link was used, replaced or taken away, or its day has passed."""


def check_free(email: str) -> str:
    """Return the normal form of an address that no member has.

    Raises:
        AddressRefused: the text is no e-mail address.
        MemberExists: somebody has this address already, invited or not.
    """
    normalised = normalise_address(email)
    if _with_address(normalised):
        raise MemberExists
    return normalised


def prepare(email: str, name: str, role: Role, *, language: str) -> StaffMember:
    """Add a member to the current transaction whose invitation waits for a second person: no link opens anything yet.

    Raises:
        AddressRefused, MemberExists: see `check_free`.
    """
    normalised = check_free(email)
    member = StaffMember(
        email=email.strip(), email_normalised=normalised, name=name, role=role, language=language,
        proposed_at=clock.now(),
    )  # fmt: skip
    db.session.add(member)
    db.session.flush()
    return member


def invite(email: str, name: str, role: Role, *, actor: str, language: str = "fr") -> StaffToken:
    """Add an invited member and the token of their link to the current transaction, from the shell of the machine.

    An invitation that was not finished is replaced, and its link stops working.

    Args:
        actor: `staff:<public id>` or `command`, for the audit trail.

    Raises:
        AddressRefused: the text is no e-mail address.
        MemberExists: the address belongs to a member who has finished an invitation.
    """
    normalised = normalise_address(email)
    member = _with_address(normalised)
    if member and member.has_come_in:
        raise MemberExists
    if member is None:
        member = StaffMember(email=email.strip(), email_normalised=normalised, name=name, role=role, language=language)
        db.session.add(member)
        db.session.flush()
    member.name, member.role = name, role
    return send_off(member, actor)


def send_off(member: StaffMember, actor: str) -> StaffToken:
    """Invite a member whom the table holds already, in the current transaction, and return the token of their link."""
    member.proposed_at, member.invited_at = None, clock.now()
    record(INVITED, actor=actor, subject=f"staff:{member.public_id}", role=member.role)
    return new_link(member)


def nobody_has_come_in() -> bool:
    """Tell whether no member has ever finished a way in: then the shell makes the first one."""
    came = select(StaffMember.id).where(
        StaffMember.activated_at.is_not(None)
        | StaffMember.disabled_at.is_not(None)
        | StaffMember.access_given_at.is_not(None)
    )
    return db.session.execute(came.limit(1)).first() is None


def _with_address(normalised: str) -> StaffMember | None:
    statement = select(StaffMember).where(StaffMember.email_normalised == normalised)
    return db.session.execute(statement).scalar_one_or_none()


def name_and_address(member: StaffMember) -> str:
    """Return whom a proposal or a notice is about, in words."""
    return f"{member.name}, {member.email}"


def mail_link(token: StaffToken) -> None:
    """Queue the mail with a member's link. Nobody else sees the link: its secret half is made as the mail leaves."""
    member = token.staff
    queue_mail(
        "staff/invitation", member.email, member.language,
        first_name=member.first_name, role=member.role.label_in(member.language), has_come_in=member.has_come_in,
        until=token.expires_at.isoformat(), token_purpose=PURPOSE, token_id=token.public_id,
    )  # fmt: skip


def new_link(member: StaffMember) -> StaffToken:
    """Add a token for a member's link to the current transaction; earlier links stop working."""
    instant = clock.now()
    void = update(StaffToken).where(
        StaffToken.staff_id == member.id, StaffToken.purpose == PURPOSE, StaffToken.ended_at.is_(None)
    )
    db.session.execute(void.values(ended_at=instant))
    token = StaffToken(staff_id=member.id, purpose=PURPOSE, created_at=instant, expires_at=instant + LINK_LIFE)
    token.staff = member
    db.session.add(token)
    db.session.flush()
    return token


def link_of(token: StaffToken, settings: Settings) -> str:
    """Return the address of a link, for the shell that makes the first member. Its host comes from the settings."""
    secret = write_token(settings.secret_key, PURPOSE, token.public_id)
    return f"{settings.public_url}/staff/invitation/{secret}"


def read_link(text: str, settings: Settings) -> StaffToken | None:
    """Return the live invitation that the last part of a link names, or None."""
    return find_invitation(read_token(settings.secret_key, PURPOSE, text))


def find_invitation(public_id: str | None) -> StaffToken | None:
    """Return a live invitation by its public id, or None."""
    statement = select(StaffToken).where(StaffToken.public_id == (public_id or ""), StaffToken.purpose == PURPOSE)
    token = db.session.execute(statement).scalar_one_or_none()
    return token if token and token.is_usable and not token.staff.disabled_at else None


def choose_password(public_id: str, password_hash: str) -> None:
    """Keep the password of an invited member and give them a fresh secret for an app, in the current transaction.

    Raises:
        InvitationOver: the link was used, replaced or taken away, or its day has passed.
    """
    member = _live(public_id).staff
    member.password_hash = password_hash
    keep_totp_secret(member, new_totp_secret())


def finish_invitation(public_id: str, code: str, made: NewRecoveryCodes, language: str) -> StaffMember | None:
    """Activate a member whose app gives the right code, in the current transaction; None for a wrong code.

    Args:
        made: the recovery codes that they are shown next.
        language: the one that they came in with, kept for their pages and mails.

    Raises:
        InvitationOver: the link was used, replaced or taken away, or its day has passed.
    """
    token = _live(public_id)
    member = token.staff
    if member.sealed_totp_secret is None:
        raise InvitationOver
    if not burn_totp_code(member, code):
        return None
    return _activate(token, made, language)


def finish_with_passkey(
    public_id: str, made: NewPasskey, name: str, codes: NewRecoveryCodes, language: str
) -> StaffMember:
    """Activate a member who made a passkey, in the current transaction; they may add an app later.

    Args:
        made: the passkey.
        name: by which its owner recognises it.
        codes: the recovery codes that they are shown next.

    Raises:
        InvitationOver, PasskeyRefused.
    """
    token = _live(public_id)
    if token.staff.sealed_totp_secret is None:
        raise InvitationOver
    keep_passkey(token.staff_id, made, name)
    keep_totp_secret(token.staff, None)
    return _activate(token, codes, language)


def _activate(token: StaffToken, made: NewRecoveryCodes, language: str) -> StaffMember:
    member = token.staff
    if not use_up(StaffToken, token.id):
        raise InvitationOver
    keep_recovery_codes(member, made)
    member.activated_at = member.access_given_at = clock.now()
    member.language = language
    subject = f"staff:{member.public_id}"
    record(ACTIVATED, actor=subject, subject=subject)
    return member


def _live(public_id: str) -> StaffToken:
    token = find_invitation(public_id)
    if token is None:
        raise InvitationOver
    return token
