"""Whoever reads waits for no writer; whoever writes waits a little, then is told so in words and loses nothing."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import update

from portal import clock
from portal.access.models import ApiToken
from portal.access.permissions import Role
from portal.access.tokens import create_token
from portal.accounts.models import AccountSession
from portal.infrastructure.database import db, transaction
from portal.infrastructure.locking import turns
from portal.staff.models import StaffSession
from tests.support.acting.people import People
from tests.support.servers.databases import IS_POSTGRESQL

HOLD = """
import sqlite3, sys
held = sqlite3.connect(sys.argv[1], isolation_level=None)
held.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""
SESSIONS = ("account_sessions", "staff_sessions", "api_tokens")


@contextmanager
def held(app: Flask, *tables: str) -> Iterator[None]:
    """Hold the write lock of SQLite in another process, or every row of some tables in PostgreSQL."""
    db.session.rollback()
    url = db.engine.url
    if IS_POSTGRESQL:
        with closing(psycopg.connect(url.set(drivername="postgresql").render_as_string(False))) as holder:
            for table in tables:
                holder.execute(f"SELECT 1 FROM {table} FOR UPDATE")
            yield
        return
    command = [sys.executable, "-c", HOLD, str(url.database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        try:
            yield
        finally:
            holder.communicate()


def age(*models: Any) -> None:
    """Make the last use of every session and token old enough to be noted again."""
    with transaction() as session:
        for model in models:
            session.execute(update(model).values(last_used_at=clock.now() - timedelta(minutes=10)))


def seconds(act: Any) -> tuple[float, Any]:
    began = time.monotonic()
    answer = act()
    return time.monotonic() - began, answer


def test_a_page_is_read_while_somebody_writes(app: Flask, people: People) -> None:
    customer, officer = people.signed_in(), people.signed_in_staff(Role.OFFICER)
    with transaction():
        _row, token = create_token("Marketing", ["preferences:list"])
    bearer = {"headers": {"Authorization": f"Bearer {token}"}}
    acts = {
        "a page of a customer": (lambda: customer.client.get("/data"), 200),
        "a page of staff": (lambda: officer.client.get("/staff/queue"), 200),
        "a call of a machine": (lambda: customer.client.get("/feed/v1/preferences", **bearer), 200),
        "an error page": (lambda: customer.client.get("/nowhere"), 404),
    }
    for act, _expected in acts.values():
        act()  # templates are compiled now
    age(AccountSession, StaffSession, ApiToken)
    with held(app, *SESSIONS):
        for what, (act, expected) in acts.items():
            taken, answer = seconds(act)
            assert answer.status_code == expected
            assert taken < 1, f"{what} waited {taken:.1f} s for a writer"


def test_the_last_use_is_noted_when_nobody_writes(app: Flask, people: People) -> None:
    customer = people.signed_in()
    age(AccountSession)
    assert customer.get("/data").status == 200
    row = db.session.execute(db.select(AccountSession)).scalar_one()
    assert clock.now() - row.last_used_at < timedelta(minutes=1)


@pytest.mark.parametrize(("language", "words"), [("fr", "n’est pas enregistré"), ("en", "was not saved")])
def test_a_writer_waits_then_is_told(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch, language: str, words: str
) -> None:
    monkeypatch.setattr(turns, "PATIENCE", 0.6)
    customer = people.signed_in(language=language)
    customer.headers = {"Accept-Language": language}
    page = customer.get("/preferences")
    age(AccountSession)
    with held(app, "account_sessions", "customers", "preference_states"):
        taken, answer = seconds(lambda: page.submit({"offers.email": "accept"}, with_field="offers.email"))
    assert answer.status == 503, answer.text
    assert 0.5 < taken < 3, "neither given up at once nor waited for twice"
    assert words in answer.text
    assert int(answer.response.headers["Retry-After"]) <= 10
    assert page.submit({"offers.email": "accept"}, with_field="offers.email").status == 200
