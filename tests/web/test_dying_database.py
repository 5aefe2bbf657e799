"""While PostgreSQL dies, pages say so by 503, never by 500; what nobody can know is told as that; then all is well."""

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from portal.infrastructure.database import db
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People

pytestmark = pytest.mark.postgresql

CHOICE = "offers.email"
SLOW_COMMIT = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(30); RETURN NULL; END';
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON consent_records DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION slow();
"""


def own_connection() -> "psycopg.Connection[Any]":
    return psycopg.connect(db.engine.url.set(drivername="postgresql").render_as_string(False), autocommit=True)


def kill_all(own: "psycopg.Connection[Any]", which: str = "true") -> int:
    """End the portal's connections to this database that meet a condition; return how many there were."""
    killed = own.execute(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        f" WHERE datname = current_database() AND pid <> pg_backend_pid() AND {which}"  # type: ignore[arg-type]
    ).fetchone()
    return int(killed[0]) if killed else 0


def kill_while(condition: str, act: Callable[[], Page]) -> Page:
    """Do something, end its connection once it meets a condition, and return what was answered."""
    db.session.rollback()
    answers: list[Page] = []
    with own_connection() as own:
        acting = threading.Thread(target=lambda: answers.append(act()))
        acting.start()
        deadline = time.monotonic() + 30
        while not kill_all(own, condition):
            assert time.monotonic() < deadline, "nobody came to that point"
            time.sleep(0.01)
        acting.join(30)
    return answers[0]


def save(page: Page) -> Page:
    return page.submit({CHOICE: "accept"}, with_field=CHOICE)


def kept() -> int:
    db.session.rollback()
    return int(db.session.execute(text("SELECT count(*) FROM consent_records WHERE is_given")).scalar_one())


def test_connections_that_ended_while_idle_cost_one_page(app: Flask, people: People) -> None:
    browser: Browser = people.signed_in()
    db.session.remove()
    with own_connection() as own:
        assert kill_all(own)
    first = browser.get("/data")
    assert first.status == 503 and first.response.headers["Retry-After"]
    assert browser.get("/data").status == 200


def test_a_connection_that_ends_before_the_commit_keeps_nothing(app: Flask, people: People) -> None:
    page = people.signed_in().get("/preferences")
    with own_connection() as holder, holder.transaction():
        holder.execute("SELECT 1 FROM audit_head FOR UPDATE")
        answer = kill_while("wait_event_type = 'Lock'", lambda: save(page))
    assert answer.status == 503
    assert "n’est pas enregistré" in answer.text
    assert kept() == 0
    assert save(page).status == 200 and kept() == 1


def test_a_connection_that_ends_in_the_commit_is_told_as_unknown(app: Flask, people: People) -> None:
    page = people.signed_in().get("/preferences")
    db.session.rollback()
    with own_connection() as own:
        own.execute(SLOW_COMMIT)
    answer = kill_while("query = 'COMMIT' AND wait_event = 'PgSleep'", lambda: save(page))
    assert answer.status == 503
    assert answer.h1 == "Nous ne savons pas si c’est enregistré"
    assert "rouvrez la page" in answer.text
    assert kept() == 0
