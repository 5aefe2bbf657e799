"""A write that the database refuses tells nobody what it would have written: no log, job, page or command does."""

import sqlite3
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager

import pytest
from flask import Flask
from sqlalchemy import event, select, text

from portal.accounts.models import Account
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job
from portal.infrastructure.jobs.queue import enqueue
from portal.infrastructure.jobs.worker import run_job
from portal.staff.commands import staff
from portal.web.errors import ALPHABET
from tests.support.acting.browser import Browser
from tests.support.acting.visitors import register
from tests.support.looking.logs import served_log
from tests.support.servers.databases import IS_POSTGRESQL

# The address, the name, and how the hash of any password begins.
CANARIES = ("canary", "Zibeline", "argon2")
FIRST, SECOND, NAME = "canary.lise.1@example.org", "canary.lise.22@example.org", "Zibeline"
LOCKS = (4711, 4712)
CREATE = ["create", "--name", NAME, "--role", "officer"]

Plant = Callable[[str, str], None]


def tell(*statements: str) -> None:
    db.session.remove()
    with db.engine.connect().execution_options(portal_write=True) as connection, connection.begin():
        for statement in statements:
            connection.execute(text(statement))


def refuses(body: str) -> Plant:
    """Return what plants a trigger that refuses each new row; `{column}` in its body names that of the address."""

    def plant(table: str, column: str) -> None:
        told = body.format(column=column)
        tell(
            f"CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {told} RETURN NEW; END $$",
            f"CREATE TRIGGER planted BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION planted()",
        )

    return plant


def alters(change: str) -> Plant:
    return lambda table, column: tell(f"ALTER TABLE {table} {change.format(column=column)}")


def unique(table: str, column: str) -> None:
    tell(f"CREATE UNIQUE INDEX planted ON {table} (substr({column}, 1, 12))")


def aborts(table: str, _column: str) -> None:
    tell(f"CREATE TRIGGER planted BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'planted'); END")


def swells(table: str, _column: str) -> None:
    tell(
        "CREATE TABLE planted (filler BLOB)",
        f"CREATE TRIGGER swelling BEFORE INSERT ON {table} BEGIN INSERT INTO planted VALUES (zeroblob(9000000)); END",
    )


