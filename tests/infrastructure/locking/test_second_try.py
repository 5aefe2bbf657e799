"""What PostgreSQL undid so that others could go on is done once more, and only once, by views, jobs and imports."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import orjson
import psycopg
import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from portal.access.tokens import create_token
from portal.infrastructure.counters import Counter, next_number
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.infrastructure.jobs.queue import JobRun, enqueue, handlers
from portal.infrastructure.jobs.worker import run_job
from portal.infrastructure.locking.second_try import run_twice
from tests.support.acting.browser import OwnContextClient
from tests.support.acting.people import People

pytestmark = pytest.mark.postgresql

HEAD, STATES, CUSTOMERS = "audit_head", "preference_states", "customers"
CHOICE = "offers.email"


@contextmanager
def crossed(held: str, wanted: str, times: int = 1) -> Iterator[list[int]]:
    """Hold the rows of a table; as often as somebody has rows that we want, wait for them, until they wait for ours.

    PostgreSQL then undoes the other, who looks for the circle earlier. We wait first: it looks once, when a wait is new.
    Yields the list of the circles that were closed.
    """
    db.session.rollback()
    address = db.engine.url.set(drivername="postgresql").render_as_string(False)
    circles: list[int] = []

    def oppose() -> None:
        with psycopg.connect(address) as own:
            own.execute("SET deadlock_timeout = '60s'")
            own.execute(f"SELECT 1 FROM {held} FOR UPDATE")
            ready.set()
            while len(circles) < times and not over.is_set():
                try:
                    with own.transaction(force_rollback=True):
                        own.execute(f"SELECT 1 FROM {wanted} FOR UPDATE NOWAIT")
                except psycopg.errors.LockNotAvailable:
                    with own.transaction(force_rollback=True):
                        own.execute(f"SELECT 1 FROM {wanted} FOR UPDATE")
                    circles.append(1)
                over.wait(0.002)

    ready, over = threading.Event(), threading.Event()
    opponent = threading.Thread(target=oppose)
    opponent.start()
    assert ready.wait(20)
    try:
        yield circles
    finally:
        over.set()
        opponent.join(20)


def test_a_view_runs_once_more_and_saves_once(app: Flask, people: People) -> None:
    page = people.signed_in().get("/preferences")
    with crossed(HEAD, STATES) as circles:
        answer = page.submit({CHOICE: "accept"}, with_field=CHOICE)
    assert circles == [1], "nobody was undone, so nothing was shown"
    assert answer.status == 200 and answer.text.count("Vos choix sont enregistrés") == 1
    kept = db.session.execute(text("SELECT count(*) FROM consent_records WHERE is_given")).scalar_one()
    assert kept == 1


def test_whoever_is_undone_twice_is_told(app: Flask, people: People) -> None:
    page = people.signed_in().get("/preferences")
    with crossed(HEAD, STATES, times=2) as circles:
        answer = page.submit({CHOICE: "accept"}, with_field=CHOICE)
    assert circles == [1, 1]
    assert answer.status == 503 and answer.response.headers["Retry-After"] == "5"
    assert "Trop de modifications arrivent en même temps" in answer.h1
    assert db.session.execute(text("SELECT count(*) FROM consent_records")).scalar_one() == 0
    assert page.submit({CHOICE: "accept"}, with_field=CHOICE).status == 200


def test_a_machine_that_is_undone_twice_is_told(app: Flask, people: People) -> None:
    people.customer()
    with crossed(STATES, CUSTOMERS, times=2) as circles:
        answer = _import(app)
    assert circles == [1, 1]
    assert answer.status_code == 503 and answer.headers["Retry-After"] == "5"
    assert answer.mimetype == "application/problem+json"


def test_a_batch_of_an_import_runs_once_more(app: Flask, people: People) -> None:
    people.customer()
    with crossed(STATES, CUSTOMERS) as circles:
        answer = _import(app)
    assert circles == [1]
    assert answer.status_code == 200 and answer.json["accepted"] == 2, answer.text


def _import(app: Flask) -> TestResponse:
    with transaction():
        _row, token = create_token("Import", ["records:write"])
    lines = [
        {"type": "customer", "external_id": "C-camille", "email": "camille@example.org", "given_name": "Camillia"},
        {"type": "consent", "customer": "C-camille", "flag": CHOICE, "given": False, "at": "2026-01-02T10:00:00Z",
         "wording": "May we write to you?", "source": "crm"},
    ]  # fmt: skip
    return OwnContextClient(app, app.response_class).post(
        "/ingest/v1/records", data=b"\n".join(map(orjson.dumps, lines)), content_type="application/x-ndjson",
        headers={"Authorization": f"Bearer {token}"},
    )  # fmt: skip


def count_two(run: JobRun) -> None:
    with run.finish():
        next_number("first")
        next_number("second")


def test_a_job_runs_once_more_at_once(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(handlers, "test.count_two", count_two)
    with transaction() as session:
        next_number("first")
        next_number("second")
        enqueue("test.count_two")
        job = session.execute(select(Job).order_by(Job.id.desc()).limit(1)).scalar_one()
    job_id = job.id
    second, first = ("counters WHERE name = 'second'", "counters WHERE name = 'first'")
    with crossed(second, first) as circles:
        assert run_job(job_id)
    assert circles == [1]
    db.session.rollback()
    assert db.session.get_one(Job, job_id).status is JobStatus.DONE
    assert db.session.get_one(Job, job_id).attempts == 1
    assert [db.session.get_one(Counter, name).value for name in ("first", "second")] == [2, 2]


def test_what_was_committed_is_not_done_twice(app: Flask) -> None:
    with transaction():
        next_number("first")
        next_number("second")

    def act() -> None:
        with transaction():
            next_number("third")
        count()

    def count() -> None:
        with transaction():
            next_number("first")
            next_number("second")

    second, first = ("counters WHERE name = 'second'", "counters WHERE name = 'first'")
    with crossed(second, first) as circles, pytest.raises(OperationalError):
        run_twice(act)
    assert circles == [1]
    assert db.session.get_one(Counter, "third").value == 1
    with crossed(second, first):
        run_twice(count)  # the control: the same, with nothing committed before
