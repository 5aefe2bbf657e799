"""Carry an erasure out, a slice at a time: start, seal, keys, archive, rows, file, verify, answer.

Each slice is a transaction that also notes how far the erasure is. So a kill anywhere costs at most the slice that was
under way, and whoever goes on finds what is left. Two workers on one erasure take turns: each locks it and reads anew
where it stands.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from portal import clock
from portal.audit.recording import record
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.infrastructure.jobs.queue import JobRun, job
from portal.personal_data.erasure import beginning, finishing
from portal.personal_data.erasure.checking.journal import is_emptied
from portal.personal_data.erasure.listeners import hold, must_wait, reference_of
from portal.personal_data.erasure.models import JOURNAL, Erasure, ErasureState
from portal.personal_data.erasure.planning import FILE, RECORDS, Erasing, all_erasing
from portal.personal_data.erasure.scheduling import ask_for_run, keys_of_newest_job
from portal.personal_data.erasure.scope import Scope

SLICE = 500
LONGEST = 20.0
"""Seconds that one job works before it gives its place to others."""
LOOKED = 0.01
"""Seconds after which a slice that finds nothing leaves the next parts to the next one, so that others may write."""
BYTES_AGAIN = timedelta(seconds=5)

Work = Callable[[Erasing, int, Scope], int]


def go_on(erasure_id: int, between: Callable[[], None] = lambda: None) -> datetime | None:
    """Do the next slices of an erasure, for 20 seconds at most, with a pause as long as each slice between them.

    Args:
        between: called after each slice, such as to keep a job's lease.

    Returns:
        When to go on; None when nothing is left to do.
    """
    ends = time.monotonic() + LONGEST
    while True:
        began = time.perf_counter()
        at = _advance(erasure_id)
        if at is None:
            _empty_journal()
        if at is None or at > clock.now() or time.monotonic() > ends:
            return at
        between()
        time.sleep(min(time.perf_counter() - began, 1))


@job("erasure.step", destroys=True)
def step(run: JobRun, erasure_id: int, run_id: int) -> None:
    """Do the next slices, and ask for the next job. One that is not the newest leaves that to the newest."""
    at = go_on(erasure_id, run.renew)
    with run.finish():
        erasure = hold(erasure_id)
        if at is not None and erasure is not None and erasure.runs == run_id:
            ask_for_run(erasure, at)


@job("erasure.watch", every=timedelta(minutes=5), destroys=True)
def watch(run: JobRun) -> None:
    """Ask again for jobs that were lost, and halt what failed for good."""
    _empty_journal()
    for erasure_id in _going_on():
        with transaction():
            erasure = hold(erasure_id)
            if erasure is not None and _is_going_on(erasure):
                _look_after(erasure)


def _empty_journal() -> None:
    """Empty SQLite's log where a reader kept an erasure from doing so: its alarm ends."""
    alarmed = select(Erasure.id).where(Erasure.cause == JOURNAL)
    if db.session.execute(alarmed).first() and is_emptied():
        with transaction() as session:
            session.execute(update(Erasure).where(Erasure.cause == JOURNAL).values(cause=None))


def resume(erasure: Erasure, actor: str) -> None:
    """Let a halted erasure go on, in the current transaction: from its first part, for a recount found something.

    Args:
        actor: `staff:…`, or `command`.
    """
    reference = reference_of(erasure)
    record(finishing.RESUMED, actor=actor, subject="portal", reference=reference, step=erasure.step)
    is_past_seal = erasure.step not in {"start", "seal"}
    erasure.state, erasure.cause = ErasureState.RUNNING, None
    if is_past_seal:
        erasure.step, erasure.position = "keys", ""
    ask_for_run(erasure)


