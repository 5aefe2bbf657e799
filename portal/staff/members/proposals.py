"""What gives somebody a way in or a role takes two people: one administrator proposes, another seconds.

Whoever could do it alone could become anybody: a second self, or the officer after a “lost telephone”.
"""

from collections.abc import Callable

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal.access.permissions import Permission, Role
from portal.bilingual import Label
from portal.infrastructure.database import db
from portal.staff.approvals.kinds import ApprovalKind, CannotCarryOut, Facts, register
from portal.staff.approvals.models import Approval
from portal.staff.approvals.proposing import open_about, propose
from portal.staff.desk.models import Act
from portal.staff.desk.notices import Told
from portal.staff.members.administration import MemberState, Pair, change_role, enable, member_state, renew_way_in
from portal.staff.members.invitation import mail_link, name_and_address, prepare, send_off
from portal.staff.models import StaffMember

TARGET = "member:"


class OutOfPlace(Exception):
    """The member's state leaves no room for this: the page that offered it is older than a change."""


def propose_invitation(email: str, name: str, role: Role, reason: str, author: StaffMember) -> Approval:
    """Add a member who waits, and the proposal to invite them, to the current transaction.

    Raises:
        AddressRefused, MemberExists: see `check_free`.
    """
    member = prepare(email, name, role, language=author.language)
    return _propose(INVITATION, member, reason, author, state=MemberState.INVITED)


def propose_role(pair: Pair, role: Role, reason: str) -> Approval:
    """Add the proposal of another role to the current transaction. Raises `OutOfPlace`."""
    if pair.member.role is role or pair.member.proposed_at:
        raise OutOfPlace
    return _propose(ROLE, pair.member, reason, pair.actor, role=role)


def propose_way_in(pair: Pair, reason: str) -> Approval:
    """Add the proposal of a new way in to the current transaction. Raises `OutOfPlace`."""
    if member_state(pair.member) not in {MemberState.ACTIVE, MemberState.INVITED}:
        raise OutOfPlace
    return _propose(WAY_IN, pair.member, reason, pair.actor, state=MemberState.INVITED)


def propose_reopening(pair: Pair, reason: str) -> Approval:
    """Add the proposal to open a closed way in again to the current transaction. Raises `OutOfPlace`."""
    if pair.member.disabled_at is None:
        raise OutOfPlace
    state = MemberState.ACTIVE if pair.member.activated_at else MemberState.INVITED
    return _propose(REOPENING, pair.member, reason, pair.actor, state=state)


def _propose(kind: ApprovalKind, member: StaffMember, reason: str, author: StaffMember, **change: str) -> Approval:
    """Return the new proposal, or the one of this kind about the member that is open already, to be decided first."""
    target = f"{TARGET}{member.public_id}"
    return open_about(target, kind) or propose(kind, target, _facts_of(target) | change, reason, author)


def _member(target: str) -> StaffMember | None:
    statement = (
        select(StaffMember).where(StaffMember.public_id == target.removeprefix(TARGET)).with_for_update(key_share=True)
    )
    return db.session.execute(statement.execution_options(populate_existing=True)).scalar_one_or_none()


def _facts_of(target: str) -> Facts:
    member = _member(target)
    if member is None:
        return {}
    since = member.access_given_at.isoformat() if member.access_given_at else None
    return {"state": member_state(member).value, "role": member.role.value, "since": since}


def _describe(facts: Facts, _language: str) -> list[tuple[str, str]]:
    if not facts:
        return []
    return [(_("Role"), Role(facts["role"]).label), (_("Way in"), MemberState(facts["state"]).label)]


def _names_of(targets: list[str]) -> dict[str, str]:
    ids = [target.removeprefix(TARGET) for target in targets]
    found = db.session.execute(select(StaffMember).where(StaffMember.public_id.in_(ids))).scalars()
    return {f"{TARGET}{member.public_id}": name_and_address(member) for member in found}


def _link(target: str) -> str:
    return url_for("staff.staff.member", public_id=target.removeprefix(TARGET))


def _hold(approval: Approval) -> tuple[StaffMember, str]:
    """Return the member, and who the audit trail names. Whoever proposed it must still be an administrator."""
    if not approval.author.may(Permission.MANAGE_STAFF):
        raise CannotCarryOut(_("whoever proposed it is no administrator any more; propose it anew."))
    member = _member(approval.target)
    assert member is not None, "its facts were just read"
    return member, f"staff:{approval.decided_by.public_id}" if approval.decided_by else "command"


def _invite(approval: Approval) -> None:
    mail_link(send_off(*_hold(approval)))


def _change_role(approval: Approval) -> None:
    member, actor = _hold(approval)
    change_role(member, Role(approval.after["role"]), actor)


def _renew(approval: Approval) -> None:
    renew_way_in(*_hold(approval))


def _reopen(approval: Approval) -> None:
    enable(*_hold(approval))


def _forget(approval: Approval) -> None:
    """Remove a member whose invitation was declined or ended; one whom the shell invited meanwhile stays."""
    member = _member(approval.target)
    if member and member.proposed_at:
        db.session.delete(member)


def _leave(_approval: Approval) -> None:
    """Leave everything as it is: nothing was made ready for the proposal."""


def _told(act: Act, approval: Approval) -> Told:
    about = _names_of([approval.target]).get(approval.target, approval.target)
    return Told(act, about, Role(approval.after["role"]))


def _kind(
    code: str, act: Act, label: Label, carry_out: Callable[[Approval], None], drop: Callable[[Approval], None] = _leave
) -> ApprovalKind:
    return register(
        ApprovalKind(
            code=code, label=label, permission=Permission.MANAGE_STAFF, facts_of=_facts_of,
            carry_out=carry_out, describe=_describe, link=_link, names_of=_names_of,
            concerns=lambda target: target.removeprefix(TARGET), told=lambda approval: _told(act, approval), drop=drop,
        )
    )  # fmt: skip


INVITATION = _kind(
    "member_invitation", Act.INVITED, Label(fr="Inviter quelqu’un", en="Invite somebody"), _invite, drop=_forget
)
ROLE = _kind("member_role", Act.ROLE, Label(fr="Changer un rôle", en="Change a role"), _change_role)
WAY_IN = _kind("member_way_in", Act.WAY_IN, Label(fr="Donner un nouvel accès", en="Give a new way in"), _renew)
REOPENING = _kind("member_reopening", Act.REOPENED, Label(fr="Rouvrir un accès", en="Open a way in again"), _reopen)
ABOUT_MEMBERS = [INVITATION, ROLE, WAY_IN, REOPENING]
