"""What an erasure on request does to records: most go, what the law keeps moves to the archive, and what a contract
that goes on needs stays until it ends."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, select, update

from portal import clock
from portal.clock import local_date
from portal.customers.models import Customer
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.locking.rows import lock_row
from portal.personal_data.erasure.listeners import marks
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.personal_data.erasure.planning import PlannedItem, erases, stops_erasure
from portal.personal_data.erasure.scope import Scope
from portal.personal_data.keeping.clause import Act, may_go
from portal.records.archive.models import ArchiveCount, ArchivedRecord
from portal.records.archive.moving import archive_records, leave_in_archive, remove_archived
from portal.records.data_map.kinds import DataMap, installed_data_map
from portal.records.days.expiry import Expiry, Person
from portal.records.ends import remove_records
from portal.records.erasing.conditions import about_row, in_scope, kinds_kept, may_be_erased, running_contracts
from portal.records.erasing.planning import CONTRACT, LAW, counted, planned
from portal.records.models import CategoryCount, Record


class Records:
    """How records in use are erased."""

    order = 100

    def plan(self, customer_id: int, scope: Scope) -> Iterator[PlannedItem]:
        """Yield what becomes of each kind under each of its rules; reads only."""
        data_map: DataMap = installed_data_map()
        running = running_contracts(customer_id, data_map)
        groups = counted(Record, customer_id, scope, data_map)
        yield from planned("records", customer_id, groups, data_map, running, scope)

    def erase(self, customer_id: int, scope: Scope, limit: int) -> int:
        lock_row(Customer, customer_id)
        data_map: DataMap = installed_data_map()
        goes = and_(may_be_erased(Record, data_map), Record.kind.not_in(_spared(customer_id, scope, data_map)))
        return remove_records(_ids(Record, customer_id, scope, limit, goes, may_go(about_row(Record), Act.ERASE)))

    def archive(self, customer_id: int, scope: Scope, limit: int) -> int:
        """Move what the law keeps. Without a last day yet, it counts from today where the whole person is erased."""
        lock_row(Customer, customer_id)
        data_map: DataMap = installed_data_map()
        running = Record.kind.in_(_spared(customer_id, scope, data_map))
        is_kept = (Record.kind.in_(kinds_kept(data_map)), ~may_be_erased(Record, data_map))
        stays: tuple[ColumnElement[bool], ...] = (*is_kept, ~running)
        if not scope.is_whole:
            stays += (Record.expires_on.is_not(None),)
        ids = _ids(Record, customer_id, scope, limit, *stays)
        if ids or not scope.is_whole:
            return archive_records(ids, LAW, _erasure_under_way(customer_id), _last_days(ids, data_map))
        return _end_with_relation(customer_id, scope, limit, data_map)


class ArchivedRecords:
    """How records in the archive are erased: those that no law keeps go."""

    order = 110

    def plan(self, customer_id: int, scope: Scope) -> Iterator[PlannedItem]:
        """Yield what becomes of each kind under each of its rules; reads only."""
        data_map: DataMap = installed_data_map()
        groups = counted(ArchivedRecord, customer_id, scope, data_map)
        yield from planned("archived_records", customer_id, groups, data_map, frozenset(), scope)

    def erase(self, customer_id: int, scope: Scope, limit: int) -> int:
        lock_row(Customer, customer_id)
        goes = may_be_erased(ArchivedRecord, installed_data_map())
        not_held = may_go(about_row(ArchivedRecord), Act.ERASE)
        return remove_archived(_ids(ArchivedRecord, customer_id, scope, limit, goes, not_held))

    def archive(self, customer_id: int, scope: Scope, limit: int) -> int:
        """Mark what stays as left there by the erasure, so that nothing brings it back into use."""
        erasure_id = _erasure_under_way(customer_id)
        if erasure_id is None:
            return 0
        lock_row(Customer, customer_id)
        goes = and_(may_be_erased(ArchivedRecord, installed_data_map()), may_go(about_row(ArchivedRecord), Act.ERASE))
        return leave_in_archive(
            _ids(ArchivedRecord, customer_id, scope, limit, ArchivedRecord.erasure_id.is_(None), ~goes), erasure_id
        )


def _spared(customer_id: int, scope: Scope, data_map: DataMap) -> frozenset[str]:
    """Return the kinds that a contract keeps. One that goes on stops an erasure of everything before it begins."""
    return frozenset() if scope.is_whole else running_contracts(customer_id, data_map)


@stops_erasure
def contracts_that_go_on(customer_id: int, scope: Scope, items: Iterable[PlannedItem]) -> Iterable[str]:
    """Yield the kinds of contracts that have to end before the whole person can be erased, as `contract:subscription`.

    What may stay is said by the plan where the person asks for less.
    """
    if scope.is_whole:
        kinds = {item.kind for item in items if item.part == Record.__tablename__ and item.ground == CONTRACT}
        yield from (f"{CONTRACT}:{kind}" for kind in sorted(kinds))


@marks
def counts_of(customer_id: int) -> object:
    """Return how many records a customer has, in use and in the archive: each write of one keeps these counts."""
    in_use = select(CategoryCount.category, CategoryCount.count, CategoryCount.last_recorded_at)
    archived = select(ArchiveCount.category, ArchiveCount.kind, ArchiveCount.count, ArchiveCount.last_day)
    theirs = (
        in_use.where(CategoryCount.customer_id == customer_id),
        archived.where(ArchiveCount.customer_id == customer_id),
    )
    return sorted(str(row) for statement in theirs for row in db.session.execute(statement))


def _ids(model: Any, customer_id: int, scope: Scope, limit: int, *conditions: ColumnElement[bool]) -> list[int]:
    found = select(model.id).where(model.customer_id == customer_id, in_scope(model, scope), *conditions).limit(limit)
    return list(db.session.execute(found).scalars())


def _end_with_relation(customer_id: int, scope: Scope, limit: int, data_map: DataMap) -> int:
    """Give a last day to what a hold or a decision leaves without one; return to how many.

    The file is emptied, and no end of the relation will come any more: it would stay for ever.
    """
    without = (Record.expires_on.is_(None), ~may_go(about_row(Record), Act.ERASE))
    ids = _ids(Record, customer_id, scope, limit, *without)
    for number, last_day in _last_days(ids, data_map).items():
        db.session.execute(update(Record).where(Record.id == number).values(expires_on=last_day))
    return len(ids)


def _last_days(ids: list[int], data_map: DataMap) -> dict[int, date]:
    """Return the last day of each record that has none yet, as if the relation ended today."""
    columns = (Record.id, Record.kind, Record.recorded_at, Record.values, Customer.capacity)
    without = select(*columns).join(Customer, Customer.id == Record.customer_id)
    expiry = Expiry(data_map, installed.organisation().financial_year_end_day)
    days = {}
    for row in db.session.execute(without.where(Record.id.in_(ids), Record.expires_on.is_(None))):
        person = Person(clock.today(), row.capacity)
        kind = data_map.kinds.get(row.kind)
        if kind is None:
            days[row.id] = clock.today()
            continue
        given = expiry.of(kind, local_date(row.recorded_at), row.values, person)
        days[row.id] = given.expires_on or clock.today()
    return days


def _erasure_under_way(customer_id: int) -> int | None:
    running = (Erasure.customer_id == customer_id, Erasure.state.in_([ErasureState.RUNNING, ErasureState.HALTED]))
    return db.session.execute(select(Erasure.id).where(*running)).scalar_one_or_none()


erases("records", Records())
erases("archived_records", ArchivedRecords())
