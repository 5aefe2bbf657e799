"""Second or decline a proposal. Another member who has the permission does so, once, before the proposal ends."""

from datetime import timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select

from portal import clock
from portal.access.permissions import Permission, roles_with
from portal.audit.tags import declare
from portal.infrastructure.database import db
from portal.infrastructure.mail.outbox import queue_mail
from portal.staff.approvals.kinds import ApprovalKind, kinds
from portal.staff.approvals.models import Approval, ApprovalState
from portal.staff.approvals.proposing import note
from portal.staff.models import StaffMember

SECONDED = declare("staff:approval:seconded", "approval", "what", "target")
DECLINED = declare("staff:approval:declined", "approval", "what", "target")

# A member counts as new for so long. Whoever lets in an accomplice cannot have them second anything at once.
NEW_WAY_IN = timedelta(hours=48)


class Hindrance(StrEnum):
    """Why somebody may not decide a proposal that is open."""

    OWN = "own"
    """They made the proposal."""
    NOT_ENTITLED = "not_entitled"
    """Their role does not carry the permission, or they cannot sign in."""
    NEW = "new"
    """They came in lately, and a member who has been here for longer could decide."""


class MayNotDecide(Exception):
    """The member is hindered."""


class ApprovalOver(Exception):
    """The proposal was decided before, or its time is over."""


class TargetChanged(Exception):
    """The target is no longer as it was when the proposal was made."""


class OthersCould(Exception):
    """Two members or more could second the proposal, so it may not be seconded from the shell."""


def hindrance(approval: Approval, member: StaffMember) -> Hindrance | None:
    """Return why a member may not decide a proposal, or None."""
    kind = kinds()[approval.what]
    if approval.author_id == member.id:
        return Hindrance.OWN
    if not member.may_sign_in or not member.may(kind.permission):
        return Hindrance.NOT_ENTITLED
    since = clock.now() - NEW_WAY_IN
    is_new = (member.activated_at or since) > since
    others = (StaffMember.activated_at <= since, StaffMember.id != approval.author_id)
    return Hindrance.NEW if is_new and _count(kind, *others) else None


def second(public_id: str, member: StaffMember, words: str = "") -> None:
    """Second a proposal and carry it out, in the current transaction. Whatever this raises must roll that back.

    Raises:
        MayNotDecide, ApprovalOver, TargetChanged: see each class.
        CannotCarryOut: what was proposed cannot be done.
    """
    approval = _open(public_id, member)
    _close(approval, ApprovalState.SECONDED, words, member)
    _carry_out(approval)


def decline(public_id: str, member: StaffMember, words: str) -> None:
    """Decline a proposal in the current transaction, with words for its author.

    Raises:
        MayNotDecide, ApprovalOver: nothing is changed.
    """
    approval = _open(public_id, member)
    _close(approval, ApprovalState.DECLINED, words, member)


def second_by_command(public_id: str, words: str) -> Approval | None:
    """Second a proposal from the shell of the machine, in the current transaction; return None for an unknown one.

    For a company too small to have a second person. The officers are told by mail. Whatever this raises must roll the
    transaction back.

    Raises:
        OthersCould, ApprovalOver, TargetChanged: see each class.
        CannotCarryOut: what was proposed cannot be done.
    """
    approval = _lock(public_id)
    if approval is None:
        return None
    _check_open(approval)
    if _count(kinds()[approval.what]) >= 2:
        raise OthersCould
    _close(approval, ApprovalState.SECONDED, words)
    _carry_out(approval)
    _tell_officers(approval)
    return approval


def _open(public_id: str, member: StaffMember) -> Approval:
    approval = _lock(public_id)
    if approval is None or hindrance(approval, member):
        raise MayNotDecide
    _check_open(approval)
    return approval


def _lock(public_id: str) -> Approval | None:
    # When two members decide at once, the second one waits here, and then finds the proposal decided.
    statement = (
        select(Approval)
        .where(Approval.public_id == public_id, Approval.what.in_(kinds()))
        .with_for_update(key_share=True)
    )
    return db.session.execute(statement.execution_options(populate_existing=True)).scalar_one_or_none()


def _check_open(approval: Approval) -> None:
    if approval.state_now is not ApprovalState.PROPOSED:
        raise ApprovalOver


def _close(approval: Approval, state: ApprovalState, words: str, member: StaffMember | None = None) -> None:
    approval.state, approval.decided_at, approval.words = state, clock.now(), words
    approval.decided_by_id = member.id if member else None
    actor = f"staff:{member.public_id}" if member else "command"
    note(approval, SECONDED if state is ApprovalState.SECONDED else DECLINED, actor=actor)


def _carry_out(approval: Approval) -> None:
    kind = kinds()[approval.what]
    if kind.facts_of(approval.target) != approval.before:
        raise TargetChanged
    kind.carry_out(approval)


def _count(kind: ApprovalKind, *conditions: ColumnElement[bool]) -> int:
    """Return how many members could second a kind."""
    statement = select(func.count()).select_from(StaffMember).where(
        StaffMember.role.in_(kind.roles), *_may_sign_in(), *conditions
    )  # fmt: skip
    return int(db.session.execute(statement).scalar_one())


def _may_sign_in() -> tuple[ColumnElement[bool], ...]:
    return StaffMember.activated_at.is_not(None), StaffMember.disabled_at.is_(None)


def _tell_officers(approval: Approval) -> None:
    kind = kinds()[approval.what]
    keep_the_desk = StaffMember.role.in_(roles_with(Permission.SEE_DESK))
    officers = select(StaffMember).where(keep_the_desk, *_may_sign_in()).order_by(StaffMember.id)
    for officer in db.session.execute(officers).scalars():
        may_see = officer.may(kind.permission) or officer.id == approval.author_id
        queue_mail(
            "staff/seconded_by_command", officer.email, officer.language,
            first_name=officer.first_name, what=kind.label.text(officer.language), target=approval.target,
            at=clock.now().isoformat(), public_id=approval.public_id if may_see else None,
        )  # fmt: skip
