"""A use that stops is told to whoever holds what served it, each use by itself; advertising to who advertises for us."""

import pytest

from portal.access.permissions import Role
from portal.infrastructure.database import db, transaction
from portal.instructions.acknowledging import acknowledge_for
from portal.instructions.models import Instruction, InstructionState, Operation
from portal.instructions.queue import instructions_of
from portal.rights.lifecycle import Outcome, Status
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.cases import case, decide, open_case, second
from tests.support.filing import only_request
from tests.support.objections import FRAUD, OF, SECURITY, file_objection, weigh, with_a_score
from tests.support.packages import take_in
from tests.support.records import record


@pytest.fixture
def camille(people: People) -> Browser:
    return with_a_score(people)


@pytest.fixture
def reviewer(people: People) -> Browser:
    return people.signed_in_staff(Role.REVIEWER)


def told(reference: str) -> dict[tuple[str, str], Instruction]:
    db.session.rollback()
    rows = instructions_of(case(reference).id)
    assert {row.operation for row in rows} <= {Operation.STOP}
    return {(row.target, row.purpose): row for row in rows}


def follow(rows: dict[tuple[str, str], Instruction]) -> None:
    for row in rows.values():
        with transaction():
            acknowledge_for(row.public_id, "a" * 32)


def test_each_use_that_stops_is_told_to_who_holds_what_served_it(camille: Browser, reviewer: Browser) -> None:
    file_objection(camille, FRAUD, SECURITY)
    reference = only_request().reference
    weigh(reviewer, reference, "stopped", 0)
    weigh(reviewer, reference, "stopped", 1)
    assert told(reference) == {}, "nobody is told before it is decided"
    assert decide(open_case(reviewer, reference), "granted").status == 200
    rows = told(reference)
    assert {code for code, use in rows if use == FRAUD} >= {"fraud_prevention", "host"}
    assert rows["fraud_prevention", FRAUD].scope == {"kinds": ["fraud_score"], "purpose": FRAUD}
    assert rows["website", SECURITY].scope == {"kinds": ["page_visit"], "purpose": SECURITY}
    assert {use for code, use in rows if code == "host"} == {FRAUD, SECURITY}, "one row a use"
    assert (case(reference).status, case(reference).is_open) == (Status.ANSWERED, False)
    page = camille.get(f"/requests/{reference}")
    assert "arrêter un usage, « Lutter contre la fraude »" in page.text.replace("\u00a0", " ")
    follow(rows)
    assert case(reference).status is Status.CLOSED
    assert {row.state for row in told(reference).values()} == {InstructionState.ACKNOWLEDGED}


def test_nobody_is_told_of_a_use_that_goes_on(people: People, camille: Browser, reviewer: Browser) -> None:
    file_objection(camille, FRAUD)
    reference = only_request().reference
    weigh(reviewer, reference, "overridden")
    decide(open_case(reviewer, reference), "granted")
    assert second(people.signed_in_staff(Role.OFFICER), reference).status == 200
    assert told(reference) == {}
    assert case(reference).status is Status.CLOSED


@pytest.mark.parametrize("use", ["marketing", "advertising_profiling"])
def test_who_advertises_for_the_company_is_told_that_advertising_stops(camille: Browser, use: str) -> None:
    take_in(record("advert_seen", "A-1", {"campaign": "Rentrée"}, OF))
    camille.get("/requests/new/objection").submit({"use": use}, with_field="use")
    found = only_request()
    rows = told(found.reference)
    assert list(rows) == [("advertising_networks", "advertising")], (
        "neither the host nor our own systems, which read the feed"
    )
    assert (found.outcome, found.status) == (Outcome.GRANTED, Status.ANSWERED)
    follow(rows)
    assert case(found.reference).status is Status.CLOSED


def test_who_holds_nothing_is_not_told(camille: Browser) -> None:
    camille.get("/requests/new/objection").submit({"use": "marketing"}, with_field="use")
    assert told(only_request().reference) == {}
    assert only_request().status is Status.CLOSED
