"""Compute the days of records held again when those of their person change: the end of the relation, the capacity.

What lies in the archive comes back when its active use goes on after all.
"""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import bindparam, select, update

from portal import clock
from portal.clock import local_date
from portal.infrastructure.database import db
from portal.records.archive.models import ArchivedRecord
from portal.records.archive.moving import keep_in_archive_until, return_records
from portal.records.data_map.kinds import DataMap, Kind
from portal.records.days.expiry import Days, Expiry, Person, depends_on_person
from portal.records.models import Record

SLICE = 2000


def move_last_days(customer_id: int, person: Person, data_map: DataMap, expiry: Expiry) -> None:
    """Compute the days of a customer's records again, in slices, in the current transaction."""
    for kind in data_map.kinds.values():
        if not depends_on_person(kind):
            continue
        for rows in _slices(Record, customer_id, kind):
            moved = {row.id: days for row, days in _computed(rows, kind, person, expiry)}
            write_days(moved)
        for rows in _slices(ArchivedRecord, customer_id, kind):
            move_archived({row.id: days for row, days in _computed(rows, kind, person, expiry)})


def move_archived(days: dict[int, Days]) -> None:
    """Write days of records in the archive: those whose active use goes on come back, the others stay until their end.

    Args:
        days: by the id in the archive.
    """
    back = {number: each for number, each in days.items() if is_active(each)}
    return_records(back)
    keep_in_archive_until({number: each for number, each in days.items() if number not in back})


def is_active(days: Days) -> bool:
    """Tell whether the active use of a record goes on."""
    return days.active_until is None or days.active_until >= clock.today()


def write_days(days: dict[int, Days]) -> None:
    """Write days of records alone, by their ids: when a record was received does not change."""
    if not days:
        return
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in Days._fields}
    statement = update(Record.__table__).where(Record.__table__.c.id == bindparam("record_id"))
    rows = [
        {"record_id": number} | {f"new_{name}": value for name, value in each._asdict().items()}
        for number, each in days.items()
    ]
    db.session.connection().execute(statement.values(values), rows)


def _computed(rows: list[Any], kind: Kind, person: Person, expiry: Expiry) -> Iterator[tuple[Any, Days]]:
    """Yield the rows whose days are others now, with these."""
    for row in rows:
        days = expiry.of(kind, local_date(row.recorded_at), row.values, person)
        if days != (row.rule, row.active_until, row.expires_on):
            yield row, days


def _slices(model: Any, customer_id: int, kind: Kind) -> Iterator[list[Any]]:
    columns = (model.id, model.external_id, model.recorded_at, model.values, *(getattr(model, f) for f in Days._fields))
    theirs = [model.customer_id == customer_id, model.kind == kind.code]
    if model is ArchivedRecord:
        # What an erasure left there is out of use for good.
        theirs.append(ArchivedRecord.erasure_id.is_(None))
    after = ""
    while rows := list(
        db.session.execute(
            select(*columns).where(*theirs, model.external_id > after).order_by(model.external_id).limit(SLICE)
        )
    ):
        after = rows[-1].external_id
        yield rows
