"""Copies and the systems they lack: at once when all are heard, late and named when one is silent, whole afterwards."""

import io
import json
import zipfile
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, text

from portal import clock
from portal.exports.delivery import clear_chunks
from portal.exports.models import AnswerPackage
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import enqueue
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.personal_data.outcomes import ItemOutcome
from portal.records.imports.models import CompleteDelivery
from portal.records.queries import first_page
from portal.rights.carrying_out.copies import leaves_on
from portal.rights.items.making import items_of
from portal.rights.lifecycle import Outcome, Right, Status
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.people import People
from tests.support.cases import case, decide, item_links, open_case, refuse_one, second, taken_in
from tests.support.erasing.pages import team
from tests.support.filing import describe_copy, trust_device
from tests.support.packages import take_in
from tests.support.records import complete, invoice, visit

CAMILLE = "camille@example.org"


@pytest.fixture
def camille(people: People) -> Browser:
    browser = people.signed_in(CAMILLE)
    trust_device()
    take_in(invoice("F-1", of="C-camille"), visit(1, of="C-camille"), visit(2, of="C-camille"))
    return browser


def silence(*systems: str) -> None:
    with transaction() as session:
        session.execute(delete(CompleteDelivery).where(CompleteDelivery.source.in_(systems)))


def file_copy(browser: Browser) -> str:
    return describe_copy(browser, details="").submit(action="/send").url.rpartition("/")[2]


def look_for_answers() -> None:
    with transaction():
        enqueue("rights.answer_copies")
        enqueue("rights.follow_up")
    run_due_jobs()


def files() -> dict[str, Any]:
    db.session.rollback()
    package = db.session.execute(select(AnswerPackage)).scalar_one()
    archive = zipfile.ZipFile(io.BytesIO(b"".join(clear_chunks(package))))
    return {name: json.loads(archive.read(name)) for name in archive.namelist() if name.endswith(".json")}


def test_while_all_are_heard_the_answer_leaves_at_once(camille: Browser, mailbox: Mailbox) -> None:
    reference = file_copy(camille)
    mailbox.all()
    found = case(reference)
    assert (found.status, found.outcome) == (Status.CLOSED, Outcome.GRANTED)


def test_counts_are_equal_in_page_package_and_database(camille: Browser, mailbox: Mailbox) -> None:
    reference = file_copy(camille)
    mailbox.all()
    found = case(reference)
    items = items_of(found.id)
    assert {item.outcome for item in items} == {ItemOutcome.HANDED}
    by_category: dict[str, int] = {}
    for item in items:
        by_category[str(item.category)] = by_category.get(str(item.category), 0) + item.done
    handed = {name: count for name, count in files()["manifest.json"]["counts"].items() if count}
    assert by_category == handed
    assert {name: len(files()[f"{name}.json"]) for name in handed} == handed
    kinds = db.session.execute(text("SELECT kind, source, COUNT(*) FROM records GROUP BY kind, source")).all()
    assert {(i.kind, i.rule, i.done) for i in items if i.part == "records"} == {tuple(row) for row in kinds}
    with clock.stopped_at(found.answered_at):  # as the person's own page counts them
        on_page = {str(tile.category): tile.count for tile in first_page(found.customer_id).tiles if tile.count}
    assert on_page.keys() == handed.keys()
    for name in ("usage", "transaction"):
        assert on_page[name] == handed[name]
        assert f"{handed[name]}" in camille.get("/data").text


def test_a_copy_waits_for_a_silent_system_and_leaves_without_it(
    camille: Browser, people: People, mailbox: Mailbox
) -> None:
    silence("support")
    reference = file_copy(camille)
    look_for_answers()
    found = case(reference)
    assert (found.status, found.outcome) == (Status.RECEIVED, None)
    assert "Nous attendons encore ce que gardent ces systèmes" in camille.get(f"/requests/{reference}").text
    assert found.due_on is not None
    day = leaves_on(found.due_on)
    with clock.stopped_at(clock.start_of(day) - timedelta(minutes=1)):
        look_for_answers()
        assert case(reference).outcome is None
    with clock.stopped_at(clock.start_of(day) + timedelta(hours=9)):
        look_for_answers()
        mail = mailbox.last_to(CAMILLE)
        found = case(reference)
        assert (found.status, found.outcome) == (Status.ANSWERED, Outcome.PARTIAL), "nobody had to second it"
        assert "copie" in str(mail["Subject"])
        page = people.sign_in(CAMILLE).get(f"/requests/{reference}")
        for words in (system("support").replace("\u00a0", " "), "ne nous a pas encore dit", "Ce qui manque encore"):
            assert words in page.text


