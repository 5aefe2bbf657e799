"""Two who weigh one use at the same moment, and an answer beside a withdrawal: one outcome each."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.permissions import Role
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.personal_data.stops.models import PurposeStop, StopState, Weighing
from portal.rights import acting
from portal.rights.acting import Act
from portal.rights.carrying_out import answering
from portal.rights.channels import Channel
from portal.rights.chosen import Use
from portal.rights.deciding.decisions import Draft, decide
from portal.rights.filing.other_ways import take_in
from portal.rights.filing.withdrawal import withdraw
from portal.rights.items.deciding import Way
from portal.rights.items.making import items_of
from portal.rights.lifecycle import CaseMoved, InvalidStep, Right
from portal.rights.models import RightsRequest
from portal.rights.weighing import weighing as module
from portal.rights.weighing.weighing import Balance, Result, weigh
from portal.staff.models import StaffMember
from tests.support.acting.at_once import Standstill
from tests.support.acting.people import People
from tests.support.looking.audit_trail import events
from tests.support.packages import take_in as import_lines
from tests.support.records import customer, record
from tests.support.rights.objections import FRAUD, OF

pytestmark = pytest.mark.postgresql


@pytest.fixture
def ids(people: People) -> tuple[int, int]:
    """Return the ids of an objection to one use and of the member who works on it."""
    import_lines(customer(OF), record("fraud_score", "S-1", {"score": 12, "level": "low"}, OF))
    member_id = people.staff(Role.REVIEWER, "reviewer@example.org").id
    with transaction() as session:
        person, member = session.execute(select(Customer)).scalar_one(), session.get_one(StaffMember, member_id)
        request = take_in(
            person, Right.OBJECTION, Channel.EMAIL, clock.now(), "Non.", member, use=Use.OTHER, purposes=(FRAUD,)
        )
        return request.id, member_id


def weighs(ids: tuple[int, int], result: StopState, version: int) -> Callable[[], str]:
    def act() -> str:
        try:
            with transaction() as session:
                request, member = session.get_one(RightsRequest, ids[0]), session.get_one(StaffMember, ids[1])
                balance = Balance(result, "intérêt", "nécessité", "motifs", "garanties", "résumé")
                weigh(request, member, items_of(ids[0])[0].id, balance, version)
        except CaseMoved:
            return "moved"
        return "weighed"

    return act


def version_of(request_id: int) -> int:
    db.session.rollback()
    return db.session.execute(select(RightsRequest.version).where(RightsRequest.id == request_id)).scalar_one()


@pytest.mark.parametrize("is_checked", [True, False], ids=["checked", "control"])
def test_of_two_weighings_at_once_one_counts(
    app: Flask, ids: tuple[int, int], monkeypatch: pytest.MonkeyPatch, is_checked: bool
) -> None:
    """One member in two windows: whoever comes second is told that the case moved. Without the check both count."""
    if not is_checked:
        monkeypatch.setattr(acting, "_check_version", lambda *_: None)
    version = version_of(ids[0])
    standstill = Standstill(monkeypatch, module, "check_use")
    first, second = weighs(ids, Result.STOPPED, version), weighs(ids, Result.OVERRIDDEN, version)
    waited, said = standstill.meet(app, first, second)
    db.session.rollback()
    results = [weighing.result for weighing in db.session.execute(select(Weighing)).scalars()]
    assert waited
    assert (said, len(results)) == (("moved", 1) if is_checked else ("weighed", 2))
    assert (results == [StopState.STOPPED]) is is_checked


def _read_before_it_waits(customer_id: int, reference: str) -> Act:
    theirs = (RightsRequest.customer_id == customer_id, RightsRequest.reference == reference)
    request = db.session.execute(select(RightsRequest).where(*theirs)).scalar_one()
    db.session.execute(select(RightsRequest.id).where(*theirs).with_for_update(key_share=True))
    return Act(request, f"customer:{request.customer.public_id}")


@pytest.mark.parametrize("is_locked", [True, False], ids=["locked", "control"])
def test_an_answer_and_a_withdrawal_leave_one_end(
    app: Flask, ids: tuple[int, int], monkeypatch: pytest.MonkeyPatch, is_locked: bool
) -> None:
    assert weighs(ids, Result.STOPPED, version_of(ids[0]))() == "weighed"
    request = db.session.get_one(RightsRequest, ids[0])
    customer_id, reference, version = request.customer_id, request.reference, version_of(ids[0])
    if not is_locked:
        monkeypatch.setattr(acting, "of_customer", _read_before_it_waits)

    def answers() -> None:
        with transaction() as session:
            found, member = session.get_one(RightsRequest, ids[0]), session.get_one(StaffMember, ids[1])
            decide(found, member, Draft(Way.PROPOSED, "Nous arrêtons."), version)

    def withdraws() -> str:
        try:
            with transaction():
                withdraw(customer_id, reference)
        except InvalidStep:
            return "answered"
        return "withdrawn"

    standstill = Standstill(monkeypatch, answering, "settle_uses")
    waited, said = standstill.meet(app, answers, withdraws)
    db.session.rollback()
    ends = len(events("customer:request:answered")) + len(events("customer:request:withdrawn"))
    states = [stop.state for stop in db.session.execute(select(PurposeStop)).scalars()]
    assert waited
    assert (said, ends) == (("answered", 1) if is_locked else ("withdrawn", 2))
    if is_locked:
        assert states == [StopState.STOPPED]
