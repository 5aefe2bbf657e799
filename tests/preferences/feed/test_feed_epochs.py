"""What a machine keeps of the feed, cursors and ETags, does not outlive a rewind of the database (weight.md, W1)."""

import threading
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, text

from portal.infrastructure.database import db, transaction
from portal.personal_data.ledger.entries import note
from portal.personal_data.ledger.epochs import BEGUN, RESTORED, epoch
from portal.personal_data.ledger.models import EntryKind
from portal.preferences.choices.consent import give, object_to_marketing, withdraw
from portal.preferences.models import Origin
from tests.support.acting.people import People
from tests.support.preferences import FeedClient, customer_of

CHANGES = "/feed/v1/preferences"
ONE = f"{CHANGES}/C-camille"


@pytest.fixture
def feed(app: Flask, people: People) -> FeedClient:
    people.customer()
    draw("e1", BEGUN)
    return FeedClient(app)


def draw(name: str, cause: str = RESTORED) -> None:
    with transaction():
        note(EntryKind.EPOCH, {"epoch": name, "cause": cause})


def say(given: bool) -> None:
    with transaction():
        act = give if given else withdraw
        act(customer_of("camille@example.org"), "offers.email", origin=Origin.PORTAL, wording="w", wording_version="1",
            language="fr")  # fmt: skip


def next_of(feed: FeedClient, after: str = "") -> str:
    return str(feed.get(f"{CHANGES}?after={after}" if after else CHANGES).get_json()["next"])


def refused(feed: FeedClient, after: str) -> dict[str, Any]:
    answer = feed.get(f"{CHANGES}?after={after}")
    assert (answer.status_code, answer.mimetype) == (410, "application/problem+json")
    problem: dict[str, Any] = answer.get_json()
    assert problem["whole_base"] == "http://localhost:8000/feed/v1/preferences.ndjson"
    return problem


def test_a_cursor_names_the_epoch(feed: FeedClient) -> None:
    cursor = next_of(feed)
    assert cursor.startswith("e1.")
    say(True)
    [item] = feed.get(f"{CHANGES}?after={cursor}").get_json()["items"]
    assert next_of(feed, cursor) == f"e1.{item['sequence']}"


def test_a_cursor_of_another_epoch_is_gone(feed: FeedClient) -> None:
    cursor = next_of(feed)
    draw("e2")
    assert "cursor" not in refused(feed, cursor)
    assert next_of(feed).startswith("e2.")


def test_a_number_beyond_the_newest_is_gone(feed: FeedClient) -> None:
    newest = int(next_of(feed).partition(".")[2])
    assert next_of(feed, f"e1.{newest}") == f"e1.{newest}"
    assert "cursor" not in refused(feed, f"e1.{newest + 1}")


def test_a_bare_number_is_gone_and_is_told_its_new_form(feed: FeedClient) -> None:
    newest = int(next_of(feed).partition(".")[2])
    assert refused(feed, str(newest))["cursor"] == f"e1.{newest}"
    assert feed.get(f"{CHANGES}?after=e1.{newest}").status_code == 200
    assert "cursor" not in refused(feed, str(newest + 1))
    draw("e2")
    assert "cursor" not in refused(feed, str(newest)), "a number from before a restore says nothing"


def test_the_base_gives_a_cursor_of_its_own_epoch(feed: FeedClient) -> None:
    for kind in ("ndjson", "csv"):
        cursor = feed.get(f"{CHANGES}.{kind}").headers["Feed-Cursor"]
        assert feed.get(f"{CHANGES}?after={cursor}").get_json() == {"items": [], "next": cursor}


def test_an_etag_of_another_epoch_never_answers_304(feed: FeedClient) -> None:
    for path in (ONE, f"{CHANGES}/C-unknown"):
        etag = feed.get(path).headers["ETag"]
        assert feed.get(path, If_None_Match=etag).status_code == 304
        draw(f"after-{path[-3:]}")
        assert feed.get(path, If_None_Match=etag).status_code == 200


def test_an_etag_is_of_the_state_and_not_of_its_number(feed: FeedClient, people: People) -> None:
    seen = set()
    for given in (True, False, True):
        say(given)
        seen.add(feed.get(ONE).headers["ETag"])
    assert len(seen) == 3
    etag = feed.get(ONE).headers["ETag"]
    people.customer("other@example.org")
    assert feed.get(ONE).headers["ETag"] == etag
    with transaction():
        db.session.execute(text("UPDATE preference_states SET sequence = sequence + 1000"))
    assert feed.get(ONE, If_None_Match=etag).status_code == 304, "numbering later is no change of the state"


def test_between_the_commit_and_the_numbering_the_etag_is_new(feed: FeedClient) -> None:
    """A change whose number did not come yet must not answer 304 to who read the state before it."""
    etag = feed.get(ONE).headers["ETag"]
    before = db.session.execute(text("SELECT sequence FROM preference_states")).scalar_one()
    say(True)
    with transaction():
        db.session.execute(text("UPDATE preference_states SET sequence = :n"), {"n": before})
    answer = feed.get(ONE, If_None_Match=etag)
    assert answer.status_code == 200
    assert answer.get_json()["flags"]["offers.email"] is True


def test_every_writer_raises_the_version(feed: FeedClient) -> None:
    etag = feed.get(ONE).headers["ETag"]
    say(True)
    with transaction():
        object_to_marketing(customer_of("camille@example.org"), Origin.PORTAL)
    version = db.session.execute(text("SELECT version FROM preference_states")).scalar_one()
    assert version == 3
    assert feed.get(ONE).headers["ETag"] != etag


def test_cursor_and_rows_are_read_from_one_connection(feed: FeedClient, app: Flask) -> None:
    """A replica that lags, or a pool that reaches two servers, must not give the rows of one and the cursor of another."""
    statements: list[tuple[int, str]] = []

    def watch(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "preference_states" in statement:
            statements.append((threading.get_ident(), statement))

    event.listen(db.engine, "before_cursor_execute", watch)
    try:
        feed.get(CHANGES)
        assert len(statements) == 1
        statements.clear()
        feed.get(f"{CHANGES}.ndjson")
        assert statements == [], "the base and its cursor come from the one raw connection"
    finally:
        event.remove(db.engine, "before_cursor_execute", watch)


def test_a_database_without_an_epoch_still_has_one(app: Flask) -> None:
    assert epoch() == "0"
    assert FeedClient(app).get(CHANGES).get_json()["next"] == "0.0"
