"""Lines of the ledger leave the database in the order of their rows, each once, whoever ships and is killed."""

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.config import Settings
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.infrastructure.ledger import GENESIS, Ledger, Line
from portal.infrastructure.storage import storage_from_url
from portal.personal_data.ledger import shipping
from portal.personal_data.ledger.entries import is_confirmed, note
from portal.personal_data.ledger.models import EntryKind, LedgerEntry
from portal.personal_data.ledger.position import LedgerAhead
from portal.personal_data.ledger.shipping import ship


def noted(count: int, kind: EntryKind = EntryKind.OBJECTED, first: int = 0) -> list[int]:
    with transaction():
        return [note(kind, {"customer": f"c{first + number}"}).id for number in range(count)]


def outside() -> list[Line]:
    return list(installed.ledger().after(0, GENESIS))


def customers() -> list[str]:
    return [line.body["customer"] for line in outside()]


def test_a_line_is_shipped_by_a_job_after_its_commit(app: Flask) -> None:
    [entry] = noted(1)
    assert not is_confirmed(entry)
    assert outside() == []
    run_due_jobs()
    assert is_confirmed(entry)
    [line] = outside()
    assert (line.n, line.kind, line.body, line.previous_hash) == (1, "objected", {"customer": "c0"}, GENESIS)


def test_what_was_undone_is_not_shipped(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        note(EntryKind.OBJECTED, {"customer": "c0"})
        raise ZeroDivisionError
    noted(1, first=1)
    run_due_jobs()
    assert customers() == ["c1"]


def test_lines_are_numbered_in_the_order_of_their_rows_without_a_gap(app: Flask) -> None:
    noted(shipping.SLICE + 10)
    run_due_jobs()
    assert customers() == [f"c{number}" for number in range(shipping.SLICE + 10)]
    rows = db.session.execute(select(LedgerEntry).order_by(LedgerEntry.id)).scalars().all()
    lines = outside()
    assert [row.n for row in rows] == [line.n for line in lines] == list(range(1, shipping.SLICE + 11))
    assert [row.hash for row in rows] == [line.hash for line in lines]


def test_who_was_killed_between_line_and_row_ships_nothing_twice(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = noted(3)
    with monkeypatch.context() as killed:
        killed.setattr(shipping, "_confirm", lambda _shipped: None)
        ship()
    db.session.rollback()
    assert len(outside()) == 3
    assert not is_confirmed(entries[0])
    noted(1, first=3)
    run_due_jobs()
    assert customers() == ["c0", "c1", "c2", "c3"]
    assert all(map(is_confirmed, entries))


def test_a_line_of_nobody_here_halts(app: Flask) -> None:
    noted(1)
    run_due_jobs()
    [first] = outside()
    installed.ledger().write(Line(2, "0", "objected", first.at, {"customer": "somebody else"}, first.hash))
    [entry] = noted(1, first=1)
    with pytest.raises(LedgerAhead, match="line 2 of the ledger is not of this database"):
        ship()
    assert not is_confirmed(entry)
    assert customers() == ["c0", "somebody else"]


def test_a_ledger_out_of_reach_stops_nobody_and_is_caught_up(app: Flask, settings: Settings) -> None:
    folder = Path(settings.ledger_url.removeprefix("file://"))
    folder.write_text("a file, where a folder should be")
    [entry] = noted(1)
    run_due_jobs()
    assert not is_confirmed(entry)
    folder.unlink()
    assert ship() == 1
    assert is_confirmed(entry)


class Overwriting(Ledger):
    """The control: a ledger that lets a number be taken twice."""

    def write(self, line: Line) -> None:
        store: Any = self._storage
        name = f"{line.n:020}"
        store.delete(name)
        store.put(name, [line.signed(self._keys)])


def shipped_by_many(app: Flask, ledger: Ledger, workers: int = 4, lines: int = 40) -> tuple[Counter[str], list[Any]]:
    """Let workers ship while lines are noted; return how often each line lies outside, and what the workers met."""
    met: list[Any] = []
    is_over = threading.Event()

    def work() -> None:
        with app.app_context():
            while not is_over.is_set() or ship_safely():
                ship_safely()

    def ship_safely() -> int:
        try:
            return ship()
        except Exception as error:
            met.append(error)
            return 0

    installed.ledger.put(app, ledger)
    threads = [threading.Thread(target=work) for _number in range(workers)]
    for thread in threads:
        thread.start()
    for number in range(lines):
        noted(1, first=number)
    is_over.set()
    for thread in threads:
        thread.join()
    return Counter(customers()), met


@pytest.fixture
def opened(settings: Settings, app: Flask) -> Any:
    """Make a ledger of a class where that of the tests lies; afterwards the usual one is back."""
    usual = installed.ledger.of(app)

    def make(kind: Callable[..., Ledger]) -> Ledger:
        return kind(storage_from_url(settings.ledger_url), installed.ledger_key())

    yield make
    installed.ledger.put(app, usual)


def test_workers_that_ship_at_once_ship_each_line_once(app: Flask, opened: Any) -> None:
    counts, met = shipped_by_many(app, opened(Ledger))
    assert met == []
    assert counts == Counter({f"c{number}": 1 for number in range(40)})


def test_control_where_a_number_may_be_taken_twice_lines_are_lost_or_doubled(app: Flask, opened: Any) -> None:
    for _try in range(20):
        try:
            counts, met = shipped_by_many(app, opened(Overwriting))
        except Exception as error:
            counts, met = Counter(), [error]
        if met or counts != Counter({f"c{number}": 1 for number in range(40)}):
            return
    pytest.fail("the race never showed: the test beside this one proves nothing")
