"""An erasure that was begun from the shell tells systems by rows too; its page says where each of them stands."""

import pytest
from flask import Flask
from sqlalchemy import select

from portal.infrastructure.database import db, transaction
from portal.instructions.acknowledging import Result, answer
from portal.instructions.models import Instruction, InstructionState, Operation
from portal.retention import erasure_commands
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import People
from tests.support.acting.visitors import mailed_link
from tests.support.erasing.erasures import carried_out
from tests.support.erasing.pages import newest_erasure
from tests.support.packages import take_in
from tests.support.records import invoice, visit

EMAIL = "camille@example.org"


@pytest.fixture
def erased(app: Flask, people: People) -> int:
    """Erase somebody from the shell; return the id of the erasure."""
    people.account(EMAIL, external_id="C-1001")
    take_in(visit(1), visit(2), invoice())
    app.test_cli_runner().invoke(erasure_commands.erasure, ["run", "C-1001", "--because", "A letter."])
    return carried_out(newest_erasure().id).id


def told(erasure_id: int) -> dict[str, Instruction]:
    db.session.rollback()
    rows = db.session.execute(select(Instruction).where(Instruction.erasure_id == erasure_id)).scalars()
    return {row.target: row for row in rows}


def test_each_holder_of_what_goes_has_its_row(erased: int) -> None:
    rows = told(erased)
    assert "website" in rows
    assert "billing" not in rows, "the law has the invoice kept there too"
    assert {(row.operation, row.request_id) for row in rows.values()} == {(Operation.ERASE, None)}
    assert rows["website"].scope["kinds"] == ["page_visit"]


def test_the_page_of_the_erasure_says_who_followed(app: Flask, erased: int, mailbox: Mailbox) -> None:
    link = mailed_link(mailbox, EMAIL, "/erasure/")
    assert (
        "Site netkin.fr (effacer) : ce n’est pas encore demandé, notre équipe doit s’en charger."
        in Browser(app).get(link).text
    )
    with transaction():
        answer(told(erased)["website"].public_id, Result.DONE, "", target="website")
    assert told(erased)["website"].state is InstructionState.ACKNOWLEDGED
    assert "Site netkin.fr (effacer) : confirmé le" in Browser(app).get(link).text


def test_it_stands_on_the_list_of_the_team(people: People, erased: int) -> None:
    browser = people.signed_in_staff()
    assert "Site netkin.fr" in browser.get("/staff/instructions").text
    page = browser.get(f"/staff/instructions/{told(erased)['website'].public_id}")
    page = page.submit(action="/acknowledge")
    assert "C’est noté comme fait." in page.text
