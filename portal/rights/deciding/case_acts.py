"""What the member who looks at a case may do to it now, and which panel the page shows where a decision is made."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal.access.permissions import Permission
from portal.exports.models import AnswerPackage, PackageStatus
from portal.identity_checks.documents.viewing import Look
from portal.personal_data.erasure.models import Erasure
from portal.rights.deciding.case_facts import CaseFacts
from portal.rights.deciding.decisions import hands_out_alone, new_until
from portal.rights.lifecycle import Status
from portal.rights.models import RequestDecision, RightsRequest
from portal.rights.queue.claims import is_held_by, is_held_by_another
from portal.staff.models import StaffMember


class Panel(StrEnum):
    """What the page shows where a decision is made. Its template, in the room `deciding`, has the name of its code."""

    IDENTITY = "identity"
    "A document waits to be looked at."
    REOPENED = "reopened"
    "It was closed by mistake, and the officer has not confirmed yet that it is open again."
    DECISION = "decision"
    "Everything needed is there, or a refusal may leave without it."
    SECOND_OPINION = "second_opinion"
    "A colleague decided, and another person has to agree."
    COPY_FAILED = "copy_failed"
    "The answer cannot leave: its copy could not be made."
    COPY_UNDER_WAY = "copy_under_way"
    "The answer leaves by itself, as soon as its copy is made."
    ERASURE = "erasure"
    "An erasure cools off, runs or is halted; its answer leaves by itself."
    DECIDED = "decided"
    "What was decided, to be read."


@dataclass(frozen=True)
class CaseActs:
    """Which acts the page offers. The use cases check each of them again.

    Attributes:
        look: why this browser opened the identity document and until when; None when it has not. `proof_look` is
            the same of the proof of a value, which is looked at once it is known who asks.
        hands_out_alone: whether this member vouched for the person, so that a copy of theirs waits for a second one.
        decided_it: whether the decision that waits for a second opinion is this member's own.
        new_until: until when this member leaves the second opinion to others, because their way in or role is new.
    """

    panel: Panel | None
    look: Look | None
    proof_look: Look | None
    is_mine: bool
    is_held: bool
    hands_out_alone: bool
    decided_it: bool
    new_until: datetime | None
    may_claim: bool
    may_look: bool
    may_see_proof: bool
    may_second: bool
    may_prepare_again: bool
    may_ask: bool
    may_extend: bool
    may_doubt: bool
    may_confirm: bool


def acts_on(
    request: RightsRequest,
    member: StaffMember,
    facts: CaseFacts,
    *,
    look: Look | None,
    proof_look: Look | None = None,
    decision: RequestDecision | None,
    package: AnswerPackage | None,
    erasure: Erasure | None = None,
) -> CaseActs:
    """Return what a member may do to a case, from the case as it stands and from their role."""
    is_mine, is_others = is_held_by(request, member), is_held_by_another(request, member)
    is_undecided = request.is_open and request.outcome is None
    is_in_work = is_undecided and request.status is not Status.SECOND_OPINION
    decided_it = decision is not None and decision.staff_id == member.id
    may_second = not decided_it and member.may(Permission.GIVE_SECOND_OPINION)
    is_awaited = decision is not None and may_second and request.status is Status.SECOND_OPINION
    until = new_until(decision, member) if decision and is_awaited else None
    may_open = request.is_open and not is_others and member.may(Permission.SEE_DOCUMENT)
    may_look = may_open and any(side.is_ready for side in facts.documents)
    may_see_proof = may_open and not facts.documents and any(side.is_ready for side in facts.proof)
    may_decide = member.may(Permission.DECIDE_REQUEST)
    return CaseActs(
        panel=Panel.ERASURE if erasure and request.is_open else _panel(request, member, facts, decision, package),
        look=look if may_look and is_mine else None,
        proof_look=proof_look if may_see_proof and is_mine else None,
        is_mine=is_mine,
        is_held=is_mine or is_others,
        hands_out_alone=hands_out_alone(request, member),
        decided_it=decided_it,
        new_until=until,
        may_claim=request.is_open and member.may(Permission.CLAIM_REQUEST),
        may_look=may_look,
        may_see_proof=may_see_proof,
        may_second=may_second and until is None,
        may_prepare_again=may_decide,
        may_ask=is_in_work and may_decide,
        may_extend=is_in_work and may_decide and not request.is_extended,
        may_confirm=member.may(Permission.SECOND_PROVEN_GROUND),
        may_doubt=is_undecided
        and facts.may_doubt
        and request.status in {Status.RECEIVED, Status.IN_REVIEW}
        and member.may(Permission.CHECK_IDENTITY),
    )


def _panel(
    request: RightsRequest,
    member: StaffMember,
    facts: CaseFacts,
    decision: RequestDecision | None,
    package: AnswerPackage | None,
) -> Panel | None:
    is_in_work = request.is_open and request.status is not Status.SECOND_OPINION
    if request.awaits_confirmation:
        return Panel.REOPENED
    has_document = facts.has_pending_check and bool(facts.documents)
    if is_in_work and has_document and member.may(Permission.CHECK_IDENTITY):
        return Panel.IDENTITY
    if is_in_work and request.outcome is None and member.may(Permission.DECIDE_REQUEST):
        return Panel.DECISION
    if request.status is Status.SECOND_OPINION and decision:
        return Panel.SECOND_OPINION
    if package and request.is_open:
        return Panel.COPY_FAILED if package.status is PackageStatus.FAILED else Panel.COPY_UNDER_WAY
    return Panel.DECIDED if decision else None
