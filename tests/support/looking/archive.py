"""Look at records in use and in the archive, by other SQL than the product's, and let their time run."""

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import text

from portal import clock
from portal.infrastructure.database import db
from tests.support.keeping import end_now
from tests.support.records import Line, record

CLASSES = ("records_to_archive", "records", "archived_records")


def order(external_id: str, amount: str, **facts: Any) -> Line:
    """Return the line of an order; `values` among the facts adds to its values."""
    values = {"number": external_id, "amount": amount, "currency": "EUR", "status": "delivered"}
    return record("order", external_id, values | facts.pop("values", {}), **facts)


def on(day: date) -> None:
    """Let what is past its time on a day end, or move to the archive."""
    with clock.stopped_at(datetime(day.year, day.month, day.day, 12, tzinfo=UTC)):
        end_now(*CLASSES)


def in_use() -> set[str]:
    """Return the external ids of the records in use."""
    return _ids("records")


def in_archive() -> set[str]:
    """Return the external ids of the records in the archive."""
    return _ids("archived_records")


def days_of(external_id: str) -> tuple[str, str | None, str | None]:
    """Return the rule, the last day of active use and the last day of a record, wherever it lies."""
    db.session.rollback()
    found = [
        row
        for table in ("records", "archived_records")
        for row in db.session.execute(
            text(f"SELECT rule, active_until, expires_on FROM {table} WHERE external_id = :id"), {"id": external_id}
        )
    ]
    (row,) = found
    return row.rule, row.active_until and str(row.active_until), row.expires_on and str(row.expires_on)


def counts_are_true() -> bool:
    """Tell whether both tables of counts say what a count of the rows says."""
    db.session.rollback()
    counted = {
        "record_counts": "SELECT customer_id, category, COUNT(*), NULL FROM records GROUP BY customer_id, category",
        "archive_counts": "SELECT customer_id, kind, COUNT(*), MAX(expires_on) FROM archived_records"
        " GROUP BY customer_id, kind",
    }
    kept = {
        "record_counts": "SELECT customer_id, category, count, NULL FROM record_counts WHERE count <> 0",
        "archive_counts": "SELECT customer_id, kind, count, last_day FROM archive_counts WHERE count <> 0",
    }
    return all(_rows(counted[table]) == _rows(kept[table]) for table in counted)


def _rows(statement: str) -> set[tuple[str, ...]]:
    return {tuple(map(str, row)) for row in db.session.execute(text(statement))}


def _ids(table: str) -> set[str]:
    db.session.rollback()
    return set(db.session.execute(text(f"SELECT external_id FROM {table}")).scalars())
