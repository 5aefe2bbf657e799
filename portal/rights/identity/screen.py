"""What the page of a case offers to lift the doubts about who asks, in the order of the ladder."""

from dataclasses import dataclass

from babel.lists import format_list

from portal.access.permissions import Permission
from portal.identity_checks.proof.ladder import Means
from portal.identity_checks.proof.places import Place, addresses_of, numbers_of
from portal.identity_checks.proof.policy import DoubtSignal
from portal.letters.models import Dispatch, DispatchState
from portal.rights.asked import Rows
from portal.rights.identity.lifting import doubts_of, liftable, ways_of
from portal.rights.identity.posting import open_letter
from portal.rights.identity.reasons import open_proposal
from portal.rights.lifecycle import Status
from portal.rights.models import RightsRequest
from portal.staff.approvals.models import Approval
from portal.staff.models import StaffMember


@dataclass(frozen=True)
class Ladder:
    """What lifts each doubt that remains, and which acts of staff a member may record now.

    Attributes:
        doubts: each doubt with the ways that lift it, the softest first.
        may_act: whether the member may record calls and letters here.
        numbers, addresses: where the person may be reached; empty where nothing is held for long enough.
        letter: the registered letter that is printed or on its way.
        may_reason: whether the member may propose a written reason.
        proposal: the one that waits for a second person.
    """

    doubts: Rows
    may_act: bool = False
    numbers: tuple[Place, ...] = ()
    addresses: tuple[Place, ...] = ()
    letter: Dispatch | None = None
    may_reason: bool = False
    proposal: Approval | None = None

    @property
    def is_posted(self) -> bool:
        """Whether the letter is on its way."""
        return self.letter is not None and self.letter.state is DispatchState.POSTED


def ladder_of(request: RightsRequest, member: StaffMember, language: str) -> Ladder:
    """Return what the page of a case offers a member to lift the doubts that remain."""
    doubts = [(doubt.label(language), _in_words(request, doubt, language)) for doubt in doubts_of(request)]
    is_in_work = request.is_open and request.outcome is None and request.status is not Status.SECOND_OPINION
    may_act = is_in_work and member.may(Permission.CHECK_IDENTITY)
    if not doubts or not may_act:
        return Ladder(doubts)
    proposal = open_proposal(request)
    may_reason = member.may(Permission.LIFT_DOUBT) and bool(liftable(request, Means.WRITTEN_REASON))
    return Ladder(
        doubts, may_act=True,
        numbers=tuple(numbers_of(request.customer, request.received_at)),
        addresses=tuple(addresses_of(request.customer, request.received_at)),
        letter=open_letter(request), may_reason=may_reason and proposal is None, proposal=proposal,
    )  # fmt: skip


def _in_words(request: RightsRequest, doubt: DoubtSignal, language: str) -> str:
    found = [means.label(language) for means in ways_of(request, doubt)]
    return format_list(found, style="or", locale=language)
