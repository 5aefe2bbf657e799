"""Which systems of the company have said all they hold: each ends a whole delivery by a line of its own."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from portal import clock
from portal.infrastructure.database import db
from portal.records.imports.models import CompleteDelivery

HEARD_FOR: Final = timedelta(days=31)
"""How long a whole delivery counts: a month, as long as the law leaves for an answer (GDPR art. 12(3))."""


def note_complete(source: str, as_of: datetime) -> bool:
    """Note in the current transaction that a system sent all it held at an instant; return whether that is news.

    An older line than the one that is known changes nothing: what was known to be complete stays so.
    """
    known = db.session.get(CompleteDelivery, source, with_for_update=True)
    if known is None:
        db.session.add(CompleteDelivery(source=source, as_of=as_of))
        db.session.flush()
        return True
    if as_of <= known.as_of:
        return False
    known.as_of, known.received_at = as_of, clock.now()
    return True


def silent_systems(systems: Iterable[str]) -> list[str]:
    """Return which systems, by code, have no whole delivery younger than `HEARD_FOR`."""
    is_fresh = CompleteDelivery.as_of > clock.now() - HEARD_FOR
    heard = set(db.session.execute(select(CompleteDelivery.source).where(is_fresh)).scalars())
    return [code for code in systems if code not in heard]
