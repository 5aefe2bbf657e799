"""Propose what takes a second person, and end what nobody decided in time."""

from collections.abc import Set
from datetime import timedelta

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, select

from portal import clock
from portal.access.permissions import Permission
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.infrastructure.database import db
from portal.infrastructure.jobs.queue import JobRun, enqueue, job
from portal.staff.approvals.kinds import ApprovalKind, Facts, kinds
from portal.staff.approvals.models import Approval, ApprovalState
from portal.staff.members.leaving import when_leaving
from portal.staff.models import StaffMember

LIFE = timedelta(days=14)
PROPOSED = declare("staff:approval:proposed", "approval", "what", "target")
ENDED = declare("staff:approval:ended", "approval", "what", "target")


def propose(kind: ApprovalKind, target: str, after: Facts, reason: str, author: StaffMember) -> Approval:
    """Add a proposal to the current transaction, with the facts of its target as they are now.

    Args:
        target: a reference, never a name.
        after: the facts of the target as they would be.
        reason: why, in the author's words.
        author: who may propose this, which the caller has checked.
    """
    made_at = clock.now()
    approval = Approval(
        what=kind.code, target=target, before=kind.facts_of(target), after=after, reason=reason,
        author_id=author.id, made_at=made_at, ends_at=made_at + LIFE,
    )  # fmt: skip
    db.session.add(approval)
    db.session.flush()
    note(approval, PROPOSED, actor=f"staff:{author.public_id}")
    enqueue("staff.end_approval", run_at=approval.ends_at, approval_id=approval.id)
    return approval


def hold(condition: ColumnElement[bool], *ids: int) -> Approval | None:
    """Lock the people of a proposal, and others by their ids, then the proposal itself; None when there is none.

    Always in this order, since whoever leaves is locked before their proposals end. When two members decide at once,
    the second one waits here, and then finds the proposal decided. And nobody whose role or way in is taken away at
    this moment still seconds, or has something seconded.
    """
    found = db.session.execute(select(Approval.author_id, Approval.what, Approval.target).where(condition)).first()
    if found is None:
        return None
    kind = kinds().get(found.what)
    concerned = kind.concerns(found.target) if kind else None
    people = StaffMember.id.in_([found.author_id, *ids]) | (StaffMember.public_id == (concerned or ""))
    fresh = {"populate_existing": True}
    held = select(StaffMember).where(people).order_by(StaffMember.id).with_for_update(key_share=True)
    db.session.execute(held.execution_options(**fresh)).all()
    proposal = select(Approval).where(condition).with_for_update(key_share=True)
    return db.session.execute(proposal.execution_options(**fresh)).scalar_one_or_none()


@job("staff.end_approval", destroys=True)
def end_approval(run: JobRun, approval_id: int) -> None:
    """End a proposal that is still open."""
    with run.finish():
        approval = hold(Approval.id == approval_id)
        if approval and approval.state is ApprovalState.PROPOSED:
            end(approval, "portal")
            approval.decided_at = approval.ends_at


def open_about(target: str, kind: ApprovalKind) -> Approval | None:
    """Return the open proposal of a kind about a target, or None."""
    return next(iter(_open(Approval.target == target, Approval.what == kind.code)), None)


def open_of(kinds_of_it: list[ApprovalKind], *targets: str) -> list[Approval]:
    """Return the open proposals of some kinds, about some targets where they are given, the oldest first."""
    about = [Approval.target.in_(targets)] if targets else []
    return _open(Approval.what.in_([kind.code for kind in kinds_of_it]), *about)


@when_leaving
def end_proposals(member: StaffMember, lost: Set[Permission], actor: str) -> None:
    """End what somebody proposed and may not stand for any more, with words for whoever reads it."""
    for approval in _open(Approval.author_id == member.id):
        kind = kinds().get(approval.what)
        if member.disabled_at or (kind and kind.permission in lost):
            with force_locale(member.language):
                approval.words = _("Whoever proposed it left or has another role. A colleague can propose it anew.")
            end(approval, actor)


def _open(*conditions: ColumnElement[bool]) -> list[Approval]:
    is_open = (Approval.state == ApprovalState.PROPOSED, Approval.ends_at > clock.now())
    return list(db.session.execute(select(Approval).where(*is_open, *conditions).order_by(Approval.id)).scalars())


def end(approval: Approval, actor: str) -> None:
    """End an open proposal that is held, in the current transaction: nothing is changed."""
    approval.state, approval.decided_at = ApprovalState.ENDED, clock.now()
    note(approval, ENDED, actor=actor)
    if kind := kinds().get(approval.what):
        kind.drop(approval)


def note(approval: Approval, tag: str, *, actor: str) -> None:
    """Add an audit event about a proposal to the current transaction."""
    subject = f"staff:{approval.author.public_id}"
    record(tag, actor=actor, subject=subject, approval=approval.public_id, what=approval.what, target=approval.target)
