"""A process that finds the server full waits for a place, and connects no more often than it may."""

import threading
import time
from collections.abc import Iterator

import psycopg
import pytest
from flask import Flask
from sqlalchemy import URL, create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from portal.config import Settings, SettingsFault
from portal.infrastructure.connections import pool as connections
from portal.infrastructure.connections.pool import engine_options
from portal.infrastructure.database import db
from portal.infrastructure.locking.faults import is_busy, is_out

ROLE = "portal_of_few_places"


def test_the_pool_is_as_the_settings_say(settings: Settings) -> None:
    options = engine_options(settings.model_copy(update={"database_pool": 7, "database_pool_idle": 2}))
    assert (options["pool_size"], options["max_overflow"]) == (2, 5)


def test_more_idle_connections_than_connections_are_a_fault(settings: Settings) -> None:
    values = {
        f"PORTAL_{name.upper()}": str(value) for name, value in settings.model_dump().items() if isinstance(value, str)
    }
    with pytest.raises(SettingsFault, match="PORTAL_DATABASE_POOL_IDLE must not be larger"):
        Settings.from_environment(values | {"PORTAL_DATABASE_POOL": "3"})


def test_a_thread_that_finds_none_free_is_told_so(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    db.session.rollback()
    pool = db.engine.pool
    monkeypatch.setattr(pool, "_timeout", 0.1)
    held = [db.engine.connect() for _ in range(20)]
    try:
        with pytest.raises(PoolTimeout) as raised:
            db.engine.connect()
        assert is_busy(raised.value)
        client = app.test_client()
        client.set_cookie("session", "a" * 43)
        answer = client.get("/data")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    finally:
        for connection in held:
            connection.close()


@pytest.fixture
def one_place(app: Flask) -> Iterator[URL]:
    """The address of the database for a role that may connect once."""
    with psycopg.connect(db.engine.url.set(drivername="postgresql").render_as_string(False), autocommit=True) as own:
        own.execute(f"DROP ROLE IF EXISTS {ROLE}")
        own.execute(f"CREATE ROLE {ROLE} LOGIN CONNECTION LIMIT 1")
        yield db.engine.url.set(username=ROLE)
        own.execute(f"DROP ROLE {ROLE}")


@pytest.mark.postgresql
def test_a_process_waits_for_a_place_on_a_full_server(one_place: URL) -> None:
    engine = create_engine(one_place)
    holder = psycopg.connect(one_place.set(drivername="postgresql").render_as_string(False))
    leaving = threading.Timer(0.4, holder.close)
    leaving.start()
    began = time.monotonic()
    with engine.connect():
        assert time.monotonic() - began > 0.3
    leaving.join()
    engine.dispose()


@pytest.mark.postgresql
def test_a_process_that_gets_no_place_says_so(one_place: URL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "SECONDS_FOR_A_PLACE", 0.3)
    holder = psycopg.connect(one_place.set(drivername="postgresql").render_as_string(False))
    with holder, pytest.raises(OperationalError) as raised:
        create_engine(one_place).connect()
    assert is_out(raised.value)


@pytest.mark.postgresql
def test_nobody_waits_for_a_server_that_is_not_there(app: Flask) -> None:
    began = time.monotonic()
    with pytest.raises(OperationalError):
        create_engine(db.engine.url.update_query_dict({"host": "/nowhere"})).connect()
    assert time.monotonic() - began < connections.SECONDS_FOR_A_PLACE
