"""Decide a request, once it is known who asks, with a second person where one is needed.

Another must agree to a refusal, to an erasure, and to a copy for somebody whom the decider vouched for.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import select

from portal import clock
from portal.access.permissions import Permission
from portal.audit.tags import declare
from portal.bilingual import Label
from portal.identity_checks.models import CheckResult
from portal.identity_checks.queries import checks_of
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.rights import acting
from portal.rights.carrying_out.answering import PACKAGED, fulfil
from portal.rights.deciding.refusals import (
    Refusal,
    RefusalGround,
    RefusalIncomplete,
    RefusalNotAllowed,
    authority_complaint,
    check_refusal,
    court_remedy,
)
from portal.rights.identity.lifting import vouched
from portal.rights.lifecycle import Outcome, SecondOpinion, Status, Step, needs_second_opinion
from portal.rights.models import EventKind, RequestDecision, RightsRequest
from portal.staff.approvals.seconders import waits_until
from portal.staff.models import StaffMember

DECIDED = declare("staff:request:decided", "reference", "outcome", "ground", "needs_second_opinion")
SECONDED = declare("staff:request:seconded", "reference", "agrees")


class IdentityUnsettled(Exception):
    """It is not established who asks. Only a refusal for that reason may leave."""


class NotReady(Exception):
    """A decision cannot leave as it was typed; `faults` are all the reasons, each as the exception of its rule."""

    def __init__(self, *faults: IdentityUnsettled | RefusalIncomplete | RefusalNotAllowed) -> None:
        super().__init__(*(type(fault).__name__ for fault in faults))
        self.faults = faults


class SamePerson(Exception):
    """The second opinion must come from somebody else than the first."""


class TooNew(Exception):
    """The member's way in or role is new, and somebody who has been here for longer could give the opinion."""


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

    @property
    def ground_given(self) -> RefusalGround | None:
        """The ground of a refusal; none where everything is granted, whatever was typed."""
        return None if self.outcome is Outcome.GRANTED else self.ground


def decide(request: RightsRequest, member: StaffMember, draft: Draft, version: int) -> RequestDecision:
    """Decide a request in the current transaction. The answer leaves at once, or waits for a second person.

    Raises:
        CaseMoved, OwnCase, NotReady.
    """
    act = acting.hold(request, member, version)
    check_draft(request, draft)
    act.review()
    decision = RequestDecision(
        request_id=request.id, staff_id=member.id, outcome=draft.outcome, ground=draft.ground_given,
        evidence=draft.evidence, message=full_message(request, draft), done=draft.done,
    )  # fmt: skip
    db.session.add(decision)
    is_second_needed = needs_second_opinion(request.right, draft.outcome) or hands_out_alone(request, member)
    act.record(DECIDED, outcome=draft.outcome, ground=draft.ground_given, needs_second_opinion=is_second_needed)
    if is_second_needed:
        act.step(Step.ASK_SECOND_OPINION)
        act.give_back()
        act.note(EventKind.SECOND_OPINION_ASKED, is_internal=True)
    else:
        fulfil(act, draft.outcome, decision.message)
    return decision


def check_draft(request: RightsRequest, draft: Draft) -> None:
    """Check that a decision may leave as it was typed. Nothing is changed.

    Raises:
        NotReady: with everything that keeps it from leaving.
    """
    faults: list[IdentityUnsettled | RefusalIncomplete | RefusalNotAllowed] = []
    if not is_identity_settled(request) and draft.ground_given is not RefusalGround.IDENTITY_NOT_PROVEN:
        faults.append(IdentityUnsettled())
    if draft.outcome is not Outcome.GRANTED:
        try:
            check_refusal(_refusal(request, draft))
        except (RefusalIncomplete, RefusalNotAllowed) as fault:
            faults.append(fault)
    if faults:
        raise NotReady(*faults)


def second(request: RightsRequest, member: StaffMember, opinion: SecondOpinion, text: str, version: int) -> None:
    """Agree or disagree with a decision, in the current transaction. When agreed, the answer leaves.

    Raises:
        CaseMoved, OwnCase, SamePerson, OfficerNeeded, TooNew.
    """
    act = acting.lock(request, member, version)
    decision = latest_decision(request.id)
    if decision is None or request.status is not Status.SECOND_OPINION:
        raise acting.StaleCase
    if decision.staff_id == member.id:
        raise SamePerson
    if decision.ground and decision.ground.needs_officer and not member.may(Permission.SECOND_PROVEN_GROUND):
        raise OfficerNeeded
    if new_until(decision, member):
        raise TooNew
    decision.second_staff_id, decision.second_at, decision.second_text = member.id, clock.now(), text
    decision.second_opinion = opinion
    act.note(EventKind.SECOND_OPINION_GIVEN, text, is_internal=True)
    act.record(SECONDED, agrees=opinion is SecondOpinion.AGREES)
    act.step(Step.RETURN_TO_REVIEW)
    act.give_back()
    if opinion is SecondOpinion.AGREES:
        fulfil(act, decision.outcome, decision.message)


def new_until(decision: RequestDecision, member: StaffMember) -> datetime | None:
    """Return until when a new member leaves the second opinion on a decision to others; None when they need not."""
    needed = Permission.GIVE_SECOND_OPINION
    if decision.ground and decision.ground.needs_officer:
        needed = Permission.SECOND_PROVEN_GROUND
    return waits_until(member, needed, StaffMember.id != decision.staff_id)


def is_identity_settled(request: RightsRequest) -> bool:
    """Whether no doubt remains about who asks, and the last check, if any, found the person to be who they say."""
    checks = checks_of(request.id)
    return not request.identity_signals and (not checks or checks[-1].result is CheckResult.CONFIRMED)


def hands_out_alone(request: RightsRequest, member: StaffMember) -> bool:
    """Whether a member would hand a copy out to somebody whom they alone may have vouched for."""
    return request.right in PACKAGED and vouched(request, member)


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
        draft.ground.with_law(language),
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
        concerns_marketing=request.asked.concerns_marketing,
    )  # fmt: skip


def _remedies(language: str) -> list[str]:
    authority = installed.organisation().authority
    return [
        authority_complaint(authority.name, authority.postal_address, authority.complaint_url, language),
        court_remedy(language),
    ]