def _advance(erasure_id: int) -> datetime | None:
    """Do one slice in a transaction of its own; return when the next one is due.

    What reads all that a person has is done before: nobody who writes waits for it.
    """
    is_journal_empty = _wants_journal_empty(erasure_id) and is_emptied()
    foreseen, recounted = _look_ahead(erasure_id)
    with transaction():
        erasure = hold(erasure_id)
        if erasure is None or not _is_going_on(erasure):
            return None
        match erasure.step:
            case "start":
                return beginning.start(erasure, foreseen)
            case "seal":
                return beginning.seal(erasure, foreseen)
            case "verify":
                return finishing.verify(erasure, recounted, is_journal_empty=is_journal_empty)
            case "answer":
                return finishing.answer(erasure)
            case "forget":
                return finishing.forget(erasure)
            case _:
                return _slice(erasure)


def _look_ahead(erasure_id: int) -> tuple[beginning.Foreseen | None, finishing.Recount | None]:
    """Return what the next step has to know of everything that is held, as far as it has to."""
    db.session.rollback()
    erasure = db.session.get(Erasure, erasure_id)
    if erasure is None or not _is_going_on(erasure):
        return None, None
    if erasure.step == "seal" or (erasure.step == "start" and erasure.runs_at <= clock.now()):
        return beginning.foresee(erasure), None
    if erasure.step == "verify" and not erasure.position.startswith(finishing.RECOUNTED):
        return None, finishing.recount(erasure)
    return None, None


def _slice(erasure: Erasure) -> datetime | None:
    """Do one slice of the parts of the present step; behind the last one go on to the next step."""
    work, parts, following = _work_of(erasure.step)
    codes = [code for code, _erasing in parts]
    first = codes.index(erasure.position) if erasure.position in codes else 0
    scope = Scope.read(erasure.scope)
    began = time.perf_counter()
    for code, erasing in parts[first:]:
        if code != codes[first] and time.perf_counter() - began > LOOKED:
            erasure.position = code
            return clock.now()
        if done := work(erasing, erasure.customer_id, scope):
            erasure.position, erasure.done = code, erasure.done + done
            return clock.now()
    if erasure.step == "keys" and must_wait(erasure.customer_id):
        return clock.now() + BYTES_AGAIN
    erasure.step, erasure.position = following, ""
    return clock.now()


def _work_of(name: str) -> tuple[Work, list[tuple[str, Erasing]], str]:
    parts = all_erasing()
    match name:
        case "keys":
            return _erase, [each for each in parts if each[1].order < RECORDS], "archive"
        case "archive":
            return _archive, parts, "rows"
        case "rows":
            return _erase, [each for each in parts if each[1].order < FILE], "file"
        case "file":
            return _erase, [each for each in parts if each[1].order >= FILE], "verify"
    raise LookupError(f"an erasure has no step {name}")


def _erase(erasing: Erasing, customer_id: int, scope: Scope) -> int:
    return erasing.erase(customer_id, scope, SLICE)


def _archive(erasing: Erasing, customer_id: int, scope: Scope) -> int:
    return erasing.archive(customer_id, scope, SLICE)


def _wants_journal_empty(erasure_id: int) -> bool:
    where = db.session.execute(select(Erasure.step, Erasure.position).where(Erasure.id == erasure_id)).one_or_none()
    return where is not None and where.step == "verify" and where.position.startswith(finishing.RECOUNTED)


def _is_going_on(erasure: Erasure) -> bool:
    is_begun = erasure.state in {ErasureState.COOLING, ErasureState.RUNNING}
    return is_begun or (erasure.state is ErasureState.DONE and erasure.step == "forget")


def _going_on() -> list[int]:
    begun = Erasure.state.in_((ErasureState.COOLING, ErasureState.RUNNING))
    answered = (Erasure.state == ErasureState.DONE) & (Erasure.step == "forget")
    ids = db.session.execute(select(Erasure.id).where(or_(begun, answered)).order_by(Erasure.id)).scalars()
    return list(ids)


def _look_after(erasure: Erasure) -> None:
    newest = select(Job.status).where(Job.unique_key.like(keys_of_newest_job(erasure)))
    status = db.session.execute(newest).scalar_one_or_none()
    if status is JobStatus.PARKED and erasure.state is ErasureState.RUNNING:
        finishing.halt(erasure, "failed")
    elif status not in {JobStatus.WAITING, JobStatus.RUNNING}:
        ask_for_run(erasure, max(erasure.runs_at, clock.now()))
