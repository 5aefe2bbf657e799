"""A worker that ends itself by SIGKILL at a chosen place: before a commit, after one, or between a file and its row.

It is a process of its own, forked from the campaign, so that hundreds of them cost little. What it leaves is what a
power cut leaves: open transactions, jobs that it had taken, files that no row names yet.
"""

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import get_context
from threading import local
from typing import Any

from flask import Flask
from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.infrastructure import database, installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs import queue, worker
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.infrastructure.ledger import Ledger
from portal.personal_data.erasure import steps
from tests.trial.installation import forget_connections

PATIENCE = 90
_here = local()


@dataclass(frozen=True)
class Place:
    """Where a worker dies.

    Attributes:
        where: `erasure.STEP`, the name of a job, `ledger written` or `package stored`.
        moment: `before` or `after` a commit there; empty for the last two.
        turn: at which commit there, from 1.
        job: the only job that the worker runs, and it ends where none is due; empty for whatever is.
    """

    where: str
    moment: str = ""
    turn: int = 1
    job: str = ""

    def __str__(self) -> str:
        return f"{self.moment} {self.where}".strip()


def die_at(app: Flask, place: Place) -> bool:
    """Let a worker run until it dies at a place; tell whether it came so far."""
    process = _forked(app, place)
    process.join(PATIENCE + 10)
    return bool(process.exitcode == -signal.SIGKILL)


def work_to_the_end(is_over: Callable[[], bool]) -> None:
    """Let a worker run, in this process, until something is so."""
    give_up = time.monotonic() + PATIENCE
    while not is_over():
        assert time.monotonic() < give_up, "the jobs are stuck"
        hurry()
        worker.run_due_jobs()


def hurry() -> None:
    """Let the time pass that a dead worker's lease lasts, and that an erasure, a mail or a call waits."""
    instant = clock.now()
    with transaction() as session:
        left = Job.status == JobStatus.RUNNING
        session.execute(update(Job).where(left).values(lease_until=instant))
        waits = (Job.status == JobStatus.WAITING, Job.name.in_(["erasure.step", "mail.send", "instructions.call"]))
        session.execute(update(Job).where(*waits, Job.run_at > instant).values(run_at=instant))


def _forked(app: Flask, place: Place) -> Any:
    forget_connections()
    process = get_context("fork").Process(target=_work, args=(app, place), daemon=True)
    process.start()
    return process


def _work(app: Flask, place: Place) -> None:
    with app.app_context():
        _lie_in_wait(place)
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            hurry()
            if place.job and not _run(place.job):
                break
            if not place.job:
                worker.run_due_jobs()
            time.sleep(0.05)
    os._exit(0)


def _run(name: str) -> int:
    """Run what is due of one job; return how many there were."""
    is_left = Job.status.in_([JobStatus.WAITING, JobStatus.RUNNING])
    due = select(Job.id).where(Job.name == name, is_left, Job.run_at <= clock.now()).order_by(Job.id)
    ids = list(db.session.execute(due).scalars())
    db.session.rollback()
    for job_id in ids:
        worker.run_job(job_id)
    return len(ids)


def _lie_in_wait(place: Place) -> None:
    left = [place.turn]

    def pass_by(where: str, moment: str = "") -> None:
        if (where, moment) == (place.where, place.moment):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    _name_places()
    _watch_files(pass_by)
    database._before_commit.append(lambda _session: pass_by(_where(), "before"))
    event.listen(Session, "after_commit", lambda _session: pass_by(_where(), "after"))


def _name_places() -> None:
    """Note in which job, and at which step of an erasure, this thread is."""
    for name, handler in queue.handlers.items():
        queue.handlers[name] = _named(name, handler)
    hold = steps.hold

    def held(erasure_id: int) -> Any:
        erasure = hold(erasure_id)
        if erasure is not None and _where().startswith("erasure."):
            _here.where = f"erasure.{erasure.step}"
        return erasure

    steps.hold = held


def _named(name: str, handler: queue.Handler) -> queue.Handler:
    def run(*given: Any, **arguments: Any) -> None:
        _here.where = name
        try:
            handler(*given, **arguments)
        finally:
            _here.where = ""

    return run


def _where() -> str:
    return str(getattr(_here, "where", ""))


def _watch_files(pass_by: Callable[[str], None]) -> None:
    write, store = Ledger.write, type(installed.storage())
    put = store.put

    def written(ledger: Ledger, line: Any) -> None:
        write(ledger, line)
        pass_by("ledger written")

    def stored(storage: Any, key: str, chunks: Any) -> Any:
        result = put(storage, key, chunks)
        if key.startswith("exports/"):
            pass_by("package stored")
        return result

    Ledger.write = written  # type: ignore[method-assign]
    store.put = stored  # type: ignore[method-assign, assignment]
