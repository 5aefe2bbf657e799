"""Change, delete, swap and insert audit events at many places: every one is found."""

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
    found = 0
    with installation() as portal, portal.app.app_context():
        for number in range(events):
            with transaction():
                record(TRIED, actor="command", subject="portal", number=number)
        rows = [_values(row) for row in db.session.execute(select(AuditEvent).order_by(AuditEvent.sequence)).scalars()]
        for place in range(1, events + 1):
            for statements in _attacks(rows, place):
                _write(statements)
                assert verify_chain().fault, f"an attack at event {place} was not found"
                found += 1
                _write([delete(AuditEvent), *(AuditEvent.__table__.insert().values(**row) for row in rows)])
        assert verify_chain().fault is None
    return f"{found} attacks on {events} events, all found"


def _attacks(rows: list[dict], place: int) -> list[list]:
    changed = update(AuditEvent).where(AuditEvent.sequence == place).values(facts={"number": -1})
    removed = delete(AuditEvent).where(AuditEvent.sequence == place)
    attacks = [[changed], [removed]]
    if place < len(rows):
        moves = ((place, 10**6), (place + 1, place), (10**6, place + 1))
        attacks.append([update(AuditEvent).where(AuditEvent.sequence == a).values(sequence=b) for a, b in moves])
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
