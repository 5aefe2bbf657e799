"""Propose what takes a second person, and end what nobody decided in time."""

from datetime import timedelta

from sqlalchemy import select

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.infrastructure.database import db
from portal.infrastructure.jobs.queue import JobRun, enqueue, job
from portal.staff.approvals.kinds import ApprovalKind, Facts
from portal.staff.approvals.models import Approval, ApprovalState
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


@job("staff.end_approval")
def end_approval(run: JobRun, approval_id: int) -> None:
    """End a proposal that is still open."""
    with run.finish():
        held = select(Approval).where(Approval.id == approval_id).with_for_update(key_share=True)
        approval = db.session.execute(held).scalar_one()
        if approval.state is ApprovalState.PROPOSED:
            approval.state, approval.decided_at = ApprovalState.ENDED, approval.ends_at
            note(approval, ENDED, actor="portal")


def note(approval: Approval, tag: str, *, actor: str) -> None:
    """Add an audit event about a proposal to the current transaction."""
    subject = f"staff:{approval.author.public_id}"
    record(tag, actor=actor, subject=subject, approval=approval.public_id, what=approval.what, target=approval.target)
