"""A ledger that was emptied or lost is written back from the database, unless it knows more than the database."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal.config import Settings
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.infrastructure.ledger import GENESIS, Line
from portal.personal_data.ledger.commands import refill_ledger, replay_ledger
from portal.personal_data.ledger.entries import note
from portal.personal_data.ledger.epochs import begin_epoch
from portal.personal_data.ledger.models import EntryKind, LedgerEntry
from portal.personal_data.ledger.standing import Standing, standing
from tests.support.looking.audit_trail import events


def noted(*names: str) -> None:
    with transaction():
        for name in names:
            note(EntryKind.OBJECTED, {"customer": name})
    run_due_jobs()


@pytest.fixture
def folder(app: Flask, settings: Settings) -> Path:
    """Return the folder of a ledger that holds an epoch and three lines."""
    with transaction():
        begin_epoch()
    run_due_jobs()
    noted("c0", "c1", "c2")
    return Path(settings.ledger_url.removeprefix("file://"))


def outside() -> list[Line]:
    return list(installed.ledger().after(0, GENESIS))


def refill(app: Flask, code: int = 0) -> str:
    done = app.test_cli_runner().invoke(refill_ledger)
    assert done.exit_code == code, done.output
    db.session.rollback()
    return done.output


def test_an_emptied_ledger_is_the_same_afterwards(app: Flask, folder: Path) -> None:
    before = outside()
    assert len(before) >= 4
    shutil.rmtree(folder)
    assert standing() is Standing.EMPTY
    assert refill(app) == f"Written back: {len(before)} lines.\n"
    assert outside() == before
    assert standing() is Standing.LEVEL
    (event,) = events("portal:ledger:refilled")
    assert event.facts == {"lines": len(before), "until": before[-1].n}
    assert refill(app) == "Nothing is missing.\n"
    assert len(events("portal:ledger:refilled")) == 1


def test_one_that_was_emptied_is_known_for_it_after_the_next_line(app: Flask, folder: Path) -> None:
    before = outside()
    shutil.rmtree(folder)
    noted("c3")
    assert standing() is Standing.EMPTY, "the newest line alone is no ledger"
    assert refill(app) == f"Written back: {len(before)} lines.\n"
    assert [line.body.get("customer") for line in outside()][-4:] == ["c0", "c1", "c2", "c3"]
    assert standing() is Standing.LEVEL


def test_killed_half_way_it_goes_on(app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, written = outside(), []
    shutil.rmtree(folder)
    write = type(installed.ledger()).write

    def killed(ledger: Any, line: Line) -> None:
        if len(written) == 2:
            raise KeyboardInterrupt
        written.append(line)
        write(ledger, line)

    with monkeypatch.context() as patched:
        patched.setattr(type(installed.ledger()), "write", killed)
        app.test_cli_runner().invoke(refill_ledger)
    assert len(outside()) == 2
    assert refill(app) == f"Written back: {len(before) - 2} lines.\n"
    assert outside() == before


def test_lines_of_several_epochs_are_written_as_they_were(app: Flask, folder: Path) -> None:
    assert app.test_cli_runner().invoke(replay_ledger).exit_code == 0
    noted("c4")
    before = outside()
    assert len({line.epoch for line in before}) >= 2
    shutil.rmtree(folder)
    refill(app)
    assert outside() == before


def test_a_ledger_that_knows_more_is_left_alone(app: Flask, folder: Path) -> None:
    newest = outside()[-1]
    with transaction() as session:  # as a restored backup: the newest line is unknown here
        session.delete(session.query(LedgerEntry).filter_by(n=newest.n).one())
    first = folder / f"{1:020}"
    kept = next(path for path in folder.rglob("*") if path.name.startswith(first.name))
    kept.unlink()
    said = refill(app, code=1)
    assert "ahead" in said and "flask restore replay" in said
    assert not kept.exists(), "nothing was written"
    assert events("portal:ledger:refilled") == []


def test_another_ledger_is_left_alone(app: Flask, folder: Path) -> None:
    with transaction() as session:
        session.query(LedgerEntry).filter_by(n=2).one().body = {"customer": "altered"}
    shutil.rmtree(folder)
    assert "is not line 2 as it was shipped" in refill(app, code=1)
    assert outside() == []
