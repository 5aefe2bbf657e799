"""Writes happen in `transaction()` and nowhere else, and a column refuses what it cannot mean."""

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import delete
from sqlalchemy.exc import StatementError

from portal.infrastructure.counters import Counter, next_number
from portal.infrastructure.database import after_commit, db, transaction
from portal.infrastructure.jobs.models import Job


def test_a_flush_outside_a_transaction_is_refused(app: Flask) -> None:
    db.session.add(Counter(name="stray", value=1))
    with pytest.raises(RuntimeError, match="outside transaction"):
        db.session.commit()
    db.session.rollback()


def test_a_statement_outside_a_transaction_is_refused(app: Flask) -> None:
    with pytest.raises(RuntimeError, match="outside transaction"):
        db.session.execute(delete(Counter))


def test_an_inner_transaction_joins_the_outer(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), transaction():
        with transaction():
            next_number("inner")
        _ = 1 / 0
    assert db.session.get(Counter, "inner") is None


def test_what_follows_a_commit_never_follows_a_rollback(app: Flask) -> None:
    seen: list[str] = []
    with pytest.raises(ZeroDivisionError), transaction():
        after_commit(lambda: seen.append("rolled back"))
        _ = 1 / 0
    with transaction():
        after_commit(lambda: seen.append("committed"))
        assert seen == []
    assert seen == ["committed"]


def test_a_naive_instant_is_refused(app: Flask) -> None:
    with pytest.raises(StatementError, match=r"\(builtins.ValueError\)"), transaction() as session:
        session.add(Job(name="x", arguments={}, run_at=datetime(2026, 1, 1)))
        session.flush()


def test_numbers_follow_each_other(app: Flask) -> None:
    with transaction():
        assert [next_number("a"), next_number("a"), next_number("b")] == [1, 2, 1]
