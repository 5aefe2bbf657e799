"""Change, delete, swap, replace and insert audit events at many places: the database refuses it, or it is found."""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import delete, select, update

from portal.audit.models import AuditEvent
from portal.audit.recording import event_hash, record
from portal.audit.tags import declare
from portal.audit.verification import verify_chain
from portal.infrastructure.database import db, transaction
from tests.support.servers.databases import lift_append_only
from tests.trial.installation import installation

TRIED = declare("portal:trial:tried", "number")


def tamper_everywhere(reduced: bool) -> str:
    """Tamper with a chain at each place in turn, putting it back in between."""
    events = 12 if reduced else 150
    found = refused = 0
    with installation() as portal, portal.app.app_context():
        for number in range(events):
            with transaction():
                record(TRIED, actor="command", subject="portal", number=number)
        rows = [_values(row) for row in db.session.execute(select(AuditEvent).order_by(AuditEvent.sequence)).scalars()]
        for place in range(1, events + 1):
            refused += _refused_by_the_database(place, events)
        assert verify_chain().fault is None
        for place in range(1, events + 1):
            for statements in _attacks(rows, place):
                _write(statements)
                assert verify_chain().fault, f"an attack at event {place} was not found"
                found += 1
                _write([delete(AuditEvent), *(AuditEvent.__table__.insert().values(**row) for row in rows)])
        assert verify_chain().fault is None
    return f"{refused} attacks on {events} events refused by the database, {found} on an unguarded one, all found"


def _refused_by_the_database(place: int, last: int) -> int:
    """Try what a shell of the database can write without taking a trigger away; each statement must be refused."""
    columns = "at, tag, 'staff:x', subject, facts, previous_hash, hash FROM audit_events WHERE sequence"
    head = "(SELECT hash FROM audit_head)"
    statements = [
        f"REPLACE INTO audit_events SELECT sequence, {columns} = {place}",
        f"INSERT OR REPLACE INTO audit_events SELECT sequence, {columns} = {place}",
        f"INSERT INTO audit_events SELECT {last + place + 1}, {columns} = {place}",
        f"INSERT OR REPLACE INTO audit_events (rowid, sequence, at, tag, actor, subject, facts, previous_hash, hash)"
        f" SELECT rowid, {last + 1}, at, tag, actor, subject, facts, {head}, hash FROM audit_events WHERE sequence = {place}",
        f"UPDATE OR REPLACE audit_events SET sequence = {last + 1 - place} WHERE sequence = {place}",
        f"DELETE FROM audit_events WHERE sequence >= {place}",
        f"UPDATE audit_head SET sequence = {place - 1}",
        f"REPLACE INTO audit_head SELECT 1, sequence, hash FROM audit_events WHERE sequence = {place}",
    ]
    db.session.remove()
    with closing(sqlite3.connect(str(db.engine.url.database), isolation_level=None)) as shell:
        for statement in statements:
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                shell.execute(statement)
    return len(statements)


def _attacks(rows: list[dict], place: int) -> list[list]:
    changed = update(AuditEvent).where(AuditEvent.sequence == place).values(facts={"number": -1})
    removed = delete(AuditEvent).where(AuditEvent.sequence == place)
    attacks = [[changed], [removed]]
    if place < len(rows):
        moves = ((place, 10**6), (place + 1, place), (10**6, place + 1))
        attacks.append([update(AuditEvent).where(AuditEvent.sequence == a).values(sequence=b) for a, b in moves])
    replaced = rows[place - 1] | {"actor": "staff:x"}
    replaced["hash"] = event_hash(place, replaced, replaced["previous_hash"])
    if place < len(rows):
        attacks.append([AuditEvent.__table__.insert().prefix_with("OR REPLACE").values(**replaced)])
    forged = rows[-1] | {"sequence": len(rows) + place, "previous_hash": rows[-1]["hash"]}
    forged["hash"] = event_hash(forged["sequence"], forged, forged["previous_hash"])
    attacks.append([AuditEvent.__table__.insert().values(**forged)])
    return attacks


def _values(row: AuditEvent) -> dict:
    return {column.name: getattr(row, column.name) for column in AuditEvent.__table__.columns}


def _write(statements: list) -> None:
    db.session.rollback()
    lift_append_only()
    with db.engine.connect().execution_options(portal_write=True) as connection, connection.begin():
        for statement in statements:
            connection.execute(statement)
