"""Take in what the company's systems hold: one path for the command and for the API.

Lines are taken in batches of one transaction each. A line that may not be taken is reported, and the others are
taken all the same. A line that says what is held already changes nothing. A run that is killed leaves whole batches:
send all lines again to complete it.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass

from sqlalchemy import select
from sqlalchemy.exc import InterfaceError, OperationalError

from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.locking.second_try import run_twice
from portal.records.data_map.field_types import ValueRefused
from portal.records.data_map.kinds import DataMap, installed_data_map
from portal.records.data_map.special_categories import is_special_category
from portal.records.days.contacts import Contacts
from portal.records.days.expiry import Expiry
from portal.records.days.last_days import move_last_days
from portal.records.imports.consent_lines import consent_handler
from portal.records.imports.customer_writing import ERASED, CustomerLines, HeldCustomer
from portal.records.imports.deliveries import note_complete
from portal.records.imports.parsing import (
    CompleteLine,
    ConsentLine,
    CustomerLine,
    LineRefused,
    RecordLine,
    RemovedLine,
    Statement,
    parse_line,
)
from portal.records.imports.record_writing import ERASED_BEFORE, RecordLines
from portal.records.imports.stream import Line

IMPORTED = declare(
    "portal:records:imported",
    "channel", "lines", "accepted", "unchanged", "refused", "archived", "erased", "is_complete",
)  # fmt: skip

logger = logging.getLogger("portal.records")

LINES_A_BATCH = 500
BYTES_A_BATCH = 2 * 1024 * 1024

Numbered = tuple[int, Statement]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that was not taken: its number from 1, the field at fault (None for the whole line), and why."""

    line: int
    field: str | None
    reason: str


@dataclass(slots=True)
class Tally:
    """What became of the lines of a run.

    Attributes:
        archived: how many of those that changed nothing are about records in the archive.
        erased: how many were refused since the person had them erased, or all about themselves.
    """

    lines: int = 0
    accepted: int = 0
    unchanged: int = 0
    refused: int = 0
    archived: int = 0
    erased: int = 0

    def add(self, other: "Tally") -> None:
        for name, count in asdict(other).items():
            setattr(self, name, getattr(self, name) + count)


