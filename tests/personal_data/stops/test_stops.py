"""A use that a person objected to: held back in the feed from its filing, stopped for good, after a restore too."""

import csv
import io
from typing import Any

import orjson
import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.infrastructure.ledger import Line
from portal.personal_data.ledger.models import EntryKind, LedgerEntry
from portal.personal_data.ledger.replaying import _heard_by
from portal.personal_data.stops.changing import PURPOSE, settle, take_back, weigh_from_now
from portal.personal_data.stops.models import StopState
from portal.personal_data.stops.standing import stops_of_one
from portal.preferences.choices.consent import suppress
from portal.preferences.models import PreferenceState
from tests.support.acting.people import People
from tests.support.cases import case, taken_in
from tests.support.preferences import FeedClient


def person() -> Customer:
    db.session.rollback()
    return db.session.execute(select(Customer)).scalar_one()


def stopped(*purposes: str, state: StopState = StopState.STOPPED) -> None:
    with transaction():
        for purpose in purposes:
            settle(person().id, purpose, state, None)


def states() -> dict[str, str]:
    return {code: str(stop.state) for code, stop in stops_of_one(person().id).items()}


@pytest.fixture
def feed(app: Flask) -> FeedClient:
    return FeedClient(app)


def test_the_feed_names_what_is_weighed_or_stopped_as_a_change(people: People, feed: FeedClient) -> None:
    request_id = case(taken_in(people)).id
    before = feed.item("C-camille")
    assert before["stops"] == []
    with transaction():
        weigh_from_now(person().id, request_id, ["security", "fraud_prevention", "security"])
    now = feed.item("C-camille")
    assert now["stops"] == ["fraud_prevention", "security"]
    assert now["sequence"] > before["sequence"], "whoever follows the changes reads it"
    assert (now["flags"], now["suppressed"], now["reason"]) == (before["flags"], False, None)
    stopped("fraud_prevention")
    stopped("security", state=StopState.OVERRIDDEN)
    assert feed.item("C-camille")["stops"] == ["fraud_prevention"]


def test_it_stands_in_every_form_of_the_feed(people: People, feed: FeedClient) -> None:
    people.customer()
    people.customer("emma@example.org")
    with transaction() as session:
        camille = session.execute(select(Customer).where(Customer.email == "camille@example.org")).scalar_one()
        for purpose in ("statistics", "fraud_prevention"):
            settle(camille.id, purpose, StopState.STOPPED, None)
    expected = {"C-camille": ["fraud_prevention", "statistics"], "C-emma": []}
    changes = feed.get("/feed/v1/preferences").get_json()["items"]
    lines = [orjson.loads(line) for line in feed.get("/feed/v1/preferences.ndjson").data.splitlines()]
    rows = list(csv.DictReader(io.StringIO(feed.get("/feed/v1/preferences.csv").text)))
    assert {item["customer"]: item["stops"] for item in changes} == expected
    assert {item["customer"]: item["stops"] for item in lines} == expected
    assert {row["customer"]: row["stops"].split() for row in rows} == expected
    assert feed.item("C-nobody")["stops"] == []


def test_it_answers_with_another_etag(people: People, feed: FeedClient) -> None:
    people.customer()
    first = feed.get("/feed/v1/preferences/C-camille").headers["ETag"]
    stopped("statistics")
    assert feed.get("/feed/v1/preferences/C-camille").headers["ETag"] != first


def test_an_erased_person_stands_in_the_feed_with_nothing(people: People, feed: FeedClient) -> None:
    people.customer()
    stopped("statistics")
    with transaction():
        suppress(person(), "erased")
    assert db.session.execute(select(PreferenceState.stops)).scalar_one() == []


def test_a_stop_is_told_to_the_ledger_and_done_again_after_a_restore(people: People, feed: FeedClient) -> None:
    people.customer()
    public_id = person().public_id
    stopped("fraud_prevention")
    body = {"what": PURPOSE, "customer": public_id, "purpose": "fraud_prevention"}
    told = db.session.execute(select(LedgerEntry).where(LedgerEntry.kind == EntryKind.OBJECTED)).scalar_one()
    assert told.body == body
    for _time in range(2):
        with transaction() as session:
            if stop := stops_of_one(person().id).get("fraud_prevention"):
                session.delete(stop)
            session.execute(select(PreferenceState)).scalar_one().stops = []
        replay(body)
        assert states() == {"fraud_prevention": "stopped"}
        assert feed.item("C-camille")["stops"] == ["fraud_prevention"]
    replay(body | {"customer": "somebody who is not in the backup"})


def replay(body: dict[str, Any]) -> None:
    line = Line(1, "e", EntryKind.OBJECTED, clock.now(), body, "")
    with transaction():
        for listener in _heard_by(line):
            listener(line.body)


def test_what_was_continued_is_weighed_anew_and_continued_again_when_that_is_taken_back(people: People) -> None:
    request_id = case(taken_in(people)).id
    stopped("fraud_prevention", state=StopState.OVERRIDDEN)
    with transaction():
        weigh_from_now(person().id, request_id, ["fraud_prevention"])
    assert states() == {"fraud_prevention": "weighing"}
    with transaction():
        take_back(person().id, request_id)
    assert states() == {}


def test_a_stop_is_for_good(people: People) -> None:
    request_id = case(taken_in(people)).id
    stopped("statistics")
    with transaction():
        weigh_from_now(person().id, request_id, ["statistics"])
        settle(person().id, "statistics", StopState.OVERRIDDEN, request_id)
        take_back(person().id, request_id)
    assert states() == {"statistics": "stopped"}
