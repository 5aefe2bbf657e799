"""Staff members and their roles: nobody changes their own, and every change is in the audit trail.

To close a way in, or to end sessions, must not wait. What gives somebody something takes two: see `proposals.py`.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, delete, func, select

from portal import clock
from portal.access.factor_changes import FactorChange
from portal.access.permissions import PERMISSIONS, Permission, Role
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.addresses import normalise_address
from portal.infrastructure.database import db
from portal.infrastructure.mail.outbox import queue_mail
from portal.staff.desk.models import Act
from portal.staff.desk.notices import Told, tell_officers
from portal.staff.entry.devices import forget_devices
from portal.staff.entry.sessions import stop_all_sessions
from portal.staff.entry.sign_in import end_waiting
from portal.staff.members.after_restore import note_role_lost, note_shut_out, note_way_gone
from portal.staff.members.invitation import mail_link, name_and_address, new_link
from portal.staff.members.leaving import leave
from portal.staff.models import StaffMember, StaffPasskey, StaffSession, StaffToken
from portal.staff.own_account.second_factor import keep_recovery_codes, tell_of_change

ROLE_CHANGED = declare("staff:role:changed", "before", "after")
DISABLED = declare("staff:member:disabled", "sessions")
ENABLED = declare("staff:member:enabled")
SESSIONS_ENDED = declare("staff:sessions:ended", "sessions")
WAY_IN_RENEWED = declare("staff:way_in:renewed", "sessions")


class NotYours(Exception):
    """The member may not do this: they chose themselves, or are no administrator any more."""


class MemberDisabled(Exception):
    """The member's way in is closed."""


class MemberState(StrEnum):
    PROPOSED = "proposed"
    """The invitation waits for a second person."""
    ACTIVE = "active"
    """May sign in."""
    INVITED = "invited"
    """Has a link, or had one, and did not finish."""
    DISABLED = "disabled"
    """May not sign in any more."""

    @property
    def label(self) -> str:
        """The state in the reader's language."""
        return str(_STATE_LABELS[self])


_STATE_LABELS = {
    MemberState.PROPOSED: _l("Invitation proposed"),
    MemberState.ACTIVE: _l("Active"),
    MemberState.INVITED: _l("Invited"),
    MemberState.DISABLED: _l("Disabled"),
}


@dataclass(frozen=True)
class Pair:
    """Who acts and on whom, both locked for the rest of the transaction."""

    actor: StaffMember
    member: StaffMember

    def record(self, tag: str, **facts: str | int) -> None:
        """Add an audit event to the current transaction: the actor did something to the member."""
        record(tag, actor=f"staff:{self.actor.public_id}", subject=f"staff:{self.member.public_id}", **facts)


def member_state(member: StaffMember) -> MemberState:
    """Return whether a member may sign in, has yet to, or may not any more."""
    if member.disabled_at:
        return MemberState.DISABLED
    if member.activated_at:
        return MemberState.ACTIVE
    return MemberState.PROPOSED if member.proposed_at else MemberState.INVITED


def all_members() -> Select[StaffMember]:
    """Return a select of every member, without order."""
    return select(StaffMember)


def member_by_public_id(public_id: str) -> StaffMember | None:
    """Return a member, or None."""
    return db.session.execute(select(StaffMember).where(StaffMember.public_id == public_id)).scalar_one_or_none()


def last_uses(staff_ids: list[int]) -> dict[int, datetime]:
    """Return when each of some members last used the portal; those who never did are absent."""
    statement: Any = (
        select(StaffSession.staff_id, func.max(StaffSession.last_used_at))
        .where(StaffSession.staff_id.in_(staff_ids))
        .group_by(StaffSession.staff_id)
    )
    return dict(db.session.execute(statement).all())


def open_sessions(staff_id: int) -> int:
    """Return how many sessions of a member nobody has ended, idle ones included."""
    statement = select(func.count()).where(StaffSession.staff_id == staff_id, StaffSession.ended_at.is_(None))
    return int(db.session.execute(statement).scalar_one())


def lock_pair(actor_id: int, member_public_id: str) -> Pair | None:
    """Lock who acts and on whom in the current transaction; None when there is no such member.

    Two administrators may take each other's role away at the same moment. The lock puts one after the other, and the
    second is no administrator any more: so one is always left.

    Raises:
        NotYours: the actor chose themselves, or lost the permission in the meantime.
    """
    chosen = select(StaffMember).where((StaffMember.id == actor_id) | (StaffMember.public_id == member_public_id))
    locked = chosen.order_by(StaffMember.id).with_for_update(key_share=True).execution_options(populate_existing=True)
    rows = db.session.execute(locked).scalars().all()
    actor = next(row for row in rows if row.id == actor_id)
    if actor.public_id == member_public_id or not actor.may_sign_in or not actor.may(Permission.MANAGE_STAFF):
        raise NotYours
    member = next((row for row in rows if row.public_id == member_public_id), None)
    return Pair(actor, member) if member else None


