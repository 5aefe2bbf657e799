"""Decide a request by its items, once it is known who asks, with a second person where one is needed.

Another must agree to a refusal, to an erasure, and to a copy for somebody whom the decider vouched for.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import select

from portal import clock
from portal.access.permissions import Permission
from portal.audit.tags import declare
from portal.identity_checks.models import CheckResult
from portal.identity_checks.queries import identity_checks_of
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.personal_data.outcomes import ItemOutcome
from portal.rights import acting
from portal.rights.carrying_out.answering import PACKAGED, fulfil
from portal.rights.deciding.refusals import (
    BY_WEIGHING_ALONE,
    Refusal,
    RefusalGround,
    RefusalIncomplete,
    RefusalNotAllowed,
    authority_complaint,
    check_refusal,
    court_remedy,
)
from portal.rights.identity.lifting import vouched
from portal.rights.items.carrying import reconsider
from portal.rights.items.deciding import Way, decide_items, digest_of, grounds_of_whole
from portal.rights.items.making import exceptions_of, is_planned_otherwise, items_of, make_items
from portal.rights.items.models import ItemException, RequestItem
from portal.rights.items.outcome import ground_of, outcome_of, reached
from portal.rights.items.proposing import USES
from portal.rights.items.reopening import ReopeningUnconfirmed
from portal.rights.items.telling.wording import label_of
from portal.rights.lifecycle import Outcome, Right, SecondOpinion, Status, Step
from portal.rights.models import EventKind, RequestDecision, RightsRequest
from portal.rights.weighing.weighing import unweighed, uses_in, weighings_of
from portal.staff.approvals.seconders import waits_until
from portal.staff.models import StaffMember

DECIDED = declare("staff:request:decided", "reference", "outcome", "ground", "needs_second_opinion")
ITEMS_DECIDED = declare("customer:items:decided", "reference", "positive", "negative", "digest")
SECONDED = declare("staff:request:seconded", "reference", "agrees")


class IdentityUnsettled(Exception):
    """It is not established who asks. Only a refusal for that reason may leave."""


class NotWeighed(Exception):
    """A use has to be weighed first, on its own page; `names` are those that nobody has weighed."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(*names)
        self.names = names


DecisionFault = IdentityUnsettled | NotWeighed | RefusalIncomplete | RefusalNotAllowed


class NotReady(Exception):
    """A decision cannot leave as it was typed; `faults` are all the reasons, each as the exception of its rule."""

    def __init__(self, *faults: DecisionFault) -> None:
        super().__init__(*(type(fault).__name__ for fault in faults))
        self.faults = faults


class SamePerson(Exception):
    """The second opinion must come from somebody else than the first."""


class TooNew(Exception):
    """The member's way in or role is new, and somebody who has been here for longer could give the opinion."""


class OfficerNeeded(Exception):
    """This ground of refusal must be seconded by the privacy officer."""


class PlanChanged(acting.StaleCase):
    """What is held changed since the page was opened, and something else is proposed now."""


@dataclass(frozen=True)
class Draft:
    """What the staff member decided, as typed.

    Attributes:
        way: how the items that nobody decided yet are decided.
        message: what the person reads first.
        ground: of a whole refusal; `until_on` is the last day of what stays then, where one is known.
        evidence: the facts that prove a ground, where it must be proven; never shown to the person.
    """

    way: Way
    message: str
    ground: RefusalGround | None = None
    until_on: date | None = None
    evidence: str = ""


def decide(request: RightsRequest, member: StaffMember, draft: Draft, version: int) -> RequestDecision:
    """Decide a request in the current transaction. The answer leaves at once, or waits for a second person.

    Raises:
        PlanChanged: what is proposed is no longer what the page showed; `catch_up` brings the case up to date.
        CaseMoved, OwnCase, NotReady.
    """
    act = acting.hold(request, member, version)
    if request.awaits_confirmation:
        raise ReopeningUnconfirmed
    if make_items(request):
        raise PlanChanged
    check_draft(request, draft)
    items = items_of(request.id)
    decide_items(request, items, draft.way, by=member.id, ground=draft.ground, until_on=draft.until_on)
    exceptions = exceptions_of(request.id)
    outcome, ground = outcome_of(items, exceptions), decisive_ground([*items, *exceptions])
    act.review()
    decision = RequestDecision(
        request_id=request.id, staff_id=member.id, outcome=outcome, ground=ground, evidence=draft.evidence,
        message=draft.message.strip(),
    )  # fmt: skip
    db.session.add(decision)
    _record_items(act, items)
    is_second_needed = needs_second(request, items, exceptions) or hands_out_alone(request, member)
    act.record(DECIDED, outcome=outcome, ground=ground, needs_second_opinion=is_second_needed)
    if is_second_needed:
        act.step(Step.ASK_SECOND_OPINION)
        act.give_back()
        act.note(EventKind.SECOND_OPINION_ASKED, is_internal=True)
    else:
        fulfil(act, decision.message)
    return decision


