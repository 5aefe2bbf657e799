"""Enqueue a job in the current transaction, and register what runs it.

A job carries identifiers only, never personal data. It may be killed at any moment and run again. So everything that it
writes is committed together with its end, by `JobRun.finish`, and only while it still holds its lease.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any

from sqlalchemy import Update, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import scoped_session

from portal import clock
from portal.infrastructure.database import after_commit, db, transaction
from portal.infrastructure.jobs.destruction import may_destroy
from portal.infrastructure.jobs.models import Job, JobStatus, Lane

LEASE = timedelta(seconds=30)
MOST_ATTEMPTS = 12
PUT_OFF_FOR = timedelta(hours=1)

Handler = Callable[..., None]
handlers: dict[str, Handler] = {}
periodic: dict[str, timedelta] = {}
at_start_of_work: list[str] = []
destroying: set[str] = set()
_wakers: list[Callable[[int], None]] = []


class LeaseLost(Exception):
    """Another worker took this job over while this one was paused; nothing of this run may be kept."""


class JobRefused(Exception):
    """The job can never succeed: it is parked at once instead of tried again."""


def job(
    name: str, every: timedelta | None = None, *, at_start: bool = False, destroys: bool = False
) -> Callable[[Handler], Handler]:
    """Register the handler of a job. It is called with a `JobRun` and the job's arguments as keywords.

    Args:
        name: `domain.verb_noun`, as `enqueue` is given it.
        every: the interval of a periodic job, which must take no argument.
        at_start: whether it also runs whenever a worker starts.
        destroys: whether it destroys what is past its time. It then does nothing while the clock is not trusted: a
            periodic one waits for its next turn, another is put off.
    """

    def register(handler: Handler) -> Handler:
        if destroys:
            handler = _while_time_is_trusted(name, handler)
        handlers[name] = handler
        if every:
            periodic[name] = every
        if at_start:
            at_start_of_work.append(name)
        return handler

    return register


def _while_time_is_trusted(name: str, handler: Handler) -> Handler:
    destroying.add(name)

    @wraps(handler)
    def guarded(run: "JobRun", **arguments: Any) -> None:
        if may_destroy():
            handler(run, **arguments)
        elif name not in periodic:
            run.put_off(clock.now() + PUT_OFF_FOR)

    return guarded


def enqueue(
    name: str,
    *,
    run_at: datetime | None = None,
    unique_key: str | None = None,
    lane: Lane = Lane.MAIN,
    **arguments: int | str,
) -> None:
    """Add a job to the current transaction; a worker is woken after its commit, in the main lane.

    Args:
        run_at: the earliest instant to run it; now when absent.
        unique_key: a second job with the same key is not added.
        lane: whose workers run it.
        arguments: identifiers only.

    Raises:
        LookupError: no handler is registered under the name.
    """
    if name not in handlers:
        raise LookupError(f"no job is registered as {name!r}: decorate its handler with @job({name!r})")
    insert = postgresql.insert if db.session.connection().dialect.name == "postgresql" else sqlite.insert
    statement = insert(Job).values(
        name=name, arguments=dict(arguments), run_at=run_at or clock.now(), unique_key=unique_key, lane=lane
    )
    # Not looked up first: of two who find no such key at once, one would fail.
    statement = statement.on_conflict_do_nothing(index_elements=["unique_key"])
    job_id = db.session.execute(statement.returning(Job.id)).scalar_one_or_none()
    if job_id is not None and lane is Lane.MAIN and (run_at is None or run_at <= clock.now()):
        after_commit(lambda: wake(job_id))


def wake_with(waker: Callable[[int], None]) -> None:
    """Set the function that tells workers of a new job at once. Without one, the next sweep finds the job."""
    _wakers[:] = [waker]


def wake(job_id: int) -> None:
    """Tell a worker that a job is due. A lost call costs one sweep, nothing else."""
    for waker in _wakers:
        waker(job_id)


@dataclass
class JobRun:
    """One attempt at one job, as its handler sees it; `fence` is that of the job's row when it was taken.

    Attributes:
        lane: that of the job, for what it asks for in turn.
    """

    job_id: int
    fence: int
    lane: Lane = Lane.MAIN
    is_finished: bool = False

    def renew(self) -> None:
        """Keep the lease for another period; call it between the slices of slow work.

        It uses a connection of its own, so that a long read of the session goes on undisturbed.

        Raises:
            LeaseLost: another worker holds the job now.
        """
        with db.engine.connect().execution_options(portal_write=True) as connection, connection.begin():
            self._require_one(connection.execute(self._update(lease_until=clock.now() + LEASE)))

    def put_off(self, until: datetime) -> None:
        """Give the job back, to be run later as if it had not been tried.

        Raises:
            LeaseLost: another worker holds the job now.
        """
        waiting = self._update(status=JobStatus.WAITING, run_at=until, lease_until=None, attempts=Job.attempts - 1)
        with transaction() as session:
            self._require_one(session.execute(waiting))
        self.is_finished = True

    @contextmanager
    def finish(self) -> Iterator[scoped_session[Any]]:
        """Open the transaction that commits the effects of the job together with its end.

        Raises:
            LeaseLost: another worker holds the job now; nothing is committed.
        """
        with transaction() as session:
            done = self._update(status=JobStatus.DONE, done_at=clock.now(), lease_until=None, last_error=None)
            self._require_one(session.execute(done))
            yield session
        self.is_finished = True

    def _update(self, **values: Any) -> Update:
        statement = update(Job).where(Job.id == self.job_id, Job.fence == self.fence, Job.status == JobStatus.RUNNING)
        return statement.values(**values)

    @staticmethod
    def _require_one(result: Any) -> None:
        if result.rowcount != 1:
            raise LeaseLost