def change_role(member: StaffMember, role: Role, actor: str) -> None:
    """Give a member another role from their next request on, in the current transaction; they are told by mail.

    Args:
        actor: `staff:<public id>` or `command`, for the audit trail.
    """
    lost = PERMISSIONS[member.role] - PERMISSIONS[role]
    record(ROLE_CHANGED, actor=actor, subject=_who(member), before=member.role, after=role)
    member.role, member.access_given_at = role, clock.now()
    if lost:
        note_role_lost(member, role)
    leave(member, lost, actor)
    _tell(member, "role")


def disable(pair: Pair) -> None:
    """Close a member's way in at once: end sessions and links, and let them sign in no more.

    They and the officers are told by mail, and what they had begun is handed on or ended.
    """
    member = pair.member
    if member.disabled_at:
        return
    tell_officers(Told(Act.CLOSED, name_and_address(member), member.role), by=pair.actor)
    if member.activated_at:
        _tell(member, "closed")
    member.disabled_at = clock.now()
    note_shut_out(member)
    pair.record(DISABLED, sessions=_end_sessions_and_links(member))
    leave(member, None, _who(pair.actor))


def enable(member: StaffMember, actor: str) -> None:
    """Let a member sign in again with the password and the second factor they had, in the current transaction."""
    member.disabled_at, member.access_given_at = None, clock.now()
    record(ENABLED, actor=actor, subject=_who(member))
    _tell(member, "reopened")


def end_sessions(pair: Pair) -> int:
    """End all sessions of a member and return how many were open."""
    end_waiting(pair.member.id)
    ended = stop_all_sessions(pair.member.id)
    pair.record(SESSIONS_ENDED, sessions=ended)
    return ended


def renew_way_in(member: StaffMember, actor: str) -> None:
    """Take password, second factors and recovery codes away, and mail the member a link to make new ones.

    For a lost telephone or a forgotten password. Whoever asks makes sure of the person, chooses nothing for them, and
    never sees the link (ASVS 6.4.4, 6.4.6).
    """
    sessions = _end_sessions_and_links(member)
    # A browser of before counts as new: a sign-in from it is told by mail, and it has no tries of its own.
    forget_devices(member.id)
    keep_recovery_codes(member, None)
    db.session.execute(delete(StaffPasskey).where(StaffPasskey.staff_id == member.id))
    if member.activated_at:
        tell_of_change(member, FactorChange.LIFTED)
    member.access_given_at = member.access_given_at or member.activated_at
    member.password_hash = member.sealed_totp_secret = member.activated_at = None
    member.company_issuer = member.company_subject = None
    note_way_gone(member, "all")
    record(WAY_IN_RENEWED, actor=actor, subject=_who(member), sessions=sessions)
    mail_link(new_link(member))


def renew_way_in_by_command(email: str) -> bool:
    """Do as `renew_way_in` from the shell of the machine, in the current transaction; False for an unknown address.

    For the only administrator who lost every factor: nobody is left to propose it. The officers are told.

    Raises:
        AddressRefused: the text is no e-mail address.
        MemberDisabled: the member's way in was closed, and a link would open nothing.
    """
    chosen = select(StaffMember).where(StaffMember.email_normalised == normalise_address(email))
    member = db.session.execute(chosen.with_for_update(key_share=True)).scalar_one_or_none()
    if member is None or member.proposed_at:
        return False
    if member.disabled_at:
        raise MemberDisabled
    tell_officers(Told(Act.WAY_IN, name_and_address(member), member.role))
    renew_way_in(member, "command")
    return True


def _end_sessions_and_links(member: StaffMember) -> int:
    db.session.execute(delete(StaffToken).where(StaffToken.staff_id == member.id))
    return stop_all_sessions(member.id)


def _tell(member: StaffMember, change: str) -> None:
    queue_mail(
        "staff/access_changed", member.email, member.language,
        first_name=member.first_name, change=change, role=member.role.label_in(member.language),
        at=clock.now().isoformat(),
    )  # fmt: skip


def _who(member: StaffMember) -> str:
    return f"staff:{member.public_id}"
