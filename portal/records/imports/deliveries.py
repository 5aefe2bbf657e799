"""Which systems of the company have said all they hold: each ends a whole delivery by a line of its own."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from portal import clock
from portal.infrastructure.database import db
from portal.records.imports.models import CompleteDelivery

HEARD_FOR: Final = timedelta(days=31)
"""How long a whole delivery counts: a month, as long as the law leaves for an answer (GDPR art. 12(3))."""


def note_complete(source: str, as_of: datetime) -> bool:
    """Note in the current transaction that a system sent all it held at an instant; return whether that is news.

    An older line than the one that is known changes nothing: what was known to be complete stays so.
    """
    is_postgresql = db.session.connection().dialect.name == "postgresql"
    insert = (postgresql.insert if is_postgresql else sqlite.insert)(CompleteDelivery)
    new = insert.values(source=source, as_of=as_of, received_at=clock.now())
    changes = {"as_of": new.excluded.as_of, "received_at": new.excluded.received_at}
    is_newer = new.excluded.as_of > CompleteDelivery.as_of
    statement = new.on_conflict_do_update(index_elements=["source"], set_=changes, where=is_newer)
    return db.session.execute(statement.returning(CompleteDelivery.source)).first() is not None


def silent_systems(systems: Iterable[str]) -> list[str]:
    """Return which systems, by code, have no whole delivery younger than `HEARD_FOR`."""
    is_fresh = CompleteDelivery.as_of > clock.now() - HEARD_FOR
    heard = set(db.session.execute(select(CompleteDelivery.source).where(is_fresh)).scalars())
    return [code for code in systems if code not in heard]
