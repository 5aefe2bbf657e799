"""The records that a batch of lines names: found in one query, changed in memory, written together."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    bindparam,
    delete,
    insert,
    update,
)

from portal import clock
from portal.clock import local_date
from portal.infrastructure.database import db
from portal.records.corrections.resisting import CorrectedField, release, resist
from portal.records.counts import CountChanges
from portal.records.data_map.kinds import DataMap, Nature
from portal.records.days.contacts import Contacts
from portal.records.days.expiry import Days, Expiry, is_contact, starts_at_last_contact
from portal.records.days.last_days import write_days
from portal.records.imports.customer_writing import ERASED, RESTRICTED, CustomerLines, HeldCustomer
from portal.records.imports.naming import RecordKey, select_named
from portal.records.imports.out_of_reach import OutOfReach
from portal.records.imports.parsing import LineRefused, RecordLine, RemovedLine, Statement
from portal.records.models import Record

RECORDS = Record.__table__
READ = (
    Record.id, Record.customer_id, Record.kind, Record.external_id, Record.category, Record.recorded_at,
    Record.source, Record.values, Record.rule, Record.active_until, Record.expires_on, Record.corrected_fields,
)  # fmt: skip
WRITTEN = ("category", "recorded_at", "source", "values", "corrected_fields", "received_at", *Days._fields)


ERASED_BEFORE = "was erased at the person's request: take it off the source"
STOPPED = "serves a use that the person objected to, and no other: no longer collect it about this person"
CORRECTED = "was corrected here at the person's request: it stays until its system has taken the correction"
NO_SCORE = "names a person whose data are restricted: nothing may be inferred about them meanwhile"
ON_HOLD = "is kept by a legal hold: it stays until the hold is lifted"


class Content(NamedTuple):
    """What a record says."""

    category: str
    recorded_at: datetime
    source: str
    values: dict[str, Any]
    corrected: tuple[str, ...] = ()
    """The fields that were corrected here, and whose system has not sent the same yet."""


@dataclass(eq=False, slots=True)
class HeldRecord:
    """A record before and after the batch, None where there is none; `is_taken` once a line gave its content."""

    id: int | None = None
    before: Content | None = None
    after: Content | None = None
    days: Days | None = None
    is_taken: bool = False

    @property
    def is_corrected(self) -> bool:
        """Whether a correction that its system has not taken yet stands in it."""
        return self.after is not None and bool(self.after.corrected)

    def taking(self, category: str, line: RecordLine) -> Content:
        """Return what it says once a line was taken: what was corrected here stays."""
        held, resisting = ({}, ()) if self.after is None else (self.after.values, self.after.corrected)
        values, corrected = resist(held, resisting, line.values) if resisting else (line.values, ())
        return Content(category, line.recorded_at.astimezone(UTC), line.source, values, corrected)

    def released(self) -> Iterator[str]:
        """Yield the fields that were corrected here, and that its system has sent since."""
        if self.before is not None and self.after is not None:
            yield from (name for name in self.before.corrected if name not in self.after.corrected)


Key = tuple[HeldCustomer, str, str]


class RecordLines:
    """Takes the record lines and the removals of one batch."""

    def __init__(
        self, statements: Iterable[Statement], customers: CustomerLines, data_map: DataMap, expiry: Expiry
    ) -> None:
        """Read every record named in the batch."""
        self._customers = customers
        self._data_map = data_map
        self._expiry = expiry
        self._instant = clock.now()
        self.archived = 0
        """How many lines are about records in the archive."""
        self._records: dict[Key, HeldRecord] = {}
        self._read(line for line in statements if isinstance(line, RecordLine | RemovedLine))

    def _read(self, lines: Iterable[RecordLine | RemovedLine]) -> None:
        keys: dict[tuple[int, str, str], Key] = {}
        for line in lines:
            held = self._customers.find(line.customer)
            if held is not None and held.id is not None:
                keys[held.id, line.kind, line.external_id] = (held, line.kind, line.external_id)
        self._out_of_reach = OutOfReach(keys)
        if not keys:
            return
        for row in db.session.execute(select_named(Record, READ, list(keys))):
            content = Content(row.category, row.recorded_at, row.source, row.values, tuple(row.corrected_fields))
            self._records[keys[row.customer_id, row.kind, row.external_id]] = HeldRecord(
                row.id, content, content, Days(row.rule, row.active_until, row.expires_on)
            )

    def take(self, line: RecordLine) -> bool:
        """Take one record, checked against the data map already. Returns whether it changes anything.

        One that is not held, and whose last day is past, is not taken: what was purged would come back with every file.

        What was corrected here stays, field by field, until the line says the same.

        Raises:
            LineRefused: for a customer that is unknown or erased; for what a restriction locks (a record that is held,
                and whatever the company inferred); for a record that was erased, or that serves only uses that the
                person had stopped (art. 21(1)).
        """
        customer = self._customers.named(line.customer)
        if customer.is_erased:
            raise LineRefused("customer", ERASED)
        key = (customer, line.kind, line.external_id)
        held = self._records.get(key)
        if held is None:
            held = self._records[key] = HeldRecord()
        if self._is_archived(customer, line):
            return False
        if held.after is None and self._was_erased(customer, line):
            raise LineRefused("external_id", ERASED_BEFORE)
        if customer.id is not None and self._out_of_reach.is_use_stopped(customer.id, self._data_map.kinds[line.kind]):
            raise LineRefused("kind", STOPPED)
        category = self._data_map.kinds[line.kind].category.value
        content = held.taking(category, line)
        if content == held.after:
            held.is_taken = True
            return False
        if held.after is None and self._is_past(customer, line):
            return False
        if category in customer.locked:
            self._check_locked(line, held)
        held.after, held.is_taken = content, True
        return True

    def _check_locked(self, line: RecordLine, held: HeldRecord) -> None:
        """Let in what is new and was not inferred: it is stored, and locked as the rest (art. 18(2))."""
        if held.before is not None:
            raise LineRefused("customer", RESTRICTED)
        if self._data_map.kinds[line.kind].nature is Nature.INFERRED:
            raise LineRefused("customer", NO_SCORE)

    def _was_erased(self, customer: HeldCustomer, line: RecordLine) -> bool:
        """Tell whether a record was erased. One that is held is what the erasure left in place, and goes on."""
        return customer.id is not None and self._out_of_reach.was_erased(_key(customer.id, line), line.recorded_at)

    def _is_archived(self, customer: HeldCustomer, line: RecordLine | RemovedLine) -> bool:
        """Tell whether a record lies in the archive, which no line changes; each such line is counted."""
        is_archived = customer.id is not None and self._out_of_reach.is_archived(_key(customer.id, line))
        self.archived += is_archived
        return is_archived

    def _is_past(self, customer: HeldCustomer, line: RecordLine) -> bool:
        """Tell whether a record is past its last day. One that counts from the last contact may still be lengthened."""
        kind = self._data_map.kinds[line.kind]
        if starts_at_last_contact(kind):
            return False
        last_day = self._expiry.of(kind, local_date(line.recorded_at), line.values, customer.person()).expires_on
        return last_day is not None and last_day < clock.today()

    def remove(self, line: RemovedLine) -> bool:
        """Take one removal. Returns whether there was anything to remove.

        Raises:
            LineRefused: for a customer or a kind that is unknown, for a record that is restricted, that was corrected
                here or that a legal hold keeps.
        """
        customer = self._customers.named(line.customer)
        if self._is_archived(customer, line):
            return False
        held = self._records.get((customer, line.kind, line.external_id))
        if held is None or held.after is None:
            if line.kind not in self._data_map.kinds:
                raise LineRefused("kind", "is not declared in the data map")
            return False
        if held.after.category in customer.locked:
            raise LineRefused("customer", RESTRICTED)
        if held.is_corrected:
            raise LineRefused("external_id", CORRECTED)
        if held.id is not None and self._out_of_reach.is_on_hold(_key(customer.id or 0, line), held.after.category):
            raise LineRefused("external_id", ON_HOLD)
        held.after = None
        return True

    def write(self, contacts: Contacts) -> None:
        """Write what was taken, and the counts; the customers must have been written before."""
        last_contacts = contacts.last(self._note_contacts(contacts))
        added, changed, removed = [], [], []
        moved: dict[int, Days] = {}
        for (customer, kind_code, external_id), held in self._records.items():
            if held.after is None:
                if held.id is not None:
                    removed.append(held.id)
            elif held.is_taken:
                row = self._row(customer, kind_code, external_id, held.after, last_contacts)
                if held.id is None:
                    added.append(row)
                elif held.before != held.after:
                    changed.append({f"new_{name}": row[name] for name in WRITTEN} | {"record_id": held.id})
                elif held.days != (days := Days(*(row[name] for name in Days._fields))):
                    moved[held.id] = days
        _write_rows(added, changed, removed)
        release(self._released())
        write_days(moved)
        self._count().write()

    def _released(self) -> Iterator[CorrectedField]:
        for (customer, kind, external_id), held in self._records.items():
            yield from ((customer.id or 0, kind, external_id, name) for name in held.released())

    def _note_contacts(self, contacts: Contacts) -> set[int]:
        """Note the exchanges from people, and return those whose records count from the last one."""
        concerned = set()
        for (customer, kind_code, _external_id), held in self._records.items():
            if not held.is_taken or held.after is None or customer.id is None:
                continue
            kind = self._data_map.kinds[kind_code]
            if starts_at_last_contact(kind):
                concerned.add(customer.id)
            if is_contact(kind, held.after.values):
                contacts.note(customer.id, local_date(held.after.recorded_at))
        return concerned

    def _row(
        self,
        customer: HeldCustomer,
        kind_code: str,
        external_id: str,
        content: Content,
        last_contacts: dict[int, date],
    ) -> dict[str, Any]:
        person = customer.person(last_contacts.get(customer.id or 0))
        kind = self._data_map.kinds[kind_code]
        days = self._expiry.of(kind, local_date(content.recorded_at), content.values, person)
        return {
            "customer_id": customer.id,
            "kind": kind_code,
            "category": content.category,
            "external_id": external_id,
            "recorded_at": content.recorded_at,
            "source": content.source,
            "values": content.values,
            "corrected_fields": list(content.corrected),
            "received_at": self._instant,
            **days._asdict(),
        }

    def _count(self) -> CountChanges:
        changes = CountChanges()
        for (customer, _kind, _external_id), held in self._records.items():
            if held.before == held.after or customer.id is None:
                continue
            if held.before is not None:
                changes.take_off((customer.id, held.before.category))
            if held.after is not None:
                changes.add((customer.id, held.after.category), held.after.recorded_at)
        return changes


def _key(customer_id: int, line: RecordLine | RemovedLine) -> RecordKey:
    return customer_id, line.kind, line.external_id


def _write_rows(added: list[dict[str, Any]], changed: list[dict[str, Any]], removed: list[int]) -> None:
    connection = db.session.connection()
    if removed:
        connection.execute(delete(RECORDS).where(RECORDS.c.id.in_(removed)))
    if changed:
        values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in WRITTEN}
        statement = update(RECORDS).where(RECORDS.c.id == bindparam("record_id")).values(values)
        connection.execute(statement, changed)
    if added:
        connection.execute(insert(RECORDS), added)
