"""Run jobs: huey wakes the workers, the job row decides who runs what, a sweep finds whatever was lost.

A wake-up message holds the id of a row and nothing else, as JSON: a forged one can at most wake a job that exists.
"""

import json
import logging
import threading
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from huey import Huey, RedisHuey, SqliteHuey
from huey.registry import Message
from huey.serializer import Serializer
from sqlalchemy import and_, or_, select, update

from portal import clock
from portal.infrastructure.database import db, transaction
from portal.infrastructure.installed import Installed
from portal.infrastructure.jobs.models import Job, JobStatus, Lane
from portal.infrastructure.jobs.queue import (
    LEASE,
    MOST_ATTEMPTS,
    Handler,
    JobRefused,
    JobRun,
    LeaseLost,
    at_start_of_work,
    enqueue,
    handlers,
    periodic,
    wake_with,
)
from portal.infrastructure.jobs.standstill import may_work
from portal.infrastructure.locking.second_try import run_twice

SWEEP_SECONDS = 5
SWEEP_SIZE = 200
LANE_SECONDS = 1
START_SECONDS = 60

logger = logging.getLogger("portal.jobs")


class JsonSerializer(Serializer):  # type: ignore[misc]
    """Writes huey's messages as JSON. Huey's own format is pickle: whoever could write to the queue could run code."""

    def _serialize(self, data: Any) -> bytes:
        return json.dumps(list(data)).encode()

    def _deserialize(self, data: bytes) -> Message:
        return Message(*json.loads(data))


job_engine = Installed[Huey]("job_engine")


def connect_engine(app: Flask, redis_url: str | None, folder: Path) -> Huey:
    """Return the wake-up engine of an app, and let `enqueue` use it: Redis where given, else a small SQLite file.

    Args:
        folder: where the SQLite file goes.
    """
    options: dict[str, Any] = {"results": False, "serializer": JsonSerializer()}
    if redis_url:
        engine = RedisHuey("portal", connection_pool=_redis_pool(redis_url), **options)
    else:
        # No request waits for the disk over a wake-up: a lost one costs a sweep.
        engine = SqliteHuey("portal", filename=str(folder / "wakeups.sqlite"), fsync=False, **options)

    @engine.task(name="run_job")  # type: ignore[untyped-decorator]
    def run_in_worker(job_id: int) -> None:
        with app.app_context():
            run_job(job_id)

    quiet_until = 0.0

    def wake(job_id: int) -> None:
        nonlocal quiet_until
        if time.monotonic() < quiet_until:
            return
        try:
            run_in_worker(job_id)
        except Exception:
            # A person may be waiting for the page. For a while no further wake-up is tried, since each could take as
            # long to fail.
            quiet_until = time.monotonic() + SWEEP_SECONDS
            logger.exception("wake-up lost; the sweep will find the job")

    wake_with(wake)
    return engine


def _redis_pool(url: str) -> Any:
    from redis import ConnectionPool  # here, because the package belongs to the extra `scale`
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    # Two seconds are longer than a worker listens for one message, and short enough for a person who waits: a paused
    # Redis gives no answer at all.
    return ConnectionPool.from_url(url, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0))


def run_job(job_id: int) -> bool:
    """Take a due job, run it, and record how it ended. Return False when it is not due, or another worker has it.

    Nothing is taken while jobs may not run (`standstill`).
    """
    run = _take(job_id) if may_work() else None
    if run is None:
        return False
    row = db.session.get_one(Job, job_id)
    handler, arguments, attempts = handlers.get(row.name), dict(row.arguments), row.attempts
    db.session.rollback()
    try:
        if handler is None:
            raise JobRefused(f"no handler is registered for {row.name}")
        run_twice(lambda: _run_to_its_end(handler, run, arguments))
    except LeaseLost:
        logger.warning("job taken over by another worker", extra={"job": job_id})
    except Exception as error:
        db.session.rollback()
        logger.exception("job failed", extra={"job": job_id, "attempt": attempts})
        _record_failure(run, attempts, error)
    finally:
        db.session.remove()
    return True


def _run_to_its_end(handler: Handler, run: JobRun, arguments: dict[str, Any]) -> None:
    handler(run, **arguments)
    if not run.is_finished:
        with run.finish():
            pass


def sweep() -> list[int]:
    """Enqueue the periodic jobs that are due, and return the ids of a slice of the due jobs of the main lane.

    Due are jobs whose wake-up was lost, jobs to be tried again, and jobs that a dead worker left.
    """
    if not may_work():
        return []
    _enqueue_periodic()
    return due_jobs(Lane.MAIN)


