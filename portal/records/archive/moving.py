"""Records move to the archive when their active use is over, and back when it goes on after all: never in both."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from sqlalchemy import Insert, Select, String, bindparam, delete, func, insert, literal, select, update

from portal import clock
from portal.infrastructure.database import BigId, UtcDateTime, db
from portal.infrastructure.id_lists import among
from portal.records.archive.counts import ArchiveCountChanges
from portal.records.archive.models import ArchivedRecord
from portal.records.counts import CountChanges
from portal.records.data_map.kinds import DataMap, installed_data_map
from portal.records.data_map.retention_rules import Duty
from portal.records.days.expiry import Days
from portal.records.models import Record

RECORDS = Record.__table__
ARCHIVE = ArchivedRecord.__table__
SAME = (
    "customer_id", "kind", "category", "external_id", "recorded_at", "source", "values", "rule", "active_until",
    "expires_on", "received_at", "corrected_at", "corrected_fields",
)  # fmt: skip
"""The columns that both tables have."""


def archive_records(
    ids: Collection[int],
    ground: str = "",
    erasure_id: int | None = None,
    last_days: Mapping[int, date] = MappingProxyType({}),
) -> int:
    """Move records to the archive in the current transaction, which holds their customers locked; return how many.

    Args:
        ground: why they are kept, as a code; empty for the duty of the rule of each.
        erasure_id: the erasure that leaves them there; what moved for one does not come back.
        last_days: for records without a last day of their own, by id: the one that the erasure gives them.
    """
    if not ids:
        return 0
    _give_last_days(last_days)
    piles = db.session.execute(_piles(ids)).all()
    data_map, counts, archived = installed_data_map(), CountChanges(), ArchiveCountChanges()
    for kind, rule in sorted({(pile.kind, pile.rule) for pile in piles}):
        db.session.execute(_copied(ids, kind, rule, erasure_id, _why(data_map, kind, rule, ground)))
    db.session.execute(delete(RECORDS).where(among(RECORDS.c.id, ids)))
    for pile in piles:
        counts.take_off((pile.customer_id, pile.category), pile.number)
        archived.add((pile.customer_id, pile.category, pile.kind), pile.last_day, pile.number)
    counts.write()
    archived.write()
    return sum(pile.number for pile in piles)


def _give_last_days(last_days: Mapping[int, date]) -> None:
    if last_days:
        given = update(RECORDS).where(RECORDS.c.id == bindparam("record_id")).values(expires_on=bindparam("last_day"))
        rows = [{"record_id": number, "last_day": day} for number, day in last_days.items()]
        db.session.connection().execute(given, rows)


def _piles(ids: Collection[int]) -> Select[Any]:
    """Return the select of how many of some records are of which kind, rule and customer, and the last day of them."""
    which = (RECORDS.c.customer_id, RECORDS.c.category, RECORDS.c.kind, RECORDS.c.rule)
    counted = select(*which, func.count().label("number"), func.max(RECORDS.c.expires_on).label("last_day"))
    return counted.where(among(RECORDS.c.id, ids)).group_by(*which)


def _copied(ids: Collection[int], kind: str, rule: str, erasure_id: int | None, why: Mapping[str, str]) -> Insert:
    """Return the statement that copies the records of one kind and rule: their values never leave the database."""
    added = {
        "archived_at": literal(clock.now(), UtcDateTime),
        "erasure_id": literal(erasure_id, BigId),
        **{name: literal(value, String) for name, value in why.items()},
    }
    copies = select(*(RECORDS.c[name] for name in SAME), *added.values())
    copies = copies.where(among(RECORDS.c.id, ids), RECORDS.c.kind == kind, RECORDS.c.rule == rule)
    return insert(ARCHIVE).from_select([*SAME, *added], copies)


def return_records(days: Mapping[int, Days]) -> int:
    """Move records back from the archive, with the days they have now; return how many.

    The current transaction holds their customers locked.

    Args:
        days: of each record, by its id in the archive.
    """
    taken = delete(ARCHIVE).where(among(ARCHIVE.c.id, days))
    rows, counts, archived = [], CountChanges(), ArchiveCountChanges()
    for row in db.session.execute(taken.returning(ARCHIVE.c.id, *(ARCHIVE.c[name] for name in SAME))):
        rows.append(_same(row) | days[row.id]._asdict())
        counts.add((row.customer_id, row.category), row.recorded_at)
        archived.take_off((row.customer_id, row.category, row.kind))
    if rows:
        db.session.connection().execute(insert(RECORDS), rows)
    counts.write()
    archived.write()
    return len(rows)


def keep_in_archive_until(days: Mapping[int, Days]) -> None:
    """Write other days for records that stay in the archive; each has a last day. Arguments as `return_records`."""
    if not days:
        return
    changed = update(ARCHIVE).where(ARCHIVE.c.id == bindparam("archived_id"))
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in Days._fields}
    rows = [
        {"archived_id": number} | {f"new_{name}": value for name, value in each._asdict().items()}
        for number, each in days.items()
    ]
    db.session.connection().execute(changed.values(values), rows)
    piles = select(ARCHIVE.c.customer_id, ARCHIVE.c.category, ARCHIVE.c.kind).where(among(ARCHIVE.c.id, days))
    archived = ArchiveCountChanges()
    for pile in db.session.execute(piles.distinct()):
        archived.move((pile.customer_id, pile.category, pile.kind))
    archived.write()


def leave_in_archive(ids: Collection[int], erasure_id: int) -> int:
    """Mark records of the archive as left there by an erasure, in the current transaction; return how many."""
    marked = update(ARCHIVE).where(ARCHIVE.c.id.in_(ids)).values(erasure_id=erasure_id)
    return db.session.connection().execute(marked).rowcount if ids else 0


def remove_archived(ids: Collection[int]) -> int:
    """Remove records from the archive in the current transaction; return how many."""
    gone = delete(ARCHIVE).where(among(ARCHIVE.c.id, ids))
    piles = db.session.execute(gone.returning(ARCHIVE.c.customer_id, ARCHIVE.c.category, ARCHIVE.c.kind)).all()
    archived = ArchiveCountChanges()
    for (customer_id, category, kind), number in Counter(map(tuple, piles)).items():
        archived.take_off((customer_id, category, kind), number)
    archived.write()
    return len(piles)


def _same(row: Any) -> dict[str, Any]:
    return {name: row._mapping[name] for name in SAME}


def _why(data_map: DataMap, code: str, rule_code: str, ground: str) -> dict[str, str]:
    kind = data_map.kinds.get(code)
    if kind is None:
        return {"ground": ground or Duty.CHOICE.value, "legal_reference": ""}
    rule = kind.retention.rule_named(rule_code)
    return {"ground": ground or kind.duty_of(rule).value, "legal_reference": rule.legal_reference.fr}
