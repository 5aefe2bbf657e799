"""The person's own words stand beside a value wherever it is shown, in use and in the archive, and in their copies.

And a value in the archive is corrected there.
"""

import csv
import io
import json
import zipfile
from datetime import date
from typing import Any

import pytest
from bs4 import BeautifulSoup
from jsonschema import Draft202012Validator
from sqlalchemy import select

from portal.access.permissions import Role
from portal.customers.models import Customer
from portal.exports.delivery import clear_chunks
from portal.infrastructure.database import db
from portal.instructions.queue import instructions_of
from portal.personal_data.corrections.models import ValueStatement
from portal.records.archive.models import ArchivedRecord
from portal.rights.lifecycle import Outcome
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.cases import decide, item_links, open_case, second
from tests.support.erasing.pages import team
from tests.support.filing import CAMILLE, OF, ask_to_correct, only_request, trust_device
from tests.support.looking.archive import in_archive, on
from tests.support.packages import build, take_in
from tests.support.records import customer, invoice, record

WORDS = "Je vis à Lyon depuis mai."
ON_SCORE = "Ce paiement était le mien."
FACTS = "Nous avons relu le dossier du 3 mars : la ville y est la bonne."


@pytest.fixture
def camille(people: People) -> Browser:
    browser = people.signed_in(CAMILLE)
    trust_device()
    return browser


@pytest.fixture
def staff(people: People) -> tuple[Browser, Browser]:
    return team(people)


def leave_with_statement(staff: tuple[Browser, Browser], reference: str) -> None:
    page = staff[0].get(item_links(open_case(staff[0], reference))[0])
    page = page.submit({"item-outcome": "statement", "item-ground": "data_are_accurate"}, with_field="item-outcome")
    assert page.status == 200, page.errors
    assert decide(page, "granted", FACTS, evidence="Facture du 3 mars.").status == 200
    assert second(staff[1], reference).status == 200


def copy_of(purpose: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(clear_chunks(build(purpose)))))


def thing(archive: zipfile.ZipFile, category: str, kind: str) -> dict[str, Any]:
    (found,) = [item for item in json.loads(archive.read(f"{category}.json")) if item["kind"] == kind]
    return dict(found)


def look_up(worker: Browser) -> str:
    values = {"identifier": CAMILLE, "reason": "Elle demande au téléphone ce que nous tenons.", "request_reference": ""}
    page = worker.get("/staff/customers").submit(values, with_field="reason")
    return worker.get(f"{page.url}/contact").text + worker.get(f"{page.url}/profile").text


def test_words_stand_beside_a_value_in_use_wherever_it_is_shown(
    camille: Browser, people: People, staff: tuple[Browser, Browser]
) -> None:
    take_in(
        record("postal_address", "A-1", {"use": "billing", "line1": "1 rue Haute", "city": "Lille"}, OF),
        record("fraud_score", "S-1", {"score": 0.7, "level": "high"}, OF),
    )  # fmt: skip
    ask_to_correct(camille, "contact", "Corriger (Ville)", value_city="Lyon", statement=WORDS)
    leave_with_statement(staff, only_request().reference)
    ask_to_correct(camille, "profile", "Ajouter vos mots (Élevé)", statement=ON_SCORE)

    assert WORDS in camille.get("/data/contact").text and ON_SCORE in camille.get("/data/profile").text
    seen = look_up(people.signed_in_staff(Role.SUPPORT))
    assert WORDS in seen and ON_SCORE in seen, "the teams read them too"

    access = copy_of("access")
    (said,) = thing(access, "contact", "postal_address")["values"]["statements"]
    assert (said["field"], said["text"]) == ("city", WORDS)
    (row,) = [
        row
        for row in csv.DictReader(io.StringIO(access.read("contact.csv").decode("utf-8-sig"), newline=""))
        if row["kind"] == "postal_address"
    ]
    assert WORDS in row["statements"]
    assert WORDS in BeautifulSoup(access.read("contact.html").decode(), "html.parser").get_text()
    assert ON_SCORE in BeautifulSoup(access.read("profile.html").decode(), "html.parser").get_text()

    portable = copy_of("portability")
    address = thing(portable, "contact", "postal_address")
    assert [said["text"] for said in address["values"]["statements"]] == [WORDS]
    assert list(Draft202012Validator(json.loads(portable.read("schema.json"))).iter_errors([address])) == []


@pytest.fixture
def archived(camille: Browser) -> Browser:
    take_in(customer(OF, email=CAMILLE, relationship_ended_on="2026-06-30"), invoice("F-77", "49.90", of=OF))
    on(date(2026, 12, 1))
    assert in_archive() == {"F-77"}
    return camille


def kept() -> ArchivedRecord:
    db.session.rollback()
    return db.session.execute(select(ArchivedRecord)).scalar_one()


def ask_in_archive(browser: Browser, **typed: Any) -> str:
    form = browser.get("/data/transaction/F-77/correct?kind=invoice")
    assert form.status == 200
    form.submit(typed, with_field=next(iter(typed))).submit(action="/send")
    return str(only_request().reference)


def test_a_value_in_the_archive_is_corrected_there_and_told(archived: Browser, staff: tuple[Browser, Browser]) -> None:
    reference = ask_in_archive(archived, value_amount="39,90")
    assert decide(open_case(staff[0], reference), "granted").status == 200
    assert (kept().values["amount"], kept().corrected_fields) == ("39.90", ["amount"])
    assert only_request().outcome is Outcome.GRANTED
    assert "billing" in {row.target for row in instructions_of(only_request().id)}
    take_in(invoice("F-77", "49.90", of=OF))
    assert kept().values["amount"] == "39.90", "no line changes the archive"


def test_words_stand_beside_a_value_in_the_archive(archived: Browser, staff: tuple[Browser, Browser]) -> None:
    leave_with_statement(staff, ask_in_archive(archived, value_amount="39,90", statement=WORDS))
    assert db.session.execute(select(ValueStatement.field)).scalar_one() == "amount"
    values = {"identifier": CAMILLE, "ground": "litigation", "reason": FACTS, "request_reference": ""}
    assert WORDS in staff[1].get("/staff/archive").submit(values, with_field="reason").text
    access = copy_of("access")
    assert thing(access, "transaction", "invoice")["values"]["statements"][0]["text"] == WORDS
    assert db.session.execute(select(Customer)).scalar_one().external_id == OF