def due_jobs(lane: Lane) -> list[int]:
    """Return the ids of a slice of the due jobs of a lane, oldest first; none while jobs may not run."""
    if not may_work():
        return []
    due = select(Job.id).where(Job.lane == lane, _is_due(clock.now())).order_by(Job.run_at, Job.id).limit(SWEEP_SIZE)
    ids = list(db.session.execute(due).scalars())
    db.session.rollback()
    return ids


def run_due_jobs() -> int:
    """Run every due job in this process until none is left; return how many ran. For tests and commands."""
    ran = 0
    while ids := sweep() or due_jobs(Lane.STRANGERS) or due_jobs(Lane.SYSTEMS):
        ran += sum(run_job(job_id) for job_id in ids)
    return ran


def work(app: Flask, engine: Huey, threads: int) -> None:
    """Run jobs in some threads until told to stop. SIGTERM and SIGINT let the running jobs end first.

    One thread more runs what strangers ask for, another one calls systems, and nothing else does either: however much
    it is, and however long they take to answer, the others are free.
    """
    consumer = engine.create_consumer(
        workers=threads, worker_type="thread", periodic=False, graceful_signal="TERM", check_worker_health=True
    )
    stop = threading.Event()
    threading.Thread(target=_sweep_until, args=(app, stop), daemon=True).start()
    for lane in (Lane.STRANGERS, Lane.SYSTEMS):
        threading.Thread(target=_serve_until, args=(app, lane, stop), daemon=True).start()
    try:
        consumer.run()
    finally:
        stop.set()


def _sweep_until(app: Flask, stop: threading.Event) -> None:
    has_begun = False
    while not stop.is_set():
        try:
            with app.app_context():
                if not has_begun:
                    enqueue_at_start()
                    has_begun = True
                for job_id in sweep():
                    run_job(job_id)
        except Exception:
            logger.exception("sweep failed; it is tried again")
        stop.wait(SWEEP_SECONDS)


def _serve_until(app: Flask, lane: Lane, stop: threading.Event) -> None:
    while not stop.is_set():
        ids: list[int] = []
        try:
            with app.app_context():
                ids = due_jobs(lane)
                for job_id in ids:
                    if not stop.is_set():
                        run_job(job_id)
        except Exception:
            logger.exception("a lane failed; it is tried again", extra={"lane": lane})
        if not ids:
            stop.wait(LANE_SECONDS)


def enqueue_at_start() -> None:
    """Enqueue the jobs that run whenever a worker starts, once for all workers that start in the same minute."""
    slot = int(clock.now().timestamp() // START_SECONDS)
    with transaction():
        for name in at_start_of_work:
            enqueue(name, unique_key=f"{name}:start:{slot}")


def _is_due(instant: datetime) -> Any:
    waiting = and_(Job.status == JobStatus.WAITING, Job.run_at <= instant)
    abandoned = and_(Job.status == JobStatus.RUNNING, Job.lease_until < instant)
    return or_(waiting, abandoned)


def _take(job_id: int) -> JobRun | None:
    instant = clock.now()
    statement = update(Job).where(Job.id == job_id, _is_due(instant)).returning(Job.fence, Job.lane)
    statement = statement.values(
        status=JobStatus.RUNNING, lease_until=instant + LEASE, fence=Job.fence + 1, attempts=Job.attempts + 1
    )
    with transaction() as session:
        taken = session.execute(statement).one_or_none()
    return None if taken is None else JobRun(job_id, *taken)


def _record_failure(run: JobRun, attempts: int, error: Exception) -> None:
    """Put a failed job back with a growing delay, or park it. The error's type is kept, not its words."""
    is_over = isinstance(error, JobRefused) or attempts >= MOST_ATTEMPTS
    delay = timedelta(seconds=min(5 * 3 ** (attempts - 1), 6 * 3600))
    statement = update(Job).where(Job.id == run.job_id, Job.fence == run.fence, Job.status == JobStatus.RUNNING)
    with transaction() as session:
        session.execute(
            statement.values(
                status=JobStatus.PARKED if is_over else JobStatus.WAITING,
                run_at=clock.now() + delay,
                lease_until=None,
                last_error=type(error).__name__,
            )
        )


def _enqueue_periodic() -> None:
    """Enqueue each periodic job whose turn has come; a sweep where none has, as nearly all are, asks once."""
    instant = clock.now().timestamp()
    keys = {f"{name}:{int(instant // every.total_seconds())}": name for name, every in periodic.items()}
    known = set(db.session.execute(select(Job.unique_key).where(Job.unique_key.in_(keys))).scalars())
    if new := [key for key in keys if key not in known]:
        with transaction():
            for key in new:
                enqueue(keys[key], unique_key=key)
