"""A copy of many records: read once, whole in its files, its pages to read the newest ones or, if asked for, all."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zipfile import ZipFile

import pytest
from flask import Flask
from sqlalchemy import event, insert, select

from portal import clock
from portal.exports.delivery import clear_chunks
from portal.exports.models import AnswerPackage
from portal.infrastructure.database import db, transaction
from portal.records.models import Record
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import run_asked_jobs
from tests.support.acting.people import People
from tests.support.filing import describe_copy, trust_device
from tests.support.packages import only_customer

MANY = 1100
LARGE = 2**70 + 1


@pytest.fixture
def customer(people: People) -> Browser:
    """A customer whom a system watched more often than one page can show."""
    browser = people.signed_in()
    trust_device()
    owner = only_customer().id
    with transaction() as session:
        session.execute(insert(Record.__table__), [_visit(owner, place) for place in range(MANY)])
    return browser


def _visit(owner: int, place: int) -> dict[str, Any]:
    at = clock.now() - timedelta(minutes=place)
    return {
        "customer_id": owner, "kind": "page_visit", "category": "usage", "external_id": f"V-{place}", "source": "analytics",
        "recorded_at": at, "received_at": at, "rule": "",
        "values": {"page": f"https://netkin.fr/{place}", "title": "Prix, délais", "seconds": LARGE if place == MANY - 1 else 3},
    }  # fmt: skip


def files_of(newest: AnswerPackage) -> dict[str, bytes]:
    with ZipFile(io.BytesIO(b"".join(clear_chunks(newest)))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def copied(browser: Browser, **asked: object) -> dict[str, bytes]:
    """Ask for a copy through the form, and return the files of the answer that left."""
    describe_copy(browser, scope="all", details="", **asked).submit(action="/send")
    run_asked_jobs()
    return files_of(db.session.execute(select(AnswerPackage)).scalar_one())


@pytest.fixture
def reads(app: Flask) -> Iterator[list[str]]:
    """The statements that read records' values."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("SELECT records.kind, records.external_id"):
            seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield seen
    event.remove(db.engine, "before_cursor_execute", note)


def test_the_files_hold_all_and_the_pages_the_newest(customer: Browser, reads: list[str]) -> None:
    files = copied(customer)
    records = json.loads(files["usage.json"])
    rows = list(csv.DictReader(io.StringIO(files["usage.csv"].decode("utf-8-sig"))))
    assert [item["values"]["external_id"] for item in records] == [f"V-{place}" for place in range(MANY)]
    assert [row["external_id"] for row in rows] == [f"V-{place}" for place in range(MANY)]
    assert records[-1]["values"]["seconds"] == LARGE
    assert rows[-1]["seconds"] == str(LARGE), "a number that 64 bits do not hold"
    assert {row["title"] for row in rows} == {"Prix, délais"}
    assert "usage-2.html" not in files
    page = files["usage.html"].decode()
    assert page.count("<article>") == 500
    assert "Cette page montre les 500 données les plus récentes" in page
    assert "usage.csv" in page
    assert len(reads) == 9, "each category is read once"


def test_whoever_asks_has_every_item_on_a_page(customer: Browser) -> None:
    files = copied(customer, every_page="y")
    names = ["usage.html", "usage-2.html", "usage-3.html"]
    assert [files[name].decode().count("<article>") for name in names] == [500, 500, 100]
    assert "usage-4.html" not in files
    assert "https://netkin.fr/1099" in files["usage-3.html"].decode()
    assert "Cette page montre" not in files["usage.html"].decode()
