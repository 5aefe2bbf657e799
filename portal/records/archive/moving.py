"""Records move to the archive when their active use is over, and back when it goes on after all: never in both."""

from collections.abc import Collection, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from portal import clock
from portal.infrastructure.database import db
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
    data_map: DataMap = installed_data_map()
    now = clock.now()
    taken = delete(RECORDS).where(RECORDS.c.id.in_(ids)).returning(RECORDS.c.id, *(RECORDS.c[name] for name in SAME))
    rows, counts, archived = [], CountChanges(), ArchiveCountChanges()
    for row in db.session.execute(taken):
        moved = _same(row) | {"archived_at": now, "erasure_id": erasure_id}
        moved["expires_on"] = last_days.get(row.id) or row.expires_on
        moved |= _why(data_map, row, ground)
        rows.append(moved)
        counts.take_off((row.customer_id, row.category))
        archived.add((row.customer_id, row.category, row.kind), moved["expires_on"])
    if rows:
        db.session.connection().execute(insert(ARCHIVE), rows)
    counts.write()
    archived.write()
    return len(rows)


def return_records(days: Mapping[int, Days]) -> int:
    """Move records back from the archive, with the days they have now; return how many.

    The current transaction holds their customers locked.

    Args:
        days: of each record, by its id in the archive.
    """
    taken = delete(ARCHIVE).where(ARCHIVE.c.id.in_(days.keys()))
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
    piles = select(ARCHIVE.c.customer_id, ARCHIVE.c.category, ARCHIVE.c.kind).where(ARCHIVE.c.id.in_(days.keys()))
    archived = ArchiveCountChanges()
    for pile in db.session.execute(piles.distinct()):
        archived.move((pile.customer_id, pile.category, pile.kind))
    archived.write()


def remove_archived(ids: Collection[int]) -> int:
    """Remove records from the archive in the current transaction; return how many."""
    gone = delete(ARCHIVE).where(ARCHIVE.c.id.in_(ids))
    archived, removed = ArchiveCountChanges(), 0
    for row in db.session.execute(gone.returning(ARCHIVE.c.customer_id, ARCHIVE.c.category, ARCHIVE.c.kind)):
        archived.take_off((row.customer_id, row.category, row.kind))
        removed += 1
    archived.write()
    return removed


def _same(row: Any) -> dict[str, Any]:
    return {name: row._mapping[name] for name in SAME}


def _why(data_map: DataMap, row: Any, ground: str) -> dict[str, str]:
    kind = data_map.kinds.get(row.kind)
    if kind is None:
        return {"ground": ground or Duty.CHOICE.value, "legal_reference": ""}
    rule = kind.retention.rule_named(row.rule)
    return {"ground": ground or kind.duty_of(rule).value, "legal_reference": rule.legal_reference.fr}
