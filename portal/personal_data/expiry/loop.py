"""The one loop that ends what is past its time: guard, count, share, slices, report.

A slice is a transaction of its own, with its audit event and the report of the run. So a kill anywhere leaves whole
slices, and a report that says how many.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from math import inf

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.destruction import may_destroy
from portal.infrastructure.jobs.queue import JobRun, job
from portal.personal_data.expiry import share
from portal.personal_data.expiry.endings import Ending, Tally
from portal.personal_data.expiry.models import PurgeRun, RunMode, RunState
from portal.personal_data.expiry.runs import newest_run, note_run

RAN = declare("portal:retention:ran", "class", "due", "removed", "kept", "until")
REFUSED = declare("portal:retention:refused", "class", "cause")

OVERDUE = timedelta(days=30)
FIRST_SLICE, LARGEST_SLICE = 500, 64_000
TIMES = {"sqlite": (0.03, 0.05), "postgresql": (0.05, 0.05)}
"""Seconds that the locks of a slice are meant to last, and how long at most those of one that makes the next grow. On
SQLite all other writers wait meanwhile; smaller slices would write the
same pages more often. On PostgreSQL only those wait who write about the same customers."""


def job_name(ending: Ending) -> str:
    """Return the name of the job that runs a class."""
    return f"retention.{ending.code}"


def run_by_the_clock(ending: Ending) -> None:
    """Register the job that runs a class as often as it says."""

    @job(job_name(ending), every=ending.every)
    def run_class(run: JobRun) -> None:
        end_class(ending, run.renew)


def tally_of(ending: Ending) -> Tally:
    """Return how much of a class is due and how much is kept, reading only."""
    tally = ending.source.tally(ending.term.over_before(clock.now()))
    db.session.rollback()
    return tally


def end_class(ending: Ending, between: Callable[[], None] = lambda: None) -> PurgeRun:
    """Remove what of a class is past its time, unless that has to wait; return the report.

    Args:
        between: called after each slice, such as to keep a job's lease.
    """
    if ending.is_guarded and not may_destroy():
        return _refuse(ending, RunState.REFUSED_CLOCK, Tally(0, {}))
    over_before = ending.term.over_before(clock.now())
    tally = ending.source.tally(over_before)
    before = newest_run(ending.code)
    approved = share.approved_in(before)
    approved_by = before.approved_by if before and approved else None
    db.session.rollback()
    if state := share.refusal(ending, tally.due, lambda: ending.source.total(over_before), approved):
        return _refuse(ending, state, tally)
    run = _begin(ending, tally, approved_by)
    size, after, each = FIRST_SLICE, None, inf
    while place := ending.source.slice(over_before, after, size):
        with transaction() as session:
            began = time.perf_counter()  # now that it is its turn: the writers before say nothing of its size
            removed = ending.source.remove(over_before, place.named)
            _note_slice(ending, session.get_one(PurgeRun, run), removed)
        seconds, after = time.perf_counter() - began, place.after
        size, each = _next_size(size, seconds, each), seconds / size
        between()
    with transaction() as session:
        report = session.get_one(PurgeRun, run)
        report.finished_at = clock.now()
    return report


def _begin(ending: Ending, tally: Tally, approved_by: str | None) -> int:
    with transaction():
        mode = RunMode.APPROVED if approved_by else RunMode.RUN
        facts = _facts(ending, RunState.RAN, tally) | {"mode": mode, "approved_by": approved_by, "removed": 0}
        return note_run(facts).id


def _refuse(ending: Ending, state: RunState, tally: Tally) -> PurgeRun:
    with transaction():
        before = newest_run(ending.code)
        is_new = before is None or before.state != state
        run = note_run(_facts(ending, state, tally) | {"mode": RunMode.RUN})
        if is_new and state is not RunState.REFUSED_CLOCK:  # the guard of the clock records its own refusal, once
            cause = state.removeprefix("refused_")
            record(REFUSED, actor="portal", subject="portal", **{"class": ending.code, "cause": cause})
    return run


def _facts(ending: Ending, state: RunState, tally: Tally) -> dict[str, object]:
    now = clock.now()
    overdue = ending.source.overdue(ending.term.over_before(now - OVERDUE)) if tally.kept else 0
    return {
        "class_code": ending.code, "state": state, "basis": share.basis_of(ending), "clock_at": now, "due": tally.due,
        "kept": tally.kept, "overdue": overdue,
    }  # fmt: skip


def _note_slice(ending: Ending, run: PurgeRun, removed: int) -> None:
    if not removed:
        return
    run.removed += removed
    facts: dict[str, str | int] = {"class": ending.code, "until": clock.today().isoformat()}
    kept = sum(run.kept.values())
    record(RAN, actor="portal", subject="portal", due=run.due, removed=removed, kept=kept, **facts)


def _next_size(size: int, seconds: float, each_before: float) -> int:
    """Return how large the next slice is; `each_before` are the seconds for a row of the slice before this one."""
    aim, most = TIMES[db.engine.dialect.name]
    # Where each row took less than in the slice before, most of the time is not for rows: a busy machine, many calls.
    is_cheaper = seconds / size < each_before * 0.75
    wanted = size * 2 if is_cheaper and seconds < most else size * min(aim / seconds, 2)
    return min(max(round(wanted), FIRST_SLICE), LARGEST_SLICE)
