"""Second or decline a proposal. Another member who has the permission does so, once, before the proposal ends."""

from datetime import datetime
from enum import StrEnum

from flask_babel import gettext as _

from portal import clock
from portal.audit.tags import declare
from portal.infrastructure.mail.outbox import queue_mail
from portal.staff.approvals.kinds import CannotCarryOut, kinds
from portal.staff.approvals.models import Approval, ApprovalState
from portal.staff.approvals.proposing import hold, note
from portal.staff.approvals.seconders import how_many_could, waits_until
from portal.staff.desk.models import Act
from portal.staff.desk.notices import Told, officers, tell_officers
from portal.staff.models import StaffMember

SECONDED = declare("staff:approval:seconded", "approval", "what", "target")
DECLINED = declare("staff:approval:declined", "approval", "what", "target")


class Hindrance(StrEnum):
    """Why somebody may not decide a proposal that is open."""

    OWN = "own"
    """They made the proposal."""
    CONCERNED = "concerned"
    """It is about themselves."""
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
    """Two members or more could second it, or could until less than 48 hours ago: the shell may not."""


def hindrance(approval: Approval, member: StaffMember) -> Hindrance | None:
    """Return why a member may not decide a proposal, or None."""
    kind = kinds()[approval.what]
    if approval.author_id == member.id:
        return Hindrance.OWN
    if not member.may_sign_in or not member.may(kind.permission):
        return Hindrance.NOT_ENTITLED
    if kind.concerns(approval.target) == member.public_id:
        return Hindrance.CONCERNED
    return Hindrance.NEW if new_until(approval, member) else None


def new_until(approval: Approval, member: StaffMember) -> datetime | None:
    """Return until when a new member leaves a proposal to others; None when they may decide it now.

    Whom it concerns counts among the others, though they may not decide it either: an accomplice must not help to take
    the only other colleague's way in.
    """
    return waits_until(member, kinds()[approval.what].permission, StaffMember.id != approval.author_id)


def takes_shell(approval: Approval) -> bool:
    """Tell whether fewer than two members could second a proposal, so that the shell of the machine may."""
    kind = kinds()[approval.what]
    return how_many_could(kind.permission, StaffMember.public_id != (kind.concerns(approval.target) or "")) < 2


def second(public_id: str, member: StaffMember, words: str = "") -> None:
    """Second a proposal and carry it out, in the current transaction. Whatever this raises must roll that back.

    Raises:
        MayNotDecide, ApprovalOver, TargetChanged: see each class.
        CannotCarryOut: what was proposed cannot be done.
    """
    approval = _open(public_id, member)
    _close(approval, ApprovalState.SECONDED, words, member)
    told = kinds()[approval.what].told
    if told:
        tell_officers(told(approval), author=approval.author, by=member)
    _carry_out(approval)


def decline(public_id: str, member: StaffMember, words: str) -> None:
    """Decline a proposal in the current transaction, with words for its author.

    Raises:
        MayNotDecide, ApprovalOver: nothing is changed.
    """
    approval = _open(public_id, member)
    _close(approval, ApprovalState.DECLINED, words, member)
    kinds()[approval.what].drop(approval)


def second_by_command(public_id: str, words: str) -> Approval | None:
    """Second a proposal from the shell of the machine, in the current transaction; return None for an unknown one.

    For a company too small to have a second person. The officers are told by mail. Whatever this raises must roll the
    transaction back.

    Raises:
        OthersCould, ApprovalOver, TargetChanged: see each class.
        CannotCarryOut: what was proposed cannot be done.
    """
    approval = hold(Approval.public_id == public_id)
    if approval is None or approval.what not in kinds():
        return None
    _check_open(approval)
    if not takes_shell(approval):
        raise OthersCould
    _close(approval, ApprovalState.SECONDED, words)
    _tell_officers(approval)
    _carry_out(approval)
    return approval


def _open(public_id: str, member: StaffMember) -> Approval:
    approval = hold(Approval.public_id == public_id, member.id)
    if approval is None or approval.what not in kinds() or hindrance(approval, member):
        raise MayNotDecide
    _check_open(approval)
    return approval


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
    if approval.author.disabled_at:
        raise CannotCarryOut(_("whoever proposed it may not come in any more; propose it anew."))
    kind.carry_out(approval)


def _tell_officers(approval: Approval) -> None:
    kind = kinds()[approval.what]
    if kind.told:
        tell_officers(kind.told(approval), author=approval.author)
        return
    told = officers()
    tell_officers(Told(Act.SECONDED, approval.target), author=approval.author, is_mailed=not told)
    for officer in told:
        may_see = officer.may(kind.permission) or officer.id == approval.author_id
        queue_mail(
            "staff/seconded_by_command", officer.email, officer.language,
            first_name=officer.first_name, what=kind.label.text(officer.language), target=approval.target,
            at=clock.now().isoformat(), public_id=approval.public_id if may_see else None,
        )  # fmt: skip
