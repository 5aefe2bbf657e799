"""Systems and recipients put on hold what is restricted, and are told when they may use it again (GDPR art. 19)."""

import pytest
from sqlalchemy import select

from portal.access.permissions import Role
from portal.infrastructure.database import db, transaction
from portal.instructions.acknowledging import Result, answer
from portal.instructions.models import Instruction, InstructionState, Operation
from portal.instructions.queue import instructions_of
from portal.personal_data.erasure.checking.invariants import broken
from portal.personal_data.restrictions.grounds import Ground18
from portal.personal_data.restrictions.locking import LiftCause, end, restrict
from portal.personal_data.restrictions.models import Restriction
from portal.rights.lifecycle import Right, Status
from portal.rights.restricting.telling import hold_request
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.cases import case, decide, open_case, taken_in
from tests.support.keeping import file, later, lift_due, row
from tests.support.packages import take_in
from tests.support.preferences import customer_of
from tests.support.records import invoice, visit

EMAIL, OF = "camille@example.org", "C-camille"


@pytest.fixture
def camille(people: People) -> Browser:
    browser = people.signed_in(EMAIL)
    take_in(invoice("F-1", of=OF), visit(1, of=OF))
    return browser


def told(reference: str, operation: Operation = Operation.RESTRICT) -> dict[str, Instruction]:
    db.session.rollback()
    return {each.target: each for each in instructions_of(case(reference).id) if each.operation is operation}


def confirm(rows: dict[str, Instruction], result: Result = Result.DONE) -> None:
    for each in rows.values():
        with transaction():
            answer(each.public_id, result, "")


def restricted(people: People) -> str:
    """Return the reference of a granted request about everything."""
    reference = taken_in(people, Right.RESTRICTION)
    decide(open_case(people.signed_in_staff(Role.REVIEWER), reference), "granted")
    return reference


def lift(people: People) -> None:
    """Announce the lift of the one restriction, and lift it on its day, by the officer's buttons."""
    people.staff(Role.OFFICER, "officer@example.org")
    path = f"/staff/restrictions/{row().public_id}"
    people.sign_in_staff("officer@example.org").get(path).submit(action="/announce")
    with later(8):
        people.sign_in_staff("officer@example.org").get(path).submit(action="/lift")
    assert row().lifted_at is not None


def end_behind_lock(restriction: Restriction, cause: LiftCause) -> None:
    hold_request(restriction)
    end(restriction, cause)


def test_a_restriction_closes_when_each_holder_has_put_on_hold(camille: Browser, people: People) -> None:
    reference = restricted(people)
    rows = told(reference)
    assert {code: each.scope["kinds"] for code, each in rows.items() if code in {"website", "billing"}} == {
        "website": ["page_visit"], "billing": ["invoice"],
    }  # fmt: skip
    assert case(reference).status is Status.ANSWERED
    shown = camille.get(f"/requests/{reference}").text
    assert "mettre en pause" in shown
    assert "notre équipe doit s’en charger" in shown
    confirm(rows)
    assert case(reference).status is Status.CLOSED
    assert "confirmé le" in camille.get(f"/requests/{reference}").text
    assert not broken()


def test_the_end_is_told_and_the_request_waits_for_it(camille: Browser, people: People) -> None:
    reference = restricted(people)
    confirm(told(reference))
    lift(people)
    released = told(reference, Operation.RELEASE)
    assert released.keys() == told(reference).keys()
    assert released["website"].scope["kinds"] == ["page_visit"]
    assert (case(reference).status, case(reference).closed_at) == (Status.ANSWERED, None)
    confirm(released)
    assert case(reference).status is Status.CLOSED
    assert not broken()


def test_who_was_not_reached_or_said_no_is_not_told_to_use_again(camille: Browser, people: People) -> None:
    reference = restricted(people)
    rows = told(reference)
    confirm({"website": rows.pop("website")})
    confirm({"billing": rows.pop("billing")}, Result.NOT_HELD)
    lift(people)
    assert told(reference, Operation.RELEASE).keys() == {"website"}
    assert told(reference).keys() == {"website"}, "nobody is asked to put on hold what is no longer so"
    confirm(told(reference, Operation.RELEASE))
    assert case(reference).status is Status.CLOSED


def test_nobody_reached_the_request_closes_with_the_lift(camille: Browser, people: People) -> None:
    reference = restricted(people)
    assert case(reference).status is Status.ANSWERED
    lift(people)
    assert told(reference, Operation.RELEASE) == {}
    assert case(reference).status is Status.CLOSED


def test_a_provisional_one_tells_from_the_filing_to_its_end(camille: Browser, people: People) -> None:
    reference = file(camille, "objection", {"use": "profiling", "on_hold": "y", "details": "x"}, "use")
    assert told(reference)["website"].scope["kinds"] == ["page_visit"]
    confirm(told(reference))
    decide(open_case(people.signed_in_staff(Role.REVIEWER), reference), "granted")
    with later(8):
        lift_due()
        assert told(reference, Operation.RELEASE)["website"].scope["kinds"] == ["page_visit"]
        confirm(told(reference, Operation.RELEASE))
    assert not broken()


def test_what_is_taken_back_is_used_again_by_whom_it_reached(camille: Browser) -> None:
    reference = file(camille, "objection", {"use": "profiling", "on_hold": "y", "details": "x"}, "use")
    confirm({"website": told(reference)["website"]})
    camille.get(f"/requests/{reference}/withdraw").submit(action="/withdraw")
    assert case(reference).status is Status.WITHDRAWN
    assert told(reference).keys() == {"website"}
    assert told(reference, Operation.RELEASE).keys() == {"website"}
    assert told(reference, Operation.RELEASE)["website"].state is InstructionState.QUEUED


def test_what_another_restriction_locks_is_not_released(camille: Browser, people: People) -> None:
    reference = restricted(people)
    confirm(told(reference))
    with transaction():
        public_id = restrict(customer_of(EMAIL).id, None, Ground18.CLAIMS, ["usage"]).public_id
    with transaction():
        of_all = db.session.execute(select(Restriction).where(Restriction.public_id != public_id)).scalar_one()
        end_behind_lock(of_all, LiftCause.WITHDRAWN)
    released = told(reference, Operation.RELEASE)
    assert "website" not in released
    assert released["billing"].scope["kinds"] == ["invoice"]


def test_what_is_erased_is_used_by_nobody_again(camille: Browser, people: People) -> None:
    reference = restricted(people)
    confirm({"website": told(reference)["website"]})
    with transaction():
        end_behind_lock(row(), LiftCause.ERASED)
    assert told(reference, Operation.RELEASE) == {}
    assert told(reference).keys() == {"website"}
    assert case(reference).status is Status.CLOSED
