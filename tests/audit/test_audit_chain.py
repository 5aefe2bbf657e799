"""The audit trail: written with its fact or not at all, in commit order, and every tampering is found."""

import sqlite3
import threading
from contextlib import closing
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError

from portal.audit.guards import missing_guards
from portal.audit.models import AuditEvent
from portal.audit.recording import event_hash, record
from portal.audit.tags import TAGS, declare
from portal.audit.verification import Verification, verify_chain
from portal.infrastructure.database import db, transaction
from tests.support.servers.databases import IS_POSTGRESQL, lift_append_only

TRIED = declare("portal:chain:tried", "number")


def write_events(count: int) -> None:
    for number in range(count):
        with transaction():
            record(TRIED, actor="command", subject="portal", number=number)


def tamper(statement: object) -> None:
    db.session.rollback()  # what was read must not hold the table against the change
    lift_append_only()
    with db.engine.connect().execution_options(portal_write=True) as connection, connection.begin():
        connection.execute(statement)  # type: ignore[call-overload]
    db.session.rollback()


def test_a_whole_chain_verifies(app: Flask) -> None:
    write_events(5)
    assert verify_chain().fault is None
    assert verify_chain().events == 5


def test_an_event_of_a_rolled_back_transaction_is_not_written(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        record(TRIED, actor="command", subject="portal", number=1)
        _ = 1 / 0
    write_events(1)
    assert verify_chain().events == 1


def test_an_event_needs_a_transaction_and_its_exact_keys(app: Flask) -> None:
    with pytest.raises(RuntimeError):
        record(TRIED, actor="command", subject="portal", number=1)
    with transaction(), pytest.raises(ValueError, match="takes exactly"):
        record(TRIED, actor="command", subject="portal", number=1, name="Camille")


def test_a_tag_keeps_one_set_of_keys() -> None:
    with pytest.raises(ValueError, match="other keys"):
        declare("portal:chain:tried", "other")
    with pytest.raises(ValueError, match="subject:object:verb_past"):
        declare("tried")


def test_every_declared_tag_is_well_formed(app: Flask) -> None:
    for tag in TAGS:
        subject, thing, verb = tag.split(":")
        assert subject, tag
        assert thing, tag
        assert verb, tag


@pytest.mark.parametrize("statement", [update(AuditEvent).values(actor="x"), delete(AuditEvent)])
def test_the_database_itself_refuses_a_change(app: Flask, statement: object) -> None:
    write_events(2)
    with pytest.raises(DBAPIError, match="append-only"), transaction() as session:
        session.execute(statement)  # type: ignore[call-overload]
    assert verify_chain().events == 2


COLUMNS = "sequence, at, tag, actor, subject, facts, previous_hash, hash"


def copy_of(sequence: str, previous: str = "previous_hash", of: int = 2, columns: str = "") -> str:
    """Return the rest of an INSERT: the event `of`, with another number and another hash before it."""
    values = COLUMNS.replace("sequence, at", f"{sequence}, at").replace("previous_hash", previous)
    return f"INTO audit_events ({columns.partition(':')[0]}{COLUMNS}) SELECT {columns.partition(':')[2]}{values} FROM audit_events WHERE sequence = {of}"


LAST = "(SELECT hash FROM audit_head)"
REWRITES = [
    "INSERT " + copy_of("9"),
    "INSERT " + copy_of("4"),
    "INSERT " + copy_of("0"),
    "UPDATE audit_head SET sequence = 2",
    "UPDATE audit_head SET sequence = 4",
    "UPDATE audit_head SET hash = 'x'",
    "UPDATE audit_head SET id = 2",
    "DELETE FROM audit_head",
    "INSERT INTO audit_head (id, sequence, hash) VALUES (2, 0, 'x')",
    "DELETE FROM audit_events WHERE sequence = 3",
    "UPDATE audit_events SET actor = 'x'",
]
if IS_POSTGRESQL:
    REWRITES += [
        "TRUNCATE audit_events",
        "TRUNCATE audit_head",
        "TRUNCATE audit_events, audit_head",
        "INSERT " + copy_of("3") + " ON CONFLICT (sequence) DO UPDATE SET actor = 'x'",
    ]
else:
    REWRITES += [
        "REPLACE " + copy_of("3"),
        "INSERT OR REPLACE " + copy_of("3"),
        "INSERT OR REPLACE " + copy_of("1", "'" + "0" * 64 + "'"),
        # By the number that SQLite gives each row, an event that follows the head takes the place of the first.
        "INSERT OR REPLACE " + copy_of("4", LAST, columns="rowid, :1, "),
        "UPDATE OR REPLACE audit_events SET sequence = 3 WHERE sequence = 2",
        "REPLACE INTO audit_head (id, sequence, hash) VALUES (1, 0, 'x')",
        "UPDATE OR REPLACE audit_head SET sequence = 0",
        "INSERT " + copy_of("3") + " ON CONFLICT (sequence) DO UPDATE SET actor = 'x'",
    ]


def foreign_connection(app: Flask) -> Any:
    """Open a connection that knows nothing of the portal, as a shell of the database's own does."""
    url = app.extensions["settings"].database_url
    if IS_POSTGRESQL:
        return closing(psycopg.connect(url, autocommit=True))
    return closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None))


