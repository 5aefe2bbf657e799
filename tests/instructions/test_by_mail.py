"""Told by mail: a link to a page that shows ids and takes the answer; reminders; what the officer is told."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.instructions.models import Disclosure, Instruction, InstructionState, Operation
from portal.instructions.queue import instruct
from portal.organisation import Told
from portal.rights.lifecycle import Right
from portal.rights.models import RightsRequest
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.people import People
from tests.support.acting.systems import SYSTEM, with_address
from tests.support.cases import case, taken_in

OWNER = "site@example.org"


@pytest.fixture
def by_mail(app: Flask) -> Iterator[None]:
    organisation = installed.organisation.of(app)
    changed = with_address(organisation, "", Told.MAIL, email=OWNER)
    recipients = [
        each.model_copy(update={"told": Told.MAIL, "email": "hote@example.org"}) if each.code == "host" else each
        for each in changed.recipients
    ]
    installed.organisation.put(app, changed.model_copy(update={"recipients": tuple(recipients)}))
    yield
    installed.organisation.put(app, organisation)


@pytest.fixture
def told(people: People, by_mail: None) -> str:
    """Tell the website and the host; return the reference of the request."""
    reference = taken_in(people, Right.ERASURE)
    with transaction() as session:
        request = session.get_one(RightsRequest, case(reference).id)
        instruct(request, Operation.ERASE, {"systems": [SYSTEM, "host"], "records": [["page_visit", "V-1"]],
                                            "sources": {"page_visit": [SYSTEM]}})  # fmt: skip
    run_due_jobs()
    return reference


def standing(target: str = SYSTEM) -> Instruction:
    db.session.rollback()
    row = db.session.execute(select(Instruction).where(Instruction.target == target)).scalar_one()
    db.session.expunge(row)
    return row


def link_in(mailbox: Mailbox) -> str:
    found = re.search(r"http://localhost:8000(/instruction/\S+)", text_of(mailbox.last_to(OWNER)))
    assert found
    return found[1]


def test_the_mail_names_nobody_and_the_page_takes_the_answer(app: Flask, told: str, mailbox: Mailbox) -> None:
    assert standing().state is InstructionState.SENT
    words = text_of(mailbox.last_to(OWNER))
    assert "C-camille" not in words
    assert "camille@" not in words
    link = link_in(mailbox)
    page = Browser(app).get(link)
    assert "C-camille" in page.text
    assert "V-1" in page.text
    assert "camille@" not in page.text
    assert standing().state is InstructionState.SENT, "a mail program that opens every link answers nothing"
    bare = page.submit({"result": "impossible", "words": ""}, with_field="result")
    assert (bare.status, standing().exemption) == (422, None)
    page.submit({"result": "done"}, with_field="result")
    assert (standing().state, standing().token_hash) == (InstructionState.ACKNOWLEDGED, None)
    assert "plus rien à faire" in Browser(app).get(link).text


def test_a_link_that_we_did_not_send_opens_nothing(app: Flask, told: str, mailbox: Mailbox) -> None:
    link = link_in(mailbox)
    for wrong in (link[:-1] + ("0" if link[-1] != "0" else "1"), f"/instruction/{standing().public_id}"):
        assert Browser(app).get(wrong).status == 404


def test_what_goes_to_a_recipient_is_in_the_ledger_of_disclosures(told: str) -> None:
    db.session.rollback()
    rows = db.session.execute(select(Disclosure)).scalars().all()
    assert {(row.recipient, row.count, row.why) for row in rows} >= {("host", 1, "erase")}
    assert SYSTEM not in {row.recipient for row in rows}, "a system of the company is the company"


def test_who_was_told_by_mail_and_is_then_noted_as_done_learnt_it_once(people: People, told: str) -> None:
    db.session.rollback()
    (host,) = db.session.execute(select(Instruction.public_id).where(Instruction.target == "host")).scalars()
    people.signed_in_staff().get(f"/staff/instructions/{host}").submit(action="/acknowledge")
    db.session.rollback()
    assert len(db.session.execute(select(Disclosure).where(Disclosure.recipient == "host")).all()) == 1


def test_reminders_after_7_and_21_days_and_the_officer_after_30(
    app: Flask, people: People, told: str, mailbox: Mailbox
) -> None:
    people.staff("officer", "officer@example.org")
    began = clock.now()
    counts = []
    for days in (6, 8, 9, 22, 31, 40):
        with clock.stopped_at(began + timedelta(days=days)):
            run_due_jobs()
        counts.append((len(mailbox.to(OWNER)), len(mailbox.to("officer@example.org"))))
    late = counts[4][1]
    assert [count for count, _officer in counts] == [1, 2, 2, 3, 3, 3]
    assert [officer for _count, officer in counts] == [0, 0, 0, 0, late, late]
    assert late >= 1
