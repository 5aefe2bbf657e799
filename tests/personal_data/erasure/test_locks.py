"""What an erasure does while everybody else who writes has to wait: nothing that takes as long as somebody has records."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import Engine, event, select

from portal.infrastructure.database import db
from portal.personal_data.erasure import beginning, steps
from portal.personal_data.erasure.beginning import Foreseen
from portal.personal_data.erasure.certificate import certificate_of
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.personal_data.erasure.scope import Extent, Scope
from portal.records.models import Record
from tests.support.acting.people import People
from tests.support.erasing.erasures import confirm_ledger, cooled, found, scheduled, to_the_end, until
from tests.support.packages import take_in
from tests.support.records import visit

COUNTING = re.compile(r"SELECT DISTINCT|GROUP BY|COUNT\(", re.IGNORECASE)
RECORDS = re.compile(r"FROM (archived_)?records\b")
USAGE = Scope(Extent.CATEGORIES, ("usage",))


@pytest.fixture
def camille(app: Flask, people: People) -> int:
    """Return the id of a customer with an account and three visits."""
    account = people.account("camille@example.org", external_id="C-1001")
    take_in(*map(visit, range(3)))
    assert account.customer_id is not None
    return account.customer_id


@contextmanager
def counted_behind_locks() -> Iterator[list[str]]:
    """Collect the statements of writing transactions that count records."""
    counted: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        is_of_slice = "records.id IN" in statement or "records.id = ANY" in statement  # of the rows that it removes
        is_counting = RECORDS.search(statement) and COUNTING.search(statement) and not is_of_slice
        if db.session.info.get("writing") and is_counting:
            counted.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield counted
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_nobody_who_writes_waits_for_a_plan_or_a_recount(camille: int) -> None:
    erasure_id = scheduled(camille)
    with cooled(), counted_behind_locks() as counted:
        until(erasure_id, "answer")
    assert counted == []


def erased_beside_an_import(camille: int, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Let an import end between the plan of the seal and its locks; return how often was planned, and what was counted."""
    erasure_id, planned = scheduled(camille, USAGE), list[Foreseen]()
    with cooled():
        until(erasure_id, "seal")
        foresee = beginning.foresee

        def interrupted(erasure: Erasure) -> Foreseen:
            planned.append(foresee(erasure))
            if len(planned) == 1:
                take_in(visit(3))
            return planned[-1]

        monkeypatch.setattr(beginning, "foresee", interrupted)
        confirm_ledger()
        to_the_end(erasure_id)
    certificate = certificate_of(found(erasure_id))
    assert certificate is not None
    return len(planned), certificate.count(certificate.erased)


def test_what_comes_in_after_the_plan_was_read_is_planned_anew(camille: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert erased_beside_an_import(camille, monkeypatch) == (2, 4)


def test_without_marks_the_certificate_misses_it(camille: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    monkeypatch.setattr(beginning, "marks_of", lambda _customer_id: [])
    assert erased_beside_an_import(camille, monkeypatch) == (1, 3)


def test_a_recount_of_another_moment_is_not_taken(camille: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the recount and the locks somebody went on with the erasure: what it found is not taken."""
    erasure_id = scheduled(camille)
    with cooled():
        until(erasure_id, "verify")
        recount, seen = steps.finishing.recount, list[object]()

        def interrupted(erasure: Erasure) -> object:
            seen.append(recount(erasure))
            if len(seen) == 1:
                with steps.transaction() as session:
                    session.get_one(Erasure, erasure_id).done += 1
            return seen[-1]

        monkeypatch.setattr(steps.finishing, "recount", interrupted)
        steps._advance(erasure_id)
        assert (found(erasure_id).step, found(erasure_id).position) == ("verify", "")
        to_the_end(erasure_id)
    assert found(erasure_id).state is ErasureState.DONE
    assert db.session.execute(select(Record.id)).first() is None
