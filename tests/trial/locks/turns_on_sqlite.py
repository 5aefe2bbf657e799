"""Sixteen processes write to one SQLite file: each gets its turn in about the time that all turns take."""

import time
from multiprocessing import get_context
from typing import Any

from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.infrastructure.locking import turns
from portal.preferences.choices.choosing import accept, refuse
from portal.preferences.purposes import Section
from tests.support.acting.people import People
from tests.support.hashing import use_quick_hasher
from tests.trial.installation import installation

WRITERS = 16
MOST = 10
"""How many rounds of turns the longest wait may have taken. In a strict order it is one, and three or four where the
machine does other things too; with SQLite's own way somebody waits forty rounds and more, while nearly all others wait
none, so that no share of the saves below the whole would show it."""


def take_turns_on_sqlite(reduced: bool) -> str:
    """Save preferences from many processes at once; then the same with SQLite's own way to wait, which must fail."""
    seconds = 5.0 if reduced else 20.0
    fair, text = _write_together(seconds)
    unfair, control = _write_together(seconds, _begin_as_sqlite_does)
    assert fair <= MOST, f"the longest wait took {fair:.1f} rounds of turns: {text}"
    assert unfair > MOST, f"SQLite's own way is as fair: {control}"
    return f"{text}; with SQLite's own way to wait: {control}"


def _write_together(seconds: float, begin: Any = None) -> tuple[float, str]:
    """Return the rounds of turns that the longest wait took, and all figures in words."""
    use_quick_hasher()
    fork = get_context("fork")
    with installation() as portal:
        with portal.app.app_context():
            people = People(portal.app)
            ids = [people.customer(f"person{number}@example.org").id for number in range(WRITERS)]
            db.session.remove()
            db.engine.dispose()
        barrier, results = fork.Barrier(WRITERS), fork.SimpleQueue()
        processes = [
            fork.Process(target=_write, args=(portal.app, customer_id, seconds, begin, barrier, results))
            for customer_id in ids
        ]
        for process in processes:
            process.start()
        each = [results.get() for _ in processes]
        for process in processes:
            process.join()
    took = sorted(second for one in each for second in one)
    p95, rate = took[int(len(took) * 0.95)], len(took) / seconds
    words = f"{WRITERS} writers: {rate:.0f} saves/s, p50 {took[len(took) // 2] * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms, {took[-1]:.1f} s at most"
    return took[-1] * rate / WRITERS, words


def _write(app: Any, customer_id: int, seconds: float, begin: Any, barrier: Any, results: Any) -> None:
    if begin:
        turns._begin_in_turn = begin
    took: list[float] = []
    with app.test_request_context():
        db.engine.dispose(close=False)
        barrier.wait()
        end = time.monotonic() + seconds
        while (began := time.monotonic()) < end:
            with transaction() as session:
                customer = session.get_one(Customer, customer_id)
                if len(took) % 2:
                    refuse(customer, Section.MESSAGES, company="Netkin", language="fr")
                else:
                    accept(customer, Section.MESSAGES, seen=10**17, company="Netkin", language="fr")
            took.append(time.monotonic() - began)
    results.put(took)


def _begin_as_sqlite_does(connection: Any, _deadline: float) -> None:
    connection.exec_driver_sql("PRAGMA busy_timeout = 60000")
    connection.exec_driver_sql("BEGIN IMMEDIATE")
