"""The audit trail: written with its fact or not at all, in commit order, and every tampering is found."""

import threading

import pytest
from flask import Flask
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DBAPIError

from portal.audit.models import AuditEvent
from portal.audit.recording import event_hash, record
from portal.audit.tags import TAGS, declare
from portal.audit.verification import verify_chain
from portal.infrastructure.database import db, transaction
from tests.support.servers.databases import lift_append_only

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
