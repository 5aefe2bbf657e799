"""Which tombstone keys are still needed: without one of them an erased person could come back by a file."""

from collections.abc import Iterable

from sqlalchemy import select

from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.sealing.needed_keys import needs
from portal.personal_data.erasure.models import Tombstone


def _named() -> Iterable[int]:
    found = db.session.execute(select(Tombstone.key_version).distinct()).scalars().all()
    db.session.rollback()
    return found


needs("PORTAL_TOMBSTONE_KEYS", _named, lambda: installed.tombstone_keys().versions)
