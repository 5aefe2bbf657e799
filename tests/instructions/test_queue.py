"""Who has to be told of an erasure, and that its request is closed only once each of them has followed."""

import pytest
from sqlalchemy import select

from portal.infrastructure.database import db, transaction
from portal.instructions.acknowledging import Result, Settled, acknowledge_for, answer, exempt
from portal.instructions.contents import contents_of, what_in_words
from portal.instructions.models import Exemption, Instruction, InstructionChannel, InstructionState, Operation
from portal.instructions.queue import has_open, instruct, instructions_of
from portal.personal_data.erasure.checking.invariants import broken
from portal.rights.lifecycle import Right, Status
from portal.rights.models import RightsRequest
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.cases import case, taken_in
from tests.support.erasing.pages import carry_out, file_erasure, grant, team
from tests.support.filing import trust_device
from tests.support.looking.audit_trail import events
from tests.support.packages import take_in
from tests.support.records import invoice, visit

CAMILLE = "camille@example.org"
OF = "C-camille"


@pytest.fixture
def camille(people: People) -> Browser:
    browser = people.signed_in(CAMILLE)
    trust_device()
    take_in(invoice("F-1", of=OF), visit(1, of=OF), visit(2, of=OF))
    return browser


def told(reference: str) -> dict[str, Instruction]:
    db.session.rollback()
    return {row.target: row for row in instructions_of(case(reference).id)}


def settle(row: Instruction) -> None:
    with transaction():
        acknowledge_for(row.public_id, "a" * 32)


def test_an_erasure_tells_each_holder_and_closes_when_all_followed(camille: Browser, people: People) -> None:
    reference = file_erasure(camille)
    erasure = grant(team(people), reference)
    assert told(reference) == {}, "nobody is told before the point of no return"
    carry_out(erasure)
    rows = told(reference)
    assert "website" in rows
    assert "billing" not in rows, "the law has the invoice kept there too"
    assert rows["website"].operation is Operation.ERASE
    assert rows["website"].scope["kinds"] == ["page_visit"]
    assert {row.channel for row in rows.values()} == {InstructionChannel.LIST}
    assert (case(reference).status, case(reference).closed_at) == (Status.ANSWERED, None)
    last = rows.pop("website")
    for row in rows.values():
        settle(row)
    assert case(reference).status is Status.ANSWERED
    with transaction():
        exempt(last.public_id, Exemption.IMPOSSIBLE, "Le site est arrêté depuis un an.", "a" * 32)
    assert case(reference).status is Status.CLOSED
    assert case(reference).closed_at is not None
    assert broken() == {}


def test_a_closed_request_with_somebody_who_has_not_followed_breaks_an_invariant(people: People) -> None:
    """I7, and the control: the check finds what it is for."""
    reference = taken_in(people, Right.ERASURE)
    with transaction() as session:
        request = session.get_one(RightsRequest, case(reference).id)
        instruct(request, Operation.ERASE, {"systems": ["website"]})
        request.status = Status.CLOSED
    assert broken()["I7"] == [reference]


@pytest.fixture
def row(people: People) -> str:
    """Return the public id of an open instruction to the website."""
    reference = taken_in(people, Right.ERASURE)
    with transaction() as session:
        request = session.get_one(RightsRequest, case(reference).id)
        return instruct(request, Operation.ERASE, {"systems": ["website"], "kinds": ["page_visit"]})[0].public_id


def standing(public_id: str) -> Instruction:
    db.session.rollback()
    return db.session.execute(select(Instruction).where(Instruction.public_id == public_id)).scalar_one()


def test_a_refusal_waits_for_the_officer(row: str) -> None:
    """Vector 18: a system that says no does not close the request; the officer's exemption does."""
    with transaction():
        answer(row, Result.IMPOSSIBLE, "Sauvegarde en lecture seule.", target=standing(row).target)
    found = standing(row)
    assert (found.state, found.exemption) == (InstructionState.FAILED, Exemption.IMPOSSIBLE)
    assert has_open(found.request_id)
    with transaction():
        exempt(row, Exemption.IMPOSSIBLE, "La sauvegarde disparaît dans un mois.", "a" * 32)
    assert standing(row).state is InstructionState.EXEMPT
    assert [event.tag for event in events("staff:instruction:exempted")] == ["staff:instruction:exempted"]


def test_a_second_answer_changes_nothing(row: str) -> None:
    with transaction():
        answer(row, Result.DONE, "")
    with pytest.raises(Settled), transaction():
        answer(row, Result.NOT_HELD, "Rien ici.")
    assert standing(row).state is InstructionState.ACKNOWLEDGED
    assert len(events("portal:instruction:acknowledged")) == 1


def test_the_same_is_told_once_and_what_is_new_again(people: People) -> None:
    reference = taken_in(people, Right.RECTIFICATION)
    field = ["contact_detail", "1", "value"]
    with transaction() as session:
        request = session.get_one(RightsRequest, case(reference).id)
        first = instruct(request, Operation.CORRECT, {"fields": [field], "sources": {"contact_detail": ["website"]}})
        again = instruct(request, Operation.CORRECT, {"fields": [field], "sources": {"contact_detail": ["website"]}})
        more = [*field[:2], "label"]
        new = instruct(request, Operation.CORRECT, {"fields": [more], "sources": {"contact_detail": ["website"]}})
        assert (len(first), again, len(new)) == (len(first), [], len(first))
        assert first[0].scope["fields"] == sorted([field, more])


def test_each_use_that_stops_is_told_by_a_row_of_its_own(people: People) -> None:
    reference = taken_in(people, Right.OBJECTION)
    with transaction() as session:
        request = session.get_one(RightsRequest, case(reference).id)
        for purpose in ("security", "statistics", "security"):
            instruct(request, Operation.STOP, {"kinds": ["page_visit"], "purpose": purpose, "only": ["host"]})
    found = instructions_of(case(reference).id)
    assert [(row.target, row.purpose) for row in found] == [("host", "security"), ("host", "statistics")]
    assert [contents_of(row)["purpose"] for row in found] == ["security", "statistics"]
    assert what_in_words(found[1], "en") == "Stop a use, “Draw up statistics”"
