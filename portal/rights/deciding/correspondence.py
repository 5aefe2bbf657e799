"""What staff and the customer say to each other about a case, beside its decision: questions, extension, notes."""

from portal.audit.recording import record
from portal.audit.tags import declare
from portal.legal_time.deadline import PauseReason
from portal.rights.carrying_out.answering import write_to_customer
from portal.rights.clock import running
from portal.rights.deciding.decisions import check_version
from portal.rights.following.history import add_event
from portal.rights.lifecycle import ExtensionReason, Step, advance
from portal.rights.models import EventKind, RightsRequest
from portal.rights.queue.claims import claim, is_held_by
from portal.staff.models import StaffMember

ASKED = declare("staff:clarification:asked", "reference", "is_paused")
EXTENDED = declare("staff:request:extended", "reference", "reason", "due_on")


def ask_clarification(request: RightsRequest, member: StaffMember, question: str, version: int) -> None:
    """Ask the customer what exactly is wanted; the clock pauses by the rules (EDPB 01/2022 §159, recital 63).

    Raises:
        StaleCase, HeldByAnother, OwnCase, InvalidStep.
    """
    claim(request, member)
    check_version(request, version)
    request.status = advance(request.status, Step.ASK_CLARIFICATION)
    is_paused = running.pause(request, PauseReason.SCOPE_CLARIFICATION)
    add_event(request, EventKind.CLARIFICATION_ASKED, staff=member, text=question)
    record(
        ASKED, actor=f"staff:{member.public_id}", subject=f"customer:{request.customer.public_id}",
        reference=request.reference, is_paused=is_paused,
    )  # fmt: skip
    paused_on = request.paused_on.isoformat() if request.paused_on else None
    write_to_customer(request, "rights/clarification_asked", paused_on=paused_on)


def extend(request: RightsRequest, member: StaffMember, reason: ExtensionReason, facts: str, version: int) -> None:
    """Take two further months, with the notice and its reasons in the same transaction (GDPR art. 12(3)).

    Raises:
        StaleCase, HeldByAnother, OwnCase, AlreadyExtended, ExtensionTooLate.
    """
    claim(request, member)
    check_version(request, version)
    running.extend(request)
    add_event(request, EventKind.EXTENDED, staff=member, text=facts)
    record(
        EXTENDED, actor=f"staff:{member.public_id}", subject=f"customer:{request.customer.public_id}",
        reference=request.reference, reason=reason, due_on=request.sort_on.isoformat(),
    )  # fmt: skip
    write_to_customer(request, "rights/extended", due_on=request.sort_on.isoformat())


def add_note(request: RightsRequest, member: StaffMember, text: str) -> None:
    """Add an internal note: staff only. It renews the hold of who holds the case, and takes it from nobody."""
    if request.is_open and is_held_by(request, member):
        claim(request, member)
    add_event(request, EventKind.NOTE, staff=member, text=text, is_internal=True)
