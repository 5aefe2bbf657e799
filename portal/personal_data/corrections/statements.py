"""The person's own words beside a value that stays as it is: made, read wherever the value is shown, withdrawn.

A statement lives with its value: no import ends it, and it outlives the file of the request that asked for it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, cast, func, literal, null, select

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.bilingual import Label
from portal.customers.models import Customer
from portal.infrastructure.database import UtcDateTime, db
from portal.infrastructure.locking.rows import lock_row
from portal.personal_data.corrections.beside import Beside
from portal.personal_data.corrections.models import WHOLE_RECORD, ValueStatement

ADDED = declare("customer:statement:added", "reference", "kind", "field")
WITHDRAWN = declare("customer:statement:withdrawn", "kind", "field")

LONGEST: Final = 4000
ON_ALL: Final = Label(fr="Mots de la personne", en="The person’s own words")
ON_FIELD: Final = Label(fr="Mots de la personne sur « {field} »", en="The person’s own words on “{field}”")


class NoSuchStatement(Exception):
    """The customer has no such statement, or has withdrawn it."""


class Statements:
    """What one person says beside values, by the record that each stands beside."""

    def __init__(self, rows: Iterable[ValueStatement]) -> None:
        self._by_record: dict[tuple[str, str], list[ValueStatement]] = {}
        for row in rows:
            self._by_record.setdefault((row.kind, row.external_id), []).append(row)

    def __bool__(self) -> bool:
        return bool(self._by_record)

    def beside(self, kind: str, external_id: str, fields: Mapping[str, Label], language: object) -> list[Beside]:
        """Return what stands beside one record.

        Args:
            fields: the names of its fields, for people.
        """
        found = self._by_record.get((kind, external_id), ())
        return [
            Beside(row.public_id, row.field, label_of(row.field, fields, language), row.text, row.made_at)
            for row in found
        ]


NO_STATEMENTS: Final = Statements(())
STATEMENTS: Final = ":statements"


def statements_of(customer_id: int) -> Statements:
    """Return what a customer says beside values, all that stands today: one query."""
    theirs = (ValueStatement.customer_id == customer_id, ValueStatement.ended_at.is_(None))
    return Statements(db.session.execute(select(ValueStatement).where(*theirs).order_by(ValueStatement.id)).scalars())


def statements_part(customer_id: ColumnElement[int]) -> Select[Any]:
    """Return a select of (part, no code, count, no instant), for the statement that sums a page up; no row for none."""
    count = func.count()
    theirs = (ValueStatement.customer_id == customer_id, ValueStatement.ended_at.is_(None))
    columns: tuple[Any, ...] = (literal(STATEMENTS), literal(""), count, cast(null(), UtcDateTime))
    return select(*columns).where(*theirs).having(count > 0)


def label_of(field: str, fields: Mapping[str, Label], language: object) -> str:
    """Return on what a statement is, in words; a field that is no longer declared has its code."""
    if field == WHOLE_RECORD:
        return ON_ALL.text(language)
    name = fields[field].text(language) if field in fields else field
    return ON_FIELD.filled(language, field=name)


def add_statement(
    customer: Customer,
    words: str,
    *,
    part: str,
    kind: str,
    external_id: str,
    field: str,
    request_id: int,
    reference: str,
    actor: str,
) -> ValueStatement:
    """Put the person's words beside a value in the current transaction, in place of what they said there before."""
    same = (
        ValueStatement.customer_id == customer.id, ValueStatement.kind == kind, ValueStatement.field == field,
        ValueStatement.external_id == external_id, ValueStatement.ended_at.is_(None),
    )  # fmt: skip
    for before in db.session.execute(select(ValueStatement).where(*same)).scalars():
        before.ended_at = clock.now()
    statement = ValueStatement(
        customer_id=customer.id, request_id=request_id, part=part, kind=kind, external_id=external_id, field=field,
        text=words,
    )  # fmt: skip
    db.session.add(statement)
    db.session.flush()
    subject = f"customer:{customer.public_id}"
    record(ADDED, actor=actor, subject=subject, reference=reference, kind=kind, field=field)
    return statement


def withdraw_statement(customer: Customer, public_id: str) -> None:
    """End a statement at its person's word, in the current transaction. Raises `NoSuchStatement`."""
    lock_row(Customer, customer.id)
    theirs = select(ValueStatement).where(
        ValueStatement.customer_id == customer.id, ValueStatement.public_id == public_id
    )
    found = db.session.execute(theirs.where(ValueStatement.ended_at.is_(None))).scalar_one_or_none()
    if found is None:
        raise NoSuchStatement
    found.ended_at = clock.now()
    subject = f"customer:{customer.public_id}"
    record(WITHDRAWN, actor=subject, subject=subject, kind=found.kind, field=found.field)
