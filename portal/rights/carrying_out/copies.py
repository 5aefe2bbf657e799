"""Copies that wait for a system of the company, and what follows when it has answered.

While every system is heard, a copy leaves at once. Else it waits until five working days before it is due, then leaves
without the silent ones and names them. Once such a system ends a whole delivery, the copy is made again with it.
"""

from datetime import date, timedelta
from typing import Final

from sqlalchemy import exists, select

from portal import clock
from portal.exports.delivery import package_of_request
from portal.exports.models import AnswerPackage, PackageStatus
from portal.exports.requesting import on_ready, request_again
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import JobRun, job
from portal.instructions.acknowledging import note_heard
from portal.instructions.models import Instruction, InstructionState, Operation
from portal.legal_time.working_days import Zone, working_days_before
from portal.letters.dispatching import dispatch
from portal.personal_data.outcomes import ItemOutcome
from portal.records.imports.models import CompleteDelivery
from portal.rights import acting, emails
from portal.rights.carrying_out.answering import answer_by_itself
from portal.rights.channels import Channel
from portal.rights.items.making import exceptions_of, items_of, make_items
from portal.rights.items.models import ItemState, RequestItem
from portal.rights.items.proposing import SYSTEMS
from portal.rights.items.telling.letter import letter_of
from portal.rights.lifecycle import Right, Status
from portal.rights.models import RightsRequest

AHEAD: Final = 5
"""Working days before the due date on which a copy leaves without the systems that are still silent."""
COMPLETED: Final = "request_completed"


def waits_for(request: RightsRequest) -> list[str]:
    """Return the systems, by code, that the copy of an open request waits for; none once it leaves without them."""
    if request.right is not Right.ACCESS or not request.is_open or request.outcome is not None:
        return []
    return [item.kind for item in items_of(request.id) if item.part == SYSTEMS]


def leaves_on(due_on: date) -> date:
    """Return the day on which a copy leaves without the systems that are silent."""
    return working_days_before(due_on, AHEAD, Zone(installed.organisation().holiday_zone))


@job("rights.answer_copies", every=timedelta(hours=1))
def answer_copies(run: JobRun) -> None:
    """Let each copy leave that needs nobody: every system is heard by now, or the day has come to go without."""
    for request_id in _waiting():
        with transaction():
            request = acting.of_portal(request_id).request
            if _needs_nobody(request):
                make_items(request)
                is_time = request.due_on is not None and clock.today() >= leaves_on(request.due_on)
                if is_time or not waits_for(request):
                    answer_by_itself(request)
        run.renew()


def _needs_nobody(request: RightsRequest) -> bool:
    is_untouched = request.outcome is None and request.status is Status.RECEIVED and request.holder_id is None
    return is_untouched and not request.identity_signals and not request.asked.needs_a_reader


def _waiting() -> list[int]:
    """Return the ids of open requests for a copy that were filed here, and that nobody has decided."""
    theirs = select(RightsRequest.id).where(
        RightsRequest.is_open.is_(True), RightsRequest.right == Right.ACCESS, RightsRequest.outcome.is_(None),
        RightsRequest.status == Status.RECEIVED, RightsRequest.channel == Channel.PORTAL,
        RightsRequest.is_document_needed.is_(False),
    )  # fmt: skip
    return list(db.session.execute(theirs.order_by(RightsRequest.id)).scalars())


@job("rights.follow_up", every=timedelta(hours=1))
def follow_up(run: JobRun) -> None:
    """Make a copy again when a system that it lacked has delivered all it holds since."""
    for request_id in _completed():
        with transaction():
            request = acting.of_portal(request_id).request
            package = package_of_request(request.id)
            if package is not None and (package.status is PackageStatus.READY or package.storage_key is None):
                for item in _missing(request.id, ItemState.DECIDED):
                    item.state = ItemState.DOING
                request_again(package)
        run.renew()


def _completed() -> list[int]:
    """Return the ids of answered requests of which every missing system has delivered, or said what it holds."""
    is_missing = (RequestItem.outcome == ItemOutcome.MISSING, RequestItem.state == ItemState.DECIDED)
    of_request = RequestItem.request_id == RightsRequest.id
    delivered = exists().where(
        CompleteDelivery.source == RequestItem.kind, CompleteDelivery.as_of > RightsRequest.answered_at
    )
    said = exists().where(
        Instruction.request_id == RightsRequest.id, Instruction.target == RequestItem.kind,
        Instruction.operation == Operation.CONFIRM, Instruction.state == InstructionState.ACKNOWLEDGED,
    )  # fmt: skip
    theirs = select(RightsRequest.id).where(
        RightsRequest.answered_at.is_not(None), exists().where(of_request, *is_missing),
        ~exists().where(of_request, *is_missing, ~delivered, ~said),
    )  # fmt: skip
    return list(db.session.execute(theirs.order_by(RightsRequest.id)).scalars())


def _missing(request_id: int, state: ItemState) -> list[RequestItem]:
    return [item for item in items_of(request_id) if item.outcome is ItemOutcome.MISSING and item.state is state]


@on_ready
def tell_completed(package: AnswerPackage) -> None:
    """Tell the person, in the transaction that makes the copy ready again, that what was missing is in it."""
    if package.request_id is None:
        return
    added = _missing(package.request_id, ItemState.DOING)
    if not added:
        return
    request = acting.of_portal(package.request_id).request
    for item in added:
        item.state, item.done_at = ItemState.DONE, clock.now()
    note_heard(request.id)
    mail = emails.queue_copy_completed(request, package)
    written = letter_of(request, items_of(request.id), "", request.language, exceptions_of(request.id), clock.now())
    dispatch(
        COMPLETED, written.version, subject_kind="request", subject_id=request.id, customer_id=request.customer_id,
        language=request.language, sha256=written.sha256, mail=mail,
    )  # fmt: skip
