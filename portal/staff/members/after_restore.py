"""Members who were shut out, ways in and tokens that were taken away do not come back with a backup."""

from sqlalchemy import delete, select, update

from portal import clock
from portal.access.models import ApiToken
from portal.access.one_time_codes import keep_totp_secret
from portal.access.permissions import PERMISSIONS, Role
from portal.infrastructure.database import db
from portal.personal_data.ledger.entries import note
from portal.personal_data.ledger.models import EntryKind
from portal.personal_data.ledger.replaying import Body, closes_after_restore, replays
from portal.staff.models import RecoveryCode, StaffMember, StaffPasskey, StaffSession, StaffToken

TOKEN, MEMBER, WAY_IN, ROLE = "token", "member", "way_in", "role"


def note_token_revoked(token: str) -> None:
    """Note in the current transaction that a bearer token, given by its public id, opens nothing any more."""
    note(EntryKind.REVOKED, {"what": TOKEN, "token": token})


def note_shut_out(member: StaffMember) -> None:
    """Note in the current transaction that a member's way in was closed."""
    note(EntryKind.REVOKED, {"what": MEMBER, "member": member.public_id})


def note_role_lost(member: StaffMember, role: Role) -> None:
    """Note in the current transaction that a member has another role, which lets them do less."""
    note(EntryKind.REVOKED, {"what": ROLE, "member": member.public_id, "role": role})


def note_way_gone(member: StaffMember, way: str, which: str = "") -> None:
    """Note in the current transaction that a member's way in is gone for good.

    Args:
        way: `password`, `app`, `codes`, `passkey` (with its public id in `which`), or `all`.
    """
    note(EntryKind.REVOKED, {"what": WAY_IN, "member": member.public_id, "way": way, "which": which})


@replays(EntryKind.REVOKED, TOKEN)
def _revoke_token(body: Body) -> None:
    live = update(ApiToken).where(ApiToken.public_id == body["token"], ApiToken.revoked_at.is_(None))
    db.session.execute(live.values(revoked_at=clock.now()))


@replays(EntryKind.REVOKED, MEMBER)
def _shut_out(body: Body) -> None:
    member = _member(body)
    if member is not None and member.disabled_at is None:
        member.disabled_at = clock.now()


@replays(EntryKind.REVOKED, ROLE)
def _take_role(body: Body) -> None:
    member = _member(body)
    if member is not None and PERMISSIONS[member.role] - PERMISSIONS[Role(body["role"])]:
        member.role = Role(body["role"])


@replays(EntryKind.REVOKED, WAY_IN)
def _take_way(body: Body) -> None:
    member, way = _member(body), body["way"]
    if member is None:
        return
    if way in {"password", "all"}:
        member.password_hash = None
    if way in {"app", "all"}:
        keep_totp_secret(member, None)
    if way in {"codes", "all"}:
        db.session.execute(delete(RecoveryCode).where(RecoveryCode.staff_id == member.id))
    passkeys = delete(StaffPasskey).where(StaffPasskey.staff_id == member.id)
    if way == "passkey":
        db.session.execute(passkeys.where(StaffPasskey.public_id == body["which"]))
    elif way == "all":
        db.session.execute(passkeys)
        member.activated_at = member.company_issuer = member.company_subject = None


@closes_after_restore
def _end_all() -> None:
    for model in (StaffSession, StaffToken):
        db.session.execute(update(model).where(model.ended_at.is_(None)).values(ended_at=clock.now()))


def _member(body: Body) -> StaffMember | None:
    found = select(StaffMember).where(StaffMember.public_id == body["member"])
    member: StaffMember | None = db.session.execute(found).scalar_one_or_none()
    return member