def system(code: str) -> str:
    return next(each.name.text("fr") for each in installed.organisation().systems if each.code == code)


def test_a_copy_leaves_as_soon_as_the_silent_system_is_heard(camille: Browser, mailbox: Mailbox) -> None:
    silence("support")
    reference = file_copy(camille)
    take_in(complete("support", clock.now().isoformat()))
    look_for_answers()
    mailbox.all()
    assert (case(reference).status, case(reference).outcome) == (Status.CLOSED, Outcome.GRANTED)


def test_what_was_missing_follows_by_itself_once(camille: Browser, mailbox: Mailbox) -> None:
    silence("support")
    reference = file_copy(camille)
    due_on = case(reference).due_on
    assert due_on is not None
    with clock.stopped_at(clock.start_of(leaves_on(due_on)) + timedelta(hours=9)):
        look_for_answers()
        mailbox.all()
        assert case(reference).outcome is Outcome.PARTIAL
    with clock.stopped_at(clock.start_of(leaves_on(due_on)) + timedelta(days=3)):
        look_for_answers()
        before = len(mailbox.to(CAMILLE))
        take_in(visit(9, of="C-camille"), complete("support", clock.now().isoformat()))
        look_for_answers()
        look_for_answers()
        mails = mailbox.to(CAMILLE)
        assert len(mails) == before + 1, "once"
        assert mails[-1]["Subject"] == f"{reference} : votre copie est complète"
        assert "nous avons refait votre copie" in text_of(mails[-1])
        assert files()["manifest.json"]["counts"]["usage"] == 3
    (missing,) = [item for item in items_of(case(reference).id) if item.outcome is ItemOutcome.MISSING]
    assert missing.done_at is not None
    assert case(reference).status is Status.CLOSED, "who was asked has answered"


def test_a_reviewer_may_answer_without_the_silent_system_and_alone(people: People, mailbox: Mailbox) -> None:
    silence("support")
    reference = taken_in(people, Right.ACCESS)
    decide(open_case(people.signed_in_staff(), reference), "granted", "Voici votre copie.")
    mailbox.all()
    assert (case(reference).status, case(reference).outcome) == (Status.ANSWERED, Outcome.PARTIAL)


def test_it_leaves_five_working_days_before_it_is_due(people: People) -> None:
    assert leaves_on(datetime(2026, 12, 31).date()) == datetime(2026, 12, 23).date(), "Christmas and a weekend between"


def test_what_is_withheld_is_not_in_the_copy(camille: Browser, people: People, mailbox: Mailbox) -> None:
    reviewer, officer = team(people)
    reference = taken_in(people, Right.ACCESS)
    page = refuse_one(open_case(reviewer, reference), "rights_of_others", "Facture")
    link = next(link for link in item_links(page) if "Visite" in reviewer.get(link).h1)
    values = {"records-records": ["V-2"], "records-outcome": "withheld", "records-ground": "rights_of_others"}
    page = reviewer.get(link).submit(values, with_field="records-outcome")
    decide(page, "granted", "Voici votre copie.", evidence="Le document nomme une autre personne.")
    second(officer, reference)
    mailbox.all()
    assert case(reference).outcome is Outcome.PARTIAL
    found = files()
    assert "F-1" not in json.dumps(found)
    assert [item["values"]["external_id"] for item in found["usage.json"]] == ["V-1"]
    done = {item.kind: item.done for item in items_of(case(reference).id) if item.part == "records"}
    assert done == {"invoice": 0, "page_visit": 1}
