"""Decide a request: with its identity settled, what was done per category, and a second person where the law bites."""

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.bilingual import Label
from portal.identity_checks.models import CheckResult
from portal.identity_checks.queries import checks_of
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.rights.asked import Use
from portal.rights.carrying_out.answering import fulfil
from portal.rights.clock import running
from portal.rights.deciding.refusals import Refusal, RefusalGround, authority_complaint, check_refusal, court_remedy
from portal.rights.following.history import add_event
from portal.rights.lifecycle import Outcome, Status, Step, advance, needs_second_opinion
from portal.rights.models import EventKind, RequestDecision, RightsRequest
from portal.rights.queue.claims import check_not_own, claim
from portal.staff.models import StaffMember

DECIDED = declare("staff:request:decided", "reference", "outcome", "ground", "needs_second_opinion")
SECONDED = declare("staff:request:seconded", "reference", "agrees")


class StaleCase(Exception):
    """Somebody changed the case since this page was opened."""


class IdentityUnsettled(Exception):
    """Who is asking is not established; only a refusal on that ground may leave."""


class SamePerson(Exception):
    """The second opinion must come from somebody else than the first."""


class OfficerNeeded(Exception):
    """This ground of refusal must be seconded by the privacy officer."""


@dataclass(frozen=True)
class Draft:
    """What the staff member decided, as typed.

    Attributes:
        done: category code to what was done there, in words.
        message: what the person reads.
        refused, granted, until: what a refusal must say besides its ground.
        evidence: the facts that prove the ground, where it must be proven; never shown to the person.
    """

    outcome: Outcome
    message: str
    done: dict[str, str] = field(default_factory=dict)
    ground: RefusalGround | None = None
    refused: str = ""
    granted: str = ""
    until: str = ""
    evidence: str = ""


def check_version(request: RightsRequest, version: int) -> None:
    """Raise `StaleCase` unless the case is as it was when the page that acts on it was made; then number it anew.

    A case that is decided takes no further act: its answer leaves by itself.
    """
    if request.version != version or request.outcome is not None:
        raise StaleCase
    request.version += 1


def decide(request: RightsRequest, member: StaffMember, draft: Draft, version: int) -> RequestDecision:
    """Decide a request in the current transaction: it leaves at once, or waits for a second person.

    Raises:
        StaleCase, CaseClosed, HeldByAnother, OwnCase, IdentityUnsettled, InvalidStep, RefusalIncomplete,
        RefusalNotAllowed.
    """
    claim(request, member)
    check_version(request, version)
    ground = None if draft.outcome is Outcome.GRANTED else draft.ground
    is_refusal_of_identity = ground is RefusalGround.IDENTITY_NOT_PROVEN
    if not _is_identity_settled(request.id) and not is_refusal_of_identity:
        raise IdentityUnsettled
    if draft.outcome is not Outcome.GRANTED:
        check_refusal(_refusal(request, draft))
    if request.status is not Status.IN_REVIEW:
        request.status = advance(request.status, Step.START_REVIEW)
        running.resume(request)  # we wait for the person no longer
    decision = RequestDecision(
        request_id=request.id, staff_id=member.id, outcome=draft.outcome, ground=ground,
        evidence=draft.evidence, message=full_message(request, draft), done=draft.done,
    )  # fmt: skip
    db.session.add(decision)
    is_second_needed = needs_second_opinion(request.right, draft.outcome)
    record(
        DECIDED, actor=f"staff:{member.public_id}", subject=f"customer:{request.customer.public_id}",
        reference=request.reference, outcome=draft.outcome, ground=ground, needs_second_opinion=is_second_needed,
    )  # fmt: skip
    if is_second_needed:
        request.status = advance(request.status, Step.ASK_SECOND_OPINION)
        request.holder_id = request.held_until = None
        add_event(request, EventKind.SECOND_OPINION_ASKED, staff=member, is_internal=True)
    else:
        fulfil(request, draft.outcome, decision.message, member)
    return decision


def second(request: RightsRequest, member: StaffMember, *, agrees: bool, text: str, version: int) -> None:
    """Agree or disagree with a decision, in the current transaction; agreed, it leaves.

    Raises:
        StaleCase, OwnCase, SamePerson, OfficerNeeded, InvalidStep.
    """
    check_not_own(request, member)
    db.session.refresh(request, with_for_update={"of": RightsRequest})  # two may press the button at once
    check_version(request, version)
    decision = latest_decision(request.id)
    if decision is None or request.status is not Status.SECOND_OPINION:
        raise StaleCase
    if decision.staff_id == member.id:
        raise SamePerson
    if decision.ground and RefusalGround(decision.ground).needs_officer and member.role != "officer":
        raise OfficerNeeded
    decision.second_staff_id, decision.second_at, decision.second_text = member.id, clock.now(), text
    decision.second_opinion = "agrees" if agrees else "disagrees"
    add_event(request, EventKind.SECOND_OPINION_GIVEN, staff=member, text=text, is_internal=True)
    record(
        SECONDED, actor=f"staff:{member.public_id}", subject=f"customer:{request.customer.public_id}",
        reference=request.reference, agrees=agrees,
    )  # fmt: skip
    request.status = advance(request.status, Step.RETURN_TO_REVIEW)
    request.holder_id = request.held_until = None
    if agrees:
        fulfil(request, decision.outcome, decision.message, member)


def _is_identity_settled(request_id: int) -> bool:
    """Whether nobody asked for proof of identity, or the last check found the person to be who they say."""
    checks = checks_of(request_id)
    return not checks or checks[-1].result is CheckResult.CONFIRMED


def latest_decision(request_id: int) -> RequestDecision | None:
    """Return the newest decision on a request, or None."""
    statement = select(RequestDecision).where(RequestDecision.request_id == request_id)
    return db.session.execute(statement.order_by(RequestDecision.id.desc()).limit(1)).scalar_one_or_none()


def full_message(request: RightsRequest, draft: Draft) -> str:
    """Return what the person reads: the words typed, and for a refusal its extent, its ground and the remedies."""
    if draft.outcome is Outcome.GRANTED:
        return draft.message.strip()
    assert draft.ground is not None
    language = request.language
    parts = [
        draft.message.strip(),
        _WE_GRANT.filled(language, what=draft.granted),
        _WE_REFUSE.filled(language, what=draft.refused),
        _UNTIL.filled(language, until=draft.until),
        f"{draft.ground.sentence(language)} ({draft.ground.articles})",
        *_remedies(language),
    ]
    return "\n\n".join(parts)


_WE_GRANT: Final = Label(fr="Ce que nous accordons : {what}", en="What we grant: {what}")
_WE_REFUSE: Final = Label(fr="Ce que nous refusons : {what}", en="What we refuse: {what}")
_UNTIL: Final = Label(fr="Jusqu’à quand : {until}", en="Until when: {until}")


def _refusal(request: RightsRequest, draft: Draft) -> Refusal:
    complaint, court = _remedies(request.language)
    return Refusal(
        right=request.right, ground=draft.ground, refused=draft.refused, granted=draft.granted, reasons=draft.message,
        until=draft.until, authority_complaint=complaint, court_remedy=court, evidence=draft.evidence,
        concerns_marketing=request.answers.get("use") == Use.MARKETING,
    )  # fmt: skip


def _remedies(language: str) -> list[str]:
    authority = installed.organisation().authority
    return [
        authority_complaint(authority.name, authority.postal_address, authority.complaint_url, language),
        court_remedy(language),
    ]