class Intake:
    """One run: takes lines in and counts what became of them."""

    def __init__(
        self,
        data_map: DataMap,
        systems: Iterable[str],
        financial_year_end: tuple[int, int],
        on_refusal: Callable[[Refusal], None],
    ) -> None:
        """Prepare a run.

        Args:
            data_map: the kinds that may be sent.
            systems: codes of the registered systems, the sources that a record may name.
            financial_year_end: (month, day), where a retention rule counts from it.
            on_refusal: called with each line that is not taken, in the order of the lines within a batch.
        """
        self.tally = Tally()
        self._data_map = data_map
        self._systems = frozenset(systems)
        self._expiry = Expiry(data_map, financial_year_end)
        self._contacts = Contacts(data_map, self._expiry)
        self._on_refusal = on_refusal

    def run(self, lines: Iterable[Line], *, actor: str, channel: str) -> None:
        """Take lines in, batch by batch, and write one audit event, also when the run breaks off.

        Args:
            lines: as `read_lines` gives them.
            actor: who sends them, for the audit trail.
            channel: `command` or `api`.
        """
        is_complete = False
        try:
            for batch in _batches(lines):
                self._take_batch(batch)
                if self._contacts.is_full:
                    self._contacts.settle()
            self._contacts.settle()
            is_complete = True
        finally:
            if self.tally.lines:
                with transaction():
                    record(
                        IMPORTED, actor=actor, subject="portal", channel=channel, is_complete=is_complete,
                        **asdict(self.tally),
                    )  # fmt: skip

    def _take_batch(self, batch: list[Line]) -> None:
        refusals: list[Refusal] = []
        statements: list[Numbered] = []
        for number, content in batch:
            try:
                statements.append((number, self._check(parse_line(content))))
            except LineRefused as refusal:
                refusals.append(Refusal(number, refusal.field, refusal.reason))
            except Exception as error:  # a value that nobody thought of costs its own line, never the file
                refusals.append(_unreadable(number, error))
        tally = Tally(lines=len(batch))
        self._write(statements, tally, refusals)
        tally.refused = len(refusals)
        tally.erased = sum(refused.reason in {ERASED, ERASED_BEFORE} for refused in refusals)
        self.tally.add(tally)
        for refused in sorted(refusals, key=lambda refused: refused.line):
            self._on_refusal(refused)

    def _check(self, statement: Statement) -> Statement:
        """Check a line against the declarations. That needs no database, so it is done before the transaction."""
        if isinstance(statement, CompleteLine):
            self._check_source(statement.source)
        if not isinstance(statement, RecordLine):
            return statement
        kind = self._data_map.kinds.get(statement.kind)
        if kind is None:
            if is_special_category(statement.kind):
                raise LineRefused("kind", "names a special category of data, which is never collected")
            raise LineRefused("kind", "is not declared in the data map")
        self._check_source(statement.source)
        try:
            values = kind.validate_values(statement.values)
        except ValueRefused as refusal:
            raise LineRefused(f"values.{refusal.field}", refusal.reason) from None
        return RecordLine(
            statement.customer,
            statement.kind,
            statement.external_id,
            statement.recorded_at,
            statement.source,
            values,
        )

    def _check_source(self, source: str) -> None:
        if source not in self._systems:
            raise LineRefused("source", "is not a registered system of the organisation file")

    def _write(self, statements: list[Numbered], tally: Tally, refusals: list[Refusal]) -> None:
        """Write statements in one transaction. When that fails, write each half, down to one line.

        Two imports at once may both add the same new customer. The second is refused, and on its second try reads
        what the first wrote.
        """
        if not statements:
            return
        try:
            taken, refused = run_twice(lambda: self._write_together(statements))
        except (OperationalError, InterfaceError):  # the database is away or too busy, whatever the lines say
            raise
        except Exception as error:
            if len(statements) == 1:
                refusals.append(_unreadable(statements[0][0], error))
                return
            middle = len(statements) // 2
            self._write(statements[:middle], tally, refusals)
            self._write(statements[middle:], tally, refusals)
            return
        tally.add(taken)
        refusals += refused

    def _write_together(self, statements: list[Numbered]) -> tuple[Tally, list[Refusal]]:
        changes: list[bool] = []
        refused: list[Refusal] = []
        with transaction():
            lines = [statement for _number, statement in statements]
            customers = CustomerLines(lines)
            records = RecordLines(lines, customers, self._data_map, self._expiry)
            consents: list[tuple[int, ConsentLine]] = []
            for number, statement in statements:
                try:
                    match statement:
                        case CustomerLine():
                            changes.append(customers.take(statement))
                        case RecordLine():
                            changes.append(records.take(statement))
                        case RemovedLine():
                            changes.append(records.remove(statement))
                        case ConsentLine():
                            customers.named(statement.customer)
                            consents.append((number, statement))
                        case CompleteLine():
                            changes.append(note_complete(statement.source, statement.at))
                except LineRefused as refusal:
                    refused.append(Refusal(number, refusal.field, refusal.reason))
            self._move_last_days(customers.write())
            records.write(self._contacts)
            handed, not_handed = _hand_over(consents, customers)
            changes += handed
            refused += not_handed
        taken = Tally(accepted=changes.count(True), unchanged=changes.count(False), archived=records.archived)
        return taken, refused

    def _move_last_days(self, customers: list[HeldCustomer]) -> None:
        """Compute the days of records of people again on whom they depend otherwise now."""
        ids = [customer.id for customer in customers if customer.id is not None]
        last = self._contacts.last(ids)
        for customer in customers:
            if customer.id is not None:
                move_last_days(customer.id, customer.person(last.get(customer.id)), self._data_map, self._expiry)


def _unreadable(line: int, error: Exception) -> Refusal:
    # Log the type of the error only: its message holds people's data.
    logger.warning("line not stored", extra={"error": type(getattr(error, "orig", None) or error).__name__})
    return Refusal(line, None, "could not be stored: send it again")


def _hand_over(consents: list[tuple[int, ConsentLine]], customers: CustomerLines) -> tuple[list[bool], list[Refusal]]:
    """Give consent lines to the domain that keeps consent. Their customers must have been written before."""
    changes: list[bool] = []
    refused: list[Refusal] = []
    handler = consent_handler()
    ids = {customers.named(line.customer).id for _number, line in consents}
    by_id = {}
    if ids and handler is not None:
        known = db.session.execute(select(Customer).where(Customer.id.in_(ids))).scalars()
        by_id = {customer.id: customer for customer in known}
    for number, line in consents:
        held = customers.named(line.customer)
        if handler is None:
            refused.append(Refusal(number, "type", "consent is not taken by this installation"))
            continue
        if held.is_erased or held.id is None:
            refused.append(Refusal(number, "customer", ERASED))
            continue
        customer = by_id[held.id]
        language = line.language or customer.language
        try:
            outcome = handler(customer, line.flag, line.given, line.at, line.wording, line.source, language)
        except ValueError as reason:
            refused.append(Refusal(number, getattr(reason, "field", "flag"), str(reason)))
        else:
            changes.append(outcome is not False)
    return changes, refused


def _batches(lines: Iterable[Line]) -> Iterator[list[Line]]:
    """Yield lines in batches bounded in number and in bytes."""
    batch: list[Line] = []
    size = 0
    for number, content in lines:
        batch.append((number, content))
        size += len(content or b"")
        if len(batch) >= LINES_A_BATCH or size >= BYTES_A_BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def start_run(on_refusal: Callable[[Refusal], None]) -> Intake:
    """Return a run under the data map and the organisation of the current app."""
    organisation = installed.organisation()
    systems = [system.code for system in organisation.systems]
    data_map = installed_data_map()
    return Intake(data_map, systems, organisation.financial_year_end_day, on_refusal)