@pytest.mark.parametrize("statement", REWRITES)
def test_a_shell_of_the_database_rewrites_nothing(app: Flask, statement: str) -> None:
    write_events(3)
    before = snapshot()
    db.session.remove()
    with foreign_connection(app) as shell, pytest.raises((sqlite3.Error, psycopg.Error), match="append-only"):
        shell.execute(statement)
    assert snapshot() == before
    write_events(1)
    assert verify_chain() == Verification(4, None)


def snapshot() -> list[tuple[Any, ...]]:
    """Return all that the trail holds."""
    db.session.rollback()
    return [tuple(row) for table in ("audit_events", "audit_head") for row in db.session.execute(
        text(f"SELECT * FROM {table} ORDER BY 1")
    )]  # fmt: skip


def test_an_event_after_the_head_is_all_that_the_database_takes(app: Flask) -> None:
    write_events(3)
    db.session.remove()
    with foreign_connection(app) as shell:
        shell.execute("INSERT " + copy_of("4", LAST))
    assert "event 4 was changed" in str(verify_chain().fault), "its hash is that of another event"


def test_several_events_of_one_transaction_follow_each_other(app: Flask) -> None:
    with transaction():
        for number in range(4):
            record(TRIED, actor="command", subject="portal", number=number)
    assert verify_chain() == Verification(4, None)


def test_the_command_says_who_no_longer_guards_the_trail(app: Flask, run_flask) -> None:
    write_events(2)
    assert missing_guards() == []
    db.session.remove()
    gone = "audit_events_only_next"
    with foreign_connection(app) as shell:
        shell.execute(f"DROP TRIGGER {gone}" + (" ON audit_events" if IS_POSTGRESQL else ""))
        if IS_POSTGRESQL:
            shell.execute("ALTER TABLE audit_head DISABLE TRIGGER audit_head_no_change")
    found = run_flask("audit", "verify", check=False)
    assert found.returncode == 1
    assert "whole: 2 events" in found.stdout
    assert gone in found.stderr
    assert ("audit_head_no_change" in found.stderr) is IS_POSTGRESQL


@pytest.mark.parametrize("place", [1, 3, 5])
def test_a_changed_byte_is_found(app: Flask, place: int) -> None:
    write_events(5)
    tamper(update(AuditEvent).where(AuditEvent.sequence == place).values(actor="Command"))
    assert verify_chain().sequence == place


@pytest.mark.parametrize("place", [1, 3, 5])
def test_a_deleted_row_is_found(app: Flask, place: int) -> None:
    write_events(5)
    tamper(delete(AuditEvent).where(AuditEvent.sequence == place))
    assert verify_chain().sequence == place


def test_two_swapped_rows_are_found(app: Flask) -> None:
    write_events(5)
    for before, after in ((2, 100), (4, 2), (100, 4)):
        tamper(update(AuditEvent).where(AuditEvent.sequence == before).values(sequence=after))
    assert verify_chain().sequence == 2


def test_an_inserted_row_is_found_even_with_a_fitting_hash(app: Flask) -> None:
    write_events(3)
    last = db.session.execute(select(AuditEvent).order_by(AuditEvent.sequence.desc()).limit(1)).scalar_one()
    content = {"at": last.at, "tag": last.tag, "actor": "staff:x", "subject": "portal", "facts": {"number": 9}}
    forged = AuditEvent(sequence=4, previous_hash=last.hash, hash=event_hash(4, content, last.hash), **content)
    values = {column.name: getattr(forged, column.name) for column in AuditEvent.__table__.columns}
    tamper(AuditEvent.__table__.insert().values(**values))
    assert verify_chain().sequence == 5
    assert "head says otherwise" in str(verify_chain().fault)


def test_the_command_says_what_is_broken(app: Flask, run_flask) -> None:
    write_events(3)
    assert "whole: 3 events" in run_flask("audit", "verify").stdout
    tamper(update(AuditEvent).where(AuditEvent.sequence == 2).values(facts={"number": 7}))
    found = run_flask("audit", "verify", check=False)
    assert found.returncode == 1
    assert "event 2 was changed" in found.stderr


def test_concurrent_writers_make_one_gapless_chain(app: Flask) -> None:
    def write() -> None:
        with app.app_context():
            write_events(10)
            db.session.remove()

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = verify_chain()
    assert found.fault is None
    assert found.events == 60