def catch_up(request: RightsRequest) -> None:
    """Bring the items of a case up to date, in the current transaction; pages that were open before are out of date."""
    if make_items(request):
        request.version += 1


def _record_items(act: acting.Act, items: Iterable[RequestItem]) -> None:
    items = list(items)
    negative = sum(item.outcome is not None and item.outcome.is_negative for item in items)
    act.record(ITEMS_DECIDED, positive=len(items) - negative, negative=negative, digest=digest_of(items))


def needs_second(
    request: RightsRequest, items: Iterable[RequestItem], exceptions: Iterable[ItemException] = ()
) -> bool:
    """Whether another person must agree: every erasure, and every no but that of a system that has not answered."""
    decided: list[RequestItem | ItemException] = [*items, *exceptions]
    noes = {outcome for each in decided if (outcome := reached(each)) and outcome.is_negative}
    return request.right is Right.ERASURE or bool(noes - {ItemOutcome.MISSING})


def decisive_ground(decided: Iterable[RequestItem | ItemException]) -> RefusalGround | None:
    """Return the ground that a decision is known by: one that the officer must second before all others."""
    grounds = [ground for each in decided if (ground := ground_of(each))]
    return next((ground for ground in grounds if ground.needs_officer), grounds[0] if grounds else None)


def check_draft(request: RightsRequest, draft: Draft) -> None:
    """Check that a decision may leave as it would be. Nothing is changed.

    Raises:
        NotReady: with everything that keeps it from leaving.
    """
    faults: list[DecisionFault] = []
    is_for_identity = draft.way is Way.REFUSED and draft.ground is RefusalGround.IDENTITY_NOT_PROVEN
    if not is_identity_settled(request) and not is_for_identity:
        faults.append(IdentityUnsettled())
    if request.right is Right.OBJECTION:
        faults += _unweighed(request, draft)
    if request.right is Right.RECTIFICATION:
        faults += _against_their_word(items_of(request.id), draft)
    for refusal in _refusals(request, draft):
        try:
            check_refusal(refusal)
        except (RefusalIncomplete, RefusalNotAllowed) as fault:
            faults.append(fault)
    if faults:
        raise NotReady(*faults)


def _unweighed(request: RightsRequest, draft: Draft) -> Iterator[DecisionFault]:
    """Yield why the uses of an objection are not decided: each takes its weighing, also where all is refused."""
    uses = uses_in(items_of(request.id))
    waiting = [label_of(item, request.language) for item in unweighed(uses)]
    if draft.way is Way.PROPOSED and waiting:
        yield NotWeighed(waiting)
    is_unfit = draft.ground in BY_WEIGHING_ALONE or (uses and draft.ground is RefusalGround.RIGHT_NOT_OPEN)
    if draft.way is Way.REFUSED and request.right is Right.OBJECTION and is_unfit:
        yield RefusalNotAllowed(f"a use is weighed by itself, and not refused on the ground of {draft.ground}")


def _against_their_word(items: list[RequestItem], draft: Draft) -> Iterator[DecisionFault]:
    """Yield that nobody finds a name or a title right against the person's word, where all is refused so."""
    is_by_check = draft.way is Way.REFUSED and draft.ground is RefusalGround.DATA_ARE_ACCURATE
    if is_by_check and draft.ground not in grounds_of_whole(items, Right.RECTIFICATION):
        yield RefusalNotAllowed("how somebody is called is right by their own word (CJEU C-247/23)")


def _refusals(request: RightsRequest, draft: Draft) -> Iterator[Refusal]:
    """Yield what is refused, each with its ground: everything at once, or the items that are decided so."""
    items = items_of(request.id)
    names = {item.id: label_of(item, request.language) for item in items}
    if draft.way is Way.REFUSED:
        yield _refusal(request, draft, draft.ground, list(names.values()))
        return
    decided: list[RequestItem | ItemException] = [*items, *exceptions_of(request.id)]
    for each in decided:
        outcome = reached(each)
        if outcome and outcome.is_negative and outcome is not ItemOutcome.MISSING:
            name = names[each.item_id if isinstance(each, ItemException) else each.id]
            yield _refusal(request, draft, ground_of(each), [name], _proof(each, draft))


