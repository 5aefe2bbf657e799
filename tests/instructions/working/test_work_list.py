"""The team's list: who may see it, who notes that it is done, and who alone says that it need not be."""

import pytest
from sqlalchemy import select

from portal.access.permissions import Role
from portal.infrastructure.database import db, transaction
from portal.instructions.models import Exemption, Instruction, InstructionState, Operation
from portal.instructions.queue import instruct
from portal.rights.carrying_out.followed import followers
from portal.rights.lifecycle import Right
from portal.rights.models import RightsRequest
from tests.support.acting.people import People
from tests.support.cases import case, taken_in

REASON = "Le site est fermé depuis un an."


@pytest.fixture
def told(people: People) -> str:
    reference = taken_in(people, Right.ERASURE)
    with transaction() as session:
        request = session.get_one(RightsRequest, case(reference).id)
        return instruct(request, Operation.ERASE, {"systems": ["website"]})[0].public_id


def standing(public_id: str) -> Instruction:
    db.session.rollback()
    row = db.session.execute(select(Instruction).where(Instruction.public_id == public_id)).scalar_one()
    db.session.expunge(row)
    return row


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.REVIEWER, Role.OFFICER])
def test_who_works_on_cases_notes_that_it_is_done(people: People, told: str, role: Role) -> None:
    browser = people.signed_in_staff(role)
    page = browser.get("/staff/instructions")
    assert "Site netkin.fr" in page.text
    assert "C-camille" in page.text
    page = browser.get(f"/staff/instructions/{told}")
    assert bool(page.tree.select("form[action$='/exempt']")) is (role is Role.OFFICER)
    page = page.submit(action="/acknowledge")
    assert "C’est noté comme fait." in page.text
    row = standing(told)
    assert (row.state, row.acknowledged_by != "") == (InstructionState.ACKNOWLEDGED, True)
    assert "Rien n’est ouvert." in browser.get("/staff/instructions").text


def test_what_a_member_noted_is_not_called_confirmed(people: People, told: str) -> None:
    """The customer reads whose word it is: a colleague could press the button for a system that never answered."""
    people.signed_in_staff(Role.SUPPORT).get(f"/staff/instructions/{told}").submit(action="/acknowledge")
    (said,) = followers(standing(told).request_id or 0, "fr")
    assert "noté comme fait par notre équipe le" in said
    assert "confirmé" not in said


@pytest.mark.parametrize("role", [Role.MARKETING, Role.ADMINISTRATOR])
def test_nobody_else_sees_it(people: People, told: str, role: Role) -> None:
    browser = people.signed_in_staff(role)
    for path in ("/staff/instructions", f"/staff/instructions/{told}"):
        assert browser.get(path).status == 403


def test_the_officer_exempts_with_a_reason(people: People, told: str) -> None:
    page = people.signed_in_staff(Role.OFFICER).get(f"/staff/instructions/{told}")
    bare = page.submit({"words": ""}, action="/exempt")
    assert (bare.status, standing(told).state) == (422, InstructionState.QUEUED)
    page.submit({"cause": "impossible", "words": REASON}, action="/exempt")
    row = standing(told)
    assert (row.state, row.exemption, row.words) == (InstructionState.EXEMPT, Exemption.IMPOSSIBLE, REASON)
