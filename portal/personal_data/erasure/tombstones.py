"""Keyed hashes of what named an erased person, so that no file of a system brings them back.

The keys lie outside of the database and its backups: whoever has only those cannot try addresses against the hashes. A
tombstone stops systems, never the person: who registers again, or comes by Facebook and says so, releases address and
Facebook number. The company's number stays buried.
"""

from collections.abc import Iterable
from datetime import date
from typing import Final

from sqlalchemy import ColumnElement, and_, case, false, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.addresses import AddressRefused, normalise_address
from portal.customers.models import Customer
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.personal_data.erasure.listeners import addresses_of, numbers_of
from portal.personal_data.erasure.models import Erasure, Tombstone

RELEASED = declare("customer:tombstone:released", "what", "entry")

ADDRESS: Final = "address"
REFERENCE: Final = "reference"
FACEBOOK: Final = "facebook"


def named(what: str, value: str) -> str:
    """Return what is hashed: an address in the one normal form, the others with their sort before them."""
    if what != ADDRESS:
        return f"{what}:{value}"
    try:
        return normalise_address(value)
    except AddressRefused:
        return value


def bury(erasure: Erasure, customer: Customer, addresses: Iterable[str] = (), *, last_day: date | None = None) -> int:
    """Put a tombstone on all by which an erased person is known, in the current transaction; return how many.

    Args:
        addresses: addresses besides those that domains still hold.
        last_day: of what the archive keeps; None where it keeps nothing.
    """
    values = [(ADDRESS, address) for address in [*addresses_of(customer.id), *addresses]]
    values += [(FACEBOOK, number) for number in numbers_of(customer.id)]
    values += [(REFERENCE, reference) for reference in {customer.external_id, customer.public_id} if reference]
    return _bury(erasure, values, last_day_of_tombstones(last_day))


def bury_numbers(erasure: Erasure) -> int:
    """Put a tombstone on the numbers that Facebook gave for a person whose account goes and whose file stays."""
    values = [(FACEBOOK, number) for number in numbers_of(erasure.customer_id)]
    return _bury(erasure, values, last_day_of_tombstones(None))


def last_day_for(erasure: Erasure) -> date | None:
    """Return the last day of the tombstones that an erasure put; None where it put none."""
    put = select(func.max(Tombstone.ends_on)).where(Tombstone.erasure_id == erasure.id)
    return db.session.execute(put).scalar_one()


def _bury(erasure: Erasure, values: Iterable[tuple[str, str]], ends_on: date) -> int:
    keys = installed.tombstone_keys()
    rows = {(what, keys.hash(named(what, value))) for what, value in values}
    for what, keyed_hash in sorted(rows):
        _put(what, keyed_hash, keys.current, erasure.id, ends_on)
    return len(rows)


def last_day_of_tombstones(archived_until: date | None) -> date:
    """Return the last day of a person's tombstones: the latest of three years, and the ends of archive and backups."""
    retention = installed.organisation().retention
    days = [retention.suppression.after(clock.today()), retention.backups.after(clock.today())]
    return max([*days, archived_until] if archived_until else days)


def is_buried(what: str, value: str) -> Tombstone | None:
    """Return the tombstone of an address, a reference or a Facebook number that was not released; None without one.

    Args:
        what: `ADDRESS`, `REFERENCE` or `FACEBOOK`.
    """
    statement = select(Tombstone).where(_is_of(what, [value])).order_by(Tombstone.id.desc()).limit(1)
    return db.session.execute(statement).scalar_one_or_none()


def buried_among(what: str, values: Iterable[str]) -> set[str]:
    """Return those of some values that have a tombstone, in one query: imports and the feed ask for thousands."""
    keys = installed.tombstone_keys()
    by_hash = {hashed: value for value in values for hashed in keys.hashes(named(what, value)).values()}
    found: set[str] = set()
    hashes = list(by_hash)
    for start in range(0, len(hashes), _A_STATEMENT):
        lies = (Tombstone.what == what, Tombstone.keyed_hash.in_(hashes[start : start + _A_STATEMENT]), _lies())
        found |= {by_hash[hashed] for hashed in db.session.execute(select(Tombstone.keyed_hash).where(*lies)).scalars()}
    return found


def release(what: str, value: str) -> bool:
    """Let an address or a Facebook number be known here again, in the current transaction, since the person came back.

    Returns:
        Whether there was a tombstone.

    Raises:
        ValueError: the company's number is not released this way; an officer does, with a second person.
    """
    if what == REFERENCE:
        raise ValueError("the company's number is released by an officer alone")
    freed = update(Tombstone).where(_is_of(what, [value])).values(released_at=clock.now())
    erasures = db.session.execute(freed.returning(Tombstone.erasure_id)).scalars().all()
    if erasures:
        entry = db.session.execute(select(Erasure.entry).where(Erasure.id == erasures[0])).scalar_one_or_none()
        record(RELEASED, actor="portal", subject="portal", what=what, entry=entry)
    return bool(erasures)


_A_STATEMENT: Final = 1000


def _is_of(what: str, values: list[str]) -> ColumnElement[bool]:
    keys = installed.tombstone_keys()
    pairs = [pair for value in values for pair in keys.hashes(named(what, value)).items()]
    hashed = [and_(Tombstone.key_version == version, Tombstone.keyed_hash == each) for version, each in pairs]
    return and_(Tombstone.what == what, or_(false(), *hashed), _lies())


def _lies() -> ColumnElement[bool]:
    return and_(Tombstone.released_at.is_(None), Tombstone.ends_on >= clock.today())


def _put(what: str, keyed_hash: str, version: int, erasure_id: int, ends_on: date) -> None:
    """Add a tombstone, or renew the one of somebody who came back in between."""
    insert = postgresql.insert if db.session.connection().dialect.name == "postgresql" else sqlite.insert
    values = {"erasure_id": erasure_id, "made_at": clock.now(), "ends_on": ends_on, "released_at": None}
    statement = insert(Tombstone).values(what=what, keyed_hash=keyed_hash, key_version=version, **values)
    new = statement.excluded.ends_on
    later = values | {"ends_on": case((new > Tombstone.ends_on, new), else_=Tombstone.ends_on)}
    db.session.execute(
        statement.on_conflict_do_update(index_elements=["what", "keyed_hash", "key_version"], set_=later)
    )


def named_record(kind: str, external_id: str) -> str:
    """Return what is hashed of a single record that was erased (`ErasedRecord`)."""
    return f"record:{kind}:{external_id}"