def _proof(each: RequestItem | ItemException, draft: Draft) -> str:
    """Return what proves the ground of a no: what was typed; of a use, its weighing."""
    is_use = isinstance(each, RequestItem) and each.part == USES
    weighing = weighings_of(each.request_id).get(each.kind) if is_use else None
    return weighing.grounds if weighing else draft.evidence


def _refusal(
    request: RightsRequest, draft: Draft, ground: RefusalGround | None, names: list[str], evidence: str | None = None
) -> Refusal:
    """Return the refusal of some items. What is granted, and until when, the letter says from the items themselves."""
    complaint, court = _remedies(request.language)
    return Refusal(
        right=request.right, ground=ground, refused=", ".join(names), granted=IN_THE_LETTER, reasons=draft.message,
        until=draft.until_on or IN_THE_LETTER, authority_complaint=complaint, court_remedy=court,
        evidence=draft.evidence if evidence is None else evidence, concerns_marketing=request.asked.concerns_marketing,
    )  # fmt: skip


IN_THE_LETTER: Final = "in the letter"


def second(request: RightsRequest, member: StaffMember, opinion: SecondOpinion, text: str, version: int) -> None:
    """Agree or disagree with a decision, in the current transaction. When agreed, the answer leaves.

    Raises:
        PlanChanged: an erasure would do something that nobody decided; `back_to_review` has it decided once more.
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
    if opinion is SecondOpinion.AGREES and is_decided_otherwise(request, decision):
        raise PlanChanged
    decision.second_staff_id, decision.second_at, decision.second_text = member.id, clock.now(), text
    decision.second_opinion = opinion
    act.note(EventKind.SECOND_OPINION_GIVEN, text, is_internal=True)
    act.record(SECONDED, agrees=opinion is SecondOpinion.AGREES)
    act.step(Step.RETURN_TO_REVIEW)
    act.give_back()
    if opinion is SecondOpinion.AGREES:
        fulfil(act, decision.message)
    elif decision.outcome is Outcome.REFUSED:
        reconsider(request)


def is_decided_otherwise(request: RightsRequest, decision: RequestDecision) -> bool:
    """Whether an erasure that was granted would now do something else, such as leave what a legal hold keeps."""
    is_to_run = request.right is Right.ERASURE and decision.outcome is not Outcome.REFUSED
    return is_to_run and is_planned_otherwise(request)


def back_to_review(request: RightsRequest) -> None:
    """Have a decision taken once more, in the current transaction: what it was about is no longer so."""
    act = acting.of_portal(request.id)
    if act.request.status is Status.SECOND_OPINION:
        act.step(Step.RETURN_TO_REVIEW)
        act.request.version += 1
        reconsider(act.request)
        act.note(EventKind.ERASURE_RETURNED, is_internal=True)


def new_until(decision: RequestDecision, member: StaffMember) -> datetime | None:
    """Return until when a new member leaves the second opinion on a decision to others; None when they need not."""
    needed = Permission.GIVE_SECOND_OPINION
    if decision.ground and decision.ground.needs_officer:
        needed = Permission.SECOND_PROVEN_GROUND
    return waits_until(member, needed, StaffMember.id != decision.staff_id)


def is_identity_settled(request: RightsRequest) -> bool:
    """Whether no doubt remains about who asks, and the last check, if any, found the person to be who they say."""
    checks = identity_checks_of(request.id)
    return not request.identity_signals and (not checks or checks[-1].result is CheckResult.CONFIRMED)


def hands_out_alone(request: RightsRequest, member: StaffMember) -> bool:
    """Whether a member would hand a copy out to somebody whom they alone may have vouched for."""
    return request.right in PACKAGED and vouched(request, member)


def latest_decision(request_id: int) -> RequestDecision | None:
    """Return the newest decision on a request, or None."""
    statement = select(RequestDecision).where(RequestDecision.request_id == request_id)
    return db.session.execute(statement.order_by(RequestDecision.id.desc()).limit(1)).scalar_one_or_none()


def _remedies(language: str) -> list[str]:
    authority = installed.organisation().authority
    return [
        authority_complaint(authority.name, authority.postal_address, authority.complaint_url, language),
        court_remedy(language),
    ]
