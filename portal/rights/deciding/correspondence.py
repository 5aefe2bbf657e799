"""What staff and the customer say to each other about a case, beside its decision: questions, extension, notes."""

from portal.audit.tags import declare
from portal.legal_time.clock_state import PauseReason
from portal.rights import acting, emails
from portal.rights.clock import running
from portal.rights.lifecycle import ExtensionReason, Step
from portal.rights.models import EventKind, RightsRequest
from portal.rights.queue.claims import claim, is_held_by
from portal.staff.models import StaffMember

ASKED = declare("staff:clarification:asked", "reference", "is_paused")
EXTENDED = declare("staff:request:extended", "reference", "reason", "due_on")


def ask_clarification(request: RightsRequest, member: StaffMember, question: str, version: int) -> None:
    """Ask the customer what exactly is wanted; the clock pauses where the law lets it (EDPB 01/2022 §159, recital 63).

    Raises:
        CaseMoved, OwnCase.
    """
    act = acting.hold(request, member, version)
    is_paused = act.wait(Step.ASK_CLARIFICATION, PauseReason.SCOPE_CLARIFICATION)
    act.note(EventKind.CLARIFICATION_ASKED, question)
    act.record(ASKED, is_paused=is_paused)
    emails.queue_question(request)


def extend(request: RightsRequest, member: StaffMember, reason: ExtensionReason, facts: str, version: int) -> None:
    """Take two further months, with the notice and its reasons in the same transaction (GDPR art. 12(3)).

    Raises:
        CaseMoved, OwnCase, AlreadyExtended, ExtensionTooLate.
    """
    act = acting.hold(request, member, version)
    running.extend(request)
    act.note(EventKind.EXTENDED, f"{reason.sentence(request.language)}\n\n{facts}")
    act.record(EXTENDED, reason=reason, due_on=request.sort_on.isoformat())
    emails.queue_extended(request)


def add_note(request: RightsRequest, member: StaffMember, text: str) -> None:
    """Add an internal note, for staff only. It renews the author's hold on the case, and takes it from nobody else."""
    if request.is_open and is_held_by(request, member):
        claim(request, member)
    acting.of_staff(request, member).note(EventKind.NOTE, text, is_internal=True)
