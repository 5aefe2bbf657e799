"""Records go by stretches of an index: what comes, or is kept, after a stretch was read, is left alone."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, event, select, text

from portal import clock
from portal.infrastructure.database import db, transaction
from portal.personal_data.expiry import loop
from portal.personal_data.expiry.endings import ending_of
from portal.personal_data.expiry.loop import end_class, tally_of
from portal.personal_data.keeping.keeps import keep
from portal.personal_data.keeping.models import KeepReason
from portal.records.counts import CountChanges
from portal.records.ends import RECORDS as ENDING
from portal.records.models import CategoryCount, Record
from tests.support.acting.people import People
from tests.support.keeping import removals


@pytest.fixture
def ids(app: Flask, people: People) -> list[int]:
    """Three customers; the first and the last have four records past their time, the other has none."""
    found = sorted(people.customer(f"p{number}@example.org").id for number in range(3))
    for customer_id in (found[0], found[2]):
        plant(customer_id, 4)
    return found


def plant(customer_id: int, count: int) -> None:
    now, changes = clock.now(), CountChanges()
    with transaction() as session:
        for number in range(count):
            changes.add((customer_id, "usage"), now)
            session.add(
                Record(
                    customer_id=customer_id, kind="page_visit", category="usage", external_id=f"R-{number}",
                    recorded_at=now, source="shop", values={}, expires_on=clock.today() - timedelta(days=1),
                )
            )  # fmt: skip
        session.flush()
        changes.write()


def left() -> set[tuple[int, str]]:
    db.session.rollback()
    return {tuple(row) for row in db.session.execute(select(Record.customer_id, Record.external_id))}


def counts() -> dict[int, int]:
    db.session.rollback()
    return {row[0]: row[1] for row in db.session.execute(select(CategoryCount.customer_id, CategoryCount.count))}


def test_a_slice_is_read_in_the_order_of_an_index(ids: list[int]) -> None:
    """However many end on one day: none of the classes with millions of rows sorts them for each slice."""
    is_postgresql = db.engine.dialect.name == "postgresql"
    for code in ("records", "records_to_archive", "archived_records"):
        seen: list[tuple[str, Any]] = []
        note = lambda _connection, _cursor, statement, values, *_: seen.append((statement, values))  # noqa: E731, B023
        event.listen(Engine, "before_cursor_execute", note)
        ending_of(code).source.slice(clock.now(), (clock.today(), 1, 1)[: 3 if code == "records" else 2], 500)
        event.remove(Engine, "before_cursor_execute", note)
        statement, values = next(found for found in seen if "LIMIT" in found[0])
        connection = db.session.connection()
        for way in ("seqscan", "bitmapscan", "sort") if is_postgresql else ():
            connection.execute(text(f"SET LOCAL enable_{way} = off"))  # as for millions of rows; here are none
        explain = "EXPLAIN " if is_postgresql else "EXPLAIN QUERY PLAN "
        plan = "\n".join(str(row) for row in connection.exec_driver_sql(explain + statement, values))
        assert "ix_" in plan, plan
        assert "Sort" not in plan.partition("Limit")[2], plan
        assert "TEMP B-TREE FOR ORDER BY" not in plan, plan
        db.session.rollback()


def test_what_somebody_else_has_in_the_stretch_by_now_stays(ids: list[int]) -> None:
    place = ENDING.source.slice(clock.now(), None, 500)
    assert place is not None
    plant(ids[1], 1)  # between the two in the index, and of a customer whom nobody locks
    with transaction():
        assert ENDING.source.remove(clock.now(), place.named) == 8
    assert left() == {(ids[1], "R-0")}
    assert counts() == {ids[1]: 1}


def test_what_is_kept_since_the_stretch_was_read_stays(ids: list[int]) -> None:
    place = ENDING.source.slice(clock.now(), None, 500)
    assert place is not None
    with transaction():
        keep(ids[2], KeepReason.HOLD, 1, category="usage", kind="page_visit", external_id="R-2")
    with transaction():
        assert ENDING.source.remove(clock.now(), place.named) == 7
    assert left() == {(ids[2], "R-2")}
    assert counts() == {ids[2]: 1}


def test_a_stretch_in_which_all_is_kept_does_not_end_the_run(ids: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "FIRST_SLICE", 2)
    monkeypatch.setattr(loop, "LARGEST_SLICE", 2)
    with transaction():
        keep(ids[0], KeepReason.RESTRICTION, 1)
    run = end_class(ENDING)
    assert (run.due, run.removed, run.kept) == (4, 4, {"restriction": 4})
    assert removals("records") == [2, 2]
    assert {customer_id for customer_id, _number in left()} == {ids[0]}


def test_a_row_that_two_reasons_keep_is_not_due_and_counted_once(ids: list[int]) -> None:
    with transaction():
        keep(ids[0], KeepReason.RESTRICTION, 1)
        keep(ids[0], KeepReason.HOLD, 2, category="usage", kind="page_visit", external_id="R-1")
    tally = tally_of(ENDING)
    assert (tally.due, tally.kept) == (4, {"restriction": 4, "hold": 1})


def test_counts_never_differ_from_what_went(ids: list[int]) -> None:
    """Whoever writes records without a lock on their customer makes the slice fail whole, and nothing is counted off."""
    place = ENDING.source.slice(clock.now(), None, 500)
    assert place is not None

    def take_one(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("DELETE FROM records WHERE ("):
            connection.exec_driver_sql("DELETE FROM records WHERE external_id = 'R-3'")

    event.listen(Engine, "before_cursor_execute", take_one)
    with pytest.raises(RuntimeError, match="came or went"), transaction():
        ENDING.source.remove(clock.now(), place.named)
    event.remove(Engine, "before_cursor_execute", take_one)
    assert len(left()) == 8
    assert counts() == {ids[0]: 4, ids[2]: 4}


@pytest.mark.parametrize(
    ("size", "seconds", "each_before", "then"),
    [
        (1000, 0.003, 0.000003, 2000), (1000, 0.02, 0.00002, 1500), (8000, 0.06, 0.000004, 4000),
        (600, 0.3, 0.0005, 500), (60_000, 0.001, 0.000001, 64_000),
        (1000, 0.045, 0.00009, 2000),  # twice the rows in the same time: it is not the rows that take it
    ],
)  # fmt: skip
def test_a_slice_is_as_large_as_the_time_of_the_ones_before_says(
    app: Flask, size: int, seconds: float, each_before: float, then: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(loop.TIMES, "postgresql", loop.TIMES["sqlite"])
    assert loop._next_size(size, seconds, each_before) == then
