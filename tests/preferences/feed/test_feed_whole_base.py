"""The whole base as NDJSON and CSV: the same items as one by one, safe to open, streamed in bounded memory."""

import csv
import io
import json

import pytest
from flask import Flask

from portal.infrastructure.database import db, transaction
from portal.preferences.choices.consent import Choice, record_choices, suppress
from portal.preferences.feed import whole_base
from portal.preferences.models import Origin, PreferenceState
from portal.preferences.purposes import FLAG_CODES
from tests.support.acting.people import People
from tests.support.preferences import FeedClient, customer_of

HOSTILE = [
    "=1+1", "+cmd", "-2+3", "@SUM(A1)", "\tx", 'a"b', "a,b", "back\\slash", "tab\tin", "new\nline", "Zoë ✓", "\\N", "\\.",
]  # fmt: skip


@pytest.fixture
def feed(app: Flask) -> FeedClient:
    return FeedClient(app)


@pytest.fixture
def everybody(people: People) -> list[str]:
    """People with every kind of reference and of choice."""
    for number, reference in enumerate([*HOSTILE, "C-plain", "C-restricted"]):
        people.customer(f"p{number}@example.org", external_id=reference)
        with transaction():
            choices = [Choice(flag, True, "w", "1") for flag in FLAG_CODES[number::3]]
            record_choices(customer_of(f"p{number}@example.org"), choices, origin=Origin.PORTAL, language="fr")
    with transaction():
        suppress(customer_of(f"p{len(HOSTILE) + 1}@example.org"), "restricted")
    return [*HOSTILE, "C-plain", "C-restricted"]


def test_each_line_is_the_item_of_a_customer(everybody: list[str], feed: FeedClient) -> None:
    response = feed.get("/feed/v1/preferences.ndjson")
    assert response.mimetype == "application/x-ndjson"
    items = [json.loads(line) for line in response.get_data(as_text=True).split("\n") if line]
    assert {item["customer"] for item in items} == set(everybody)
    one_by_one = feed.post("/feed/v1/preferences/lookup", {"references": [item["customer"] for item in items]})
    assert items == one_by_one.get_json()["items"]


def test_the_table_says_the_same_and_runs_no_formula(everybody: list[str], feed: FeedClient) -> None:
    response = feed.get("/feed/v1/preferences.csv")
    assert response.mimetype == "text/csv"
    header, *rows = csv.reader(io.StringIO(response.get_data(as_text=True), newline=""))
    assert header == list(whole_base.CSV_HEADER)
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@", "\t"))]
    by_reference = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    assert len(by_reference) == len(everybody)
    assert by_reference["'=1+1"]["suppressed"] == "false"
    for reference in ("C-plain", "C-restricted", "Zoë ✓", 'a"b', "a,b", "new\nline", "back\\slash"):
        item = feed.item(reference) if "\n" not in reference else None
        row = by_reference[reference]
        if item:
            assert {flag: row[flag] == "true" for flag in FLAG_CODES} == item["flags"]
            assert (row["reason"] or None, row["sequence"]) == (item["reason"], str(item["sequence"]))
            assert row["updated_at"] == item["updated_at"]


def test_the_cursor_goes_on_from_the_base(everybody: list[str], feed: FeedClient) -> None:
    for path in ("/feed/v1/preferences.ndjson", "/feed/v1/preferences.csv"):
        cursor = feed.get(path).headers["Feed-Cursor"]
        assert feed.get(f"/feed/v1/preferences?after={cursor}").get_json()["items"] == []
    with transaction():
        record_choices(
            customer_of("p0@example.org"), [Choice(FLAG_CODES[0], False, "w", "2")], origin=Origin.PORTAL, language="fr"
        )
    changes = feed.get(f"/feed/v1/preferences?after={cursor}").get_json()["items"]
    assert [item["customer"] for item in changes] == [HOSTILE[0]]


def test_an_empty_base_is_a_header_and_no_line(feed: FeedClient) -> None:
    assert feed.get("/feed/v1/preferences.ndjson").data == b""
    assert feed.get("/feed/v1/preferences.csv").get_data(as_text=True) == ",".join(whole_base.CSV_HEADER) + "\r\n"


def test_it_comes_in_chunks(people: People, feed: FeedClient) -> None:
    people.customer()
    with transaction() as session:
        template = session.execute(db.select(PreferenceState)).scalar_one()
        customers = [
            {"public_id": f"{number:032x}", "given_name": "", "family_name": "", "language": "fr", "status": "active",
             "external_id": f"B-{number}", "created_at": template.updated_at}
            for number in range(2500)
        ]  # fmt: skip
        session.execute(db.insert(type(customer_of("camille@example.org"))), customers)
        ids = session.execute(db.select(type(customer_of("camille@example.org")).id).order_by("id")).scalars().all()
        states = [
            {"customer_id": id_, "reference": f"B-{id_}", "flags": template.flags, "latest_choices": {},
             "is_suppressed": False, "sequence": 1000 + id_, "updated_at": template.updated_at}
            for id_ in ids if id_ != template.customer_id
        ]  # fmt: skip
        session.execute(db.insert(PreferenceState), states)
    chunks = list(whole_base.ndjson(db.engine)[1])
    assert len(chunks) >= 5
    assert max(map(len, chunks)) < 1024 * 1024
    assert b"".join(chunks).count(b"\n") == 2501
    assert all(chunk.endswith(b"\n") for chunk in chunks)


def test_a_flag_declared_later_is_off(people: People, feed: FeedClient) -> None:
    people.customer()
    with transaction() as session:
        state = session.execute(db.select(PreferenceState)).scalar_one()
        state.flags = {"offers.email": True, "a.flag.of.old": True}
    (line,) = feed.get("/feed/v1/preferences.ndjson").get_data(as_text=True).splitlines()
    assert json.loads(line)["flags"] == dict.fromkeys(FLAG_CODES, False) | {"offers.email": True}
    assert feed.item("C-camille")["flags"] == json.loads(line)["flags"]