@contextmanager
def each_connection(pragma: str) -> Iterator[None]:
    def prepare(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA {pragma}")

    db.session.remove()
    db.engine.dispose()
    event.listen(db.engine, "connect", prepare)
    try:
        yield
    finally:
        event.remove(db.engine, "connect", prepare)
        db.session.remove()
        db.engine.dispose()


@contextmanager
def full_disk() -> Iterator[None]:
    """Let no connection of this process add a page to the database."""
    with db.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    with each_connection(f"max_page_count={pages}"):
        yield


@contextmanager
def locked() -> Iterator[None]:
    with each_connection("busy_timeout=20"), closing(sqlite3.connect(str(db.engine.url.database))) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def deadlock() -> Iterator[None]:
    """Hold a lock that the writer wants, and want the one that the writer holds, once it does."""
    mine, theirs = LOCKS

    def meet() -> None:
        with other.connect() as connection, connection.begin():
            connection.execute(text(f"SELECT pg_advisory_xact_lock({mine})"))
            is_held.set()
            held = text(f"SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = {theirs} AND granted")
            while not is_over.is_set():
                if connection.execute(held).scalar_one():
                    connection.execute(
                        text(f"SET LOCAL deadlock_timeout = '60s'; SELECT pg_advisory_xact_lock({theirs})")
                    )
                    return
                time.sleep(0.01)

    other = db.engine
    is_held, is_over = threading.Event(), threading.Event()
    thread = threading.Thread(target=meet)
    thread.start()
    assert is_held.wait(60)
    try:
        yield
    finally:
        is_over.set()
        thread.join()


if IS_POSTGRESQL:
    detail = "DETAIL = 'Key (' || NEW.{column} || ')', HINT = NEW.{column}"
    FAULTS: dict[str, Plant] = {
        "unique": unique,
        "not null": alters("ADD COLUMN planted text NOT NULL"),
        "check": alters("ADD CONSTRAINT planted CHECK ({column} NOT LIKE '%.22@%')"),
        "too long": alters("ALTER COLUMN {column} TYPE varchar(25)"),
        "no number": refuses("PERFORM NEW.{column}::integer;"),
        "no date": refuses("PERFORM NEW.{column}::date;"),
        "told": refuses("RAISE 'planted' USING " + detail + ";"),
        "serialization": refuses("RAISE 'planted' USING ERRCODE = '40001', " + detail + ";"),
        "deadlock": refuses(f"PERFORM pg_advisory_xact_lock({LOCKS[1]}); PERFORM pg_advisory_xact_lock({LOCKS[0]});"),
    }
    MEANWHILE = {"deadlock": deadlock}
else:
    FAULTS = {"unique": unique, "aborted": aborts, "full": swells, "locked": lambda *_: None}
    MEANWHILE = {"full": full_disk, "locked": locked}
EVERYWHERE = [fault for fault in FAULTS if fault not in MEANWHILE]


@contextmanager
def planted(fault: str, table: str, column: str) -> Iterator[None]:
    if fault == "not null":
        tell(f"TRUNCATE {table} CASCADE")
    FAULTS[fault](table, column)
    with ExitStack() as stack:
        if fault in MEANWHILE:
            stack.enter_context(MEANWHILE[fault]())
        yield


def assert_silent(told: str, where: str) -> None:
    assert "Error" in told or "Violation" in told or "Deadlock" in told, f"no fault in {where}: {told}"
    found = [canary for canary in CANARIES if canary in told]
    assert not found, f"{found} in {where}: {told}"


@pytest.mark.parametrize("fault", FAULTS)
def test_a_web_process_tells_nothing_of_what_it_could_not_write(app: Flask, fault: str) -> None:
    register(Browser(app), FIRST, given_name=NAME)
    with served_log() as log, planted(fault, "accounts", "email"):
        page = register(Browser(app), SECOND, given_name=NAME)
    assert page.status in {500, 503}
    assert_silent(log.getvalue(), "the log")
    assert "argon2" not in page.text
    assert any(letter in page.text for letter in ALPHABET)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_worker_tells_nothing_of_what_it_could_not_write(app: Flask, fault: str) -> None:
    register(Browser(app), FIRST, given_name=NAME)
    register(Browser(app), SECOND, given_name=NAME)
    accounts = list(db.session.execute(select(Account.id).order_by(Account.id)).scalars())
    with transaction():
        for account_id in accounts:
            enqueue("accounts.answer_registration", account_id=account_id)
    jobs = list(db.session.execute(select(Job.id).order_by(Job.id.desc()).limit(2)).scalars())
    db.session.rollback()
    first, second = sorted(jobs)
    if fault == "unique":
        assert run_job(first)
    with served_log() as log, planted(fault, "mails", "to_address"):
        try:
            run_job(second)
        except Exception as error:  # a worker's engine logs what it could not even record
            log.write(f"{error!r} {error.__cause__!r}")
    assert_silent(log.getvalue(), "the log")
    db.session.rollback()
    kept = db.session.get_one(Job, second).last_error
    if fault not in MEANWHILE or IS_POSTGRESQL:
        assert kept
        assert_silent(kept, "last_error")


@pytest.mark.parametrize("fault", EVERYWHERE)
def test_a_command_tells_nothing_of_what_it_could_not_write(app: Flask, fault: str) -> None:
    runner = app.test_cli_runner()
    if fault == "unique":
        assert runner.invoke(staff, [*CREATE, FIRST]).exit_code == 0
    with planted(fault, "staff_members", "email"):
        done = runner.invoke(staff, [*CREATE, SECOND])
    assert done.exit_code == 1
    assert done.exc_info
    assert_silent(done.output + "".join(traceback.format_exception(done.exc_info[1])), "what the command would print")


def test_a_command_of_its_own_tells_as_little(app: Flask, run_flask) -> None:
    told = list(FAULTS)[1]
    with planted(told, "staff_members", "email"):
        done = run_flask("staff", *CREATE, SECOND, check=False)
    assert done.returncode == 1
    assert_silent(done.stderr + done.stdout, "what the command printed")
