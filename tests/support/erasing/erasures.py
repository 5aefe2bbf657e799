"""Erasures in tests: scheduled as a second opinion does, run as the worker does, their ledger confirmed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from sqlalchemy import select, update

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.infrastructure.jobs.worker import run_job
from portal.infrastructure.locking.rows import lock_row
from portal.personal_data.erasure import steps
from portal.personal_data.erasure.models import Erasure
from portal.personal_data.erasure.planning import plan
from portal.personal_data.erasure.scheduling import schedule
from portal.personal_data.erasure.scope import Scope
from portal.personal_data.ledger.shipping import ship

WHOLE = Scope()
STEPS = ("start", "seal", "keys", "archive", "rows", "file", "verify", "answer", "forget", "over")


def scheduled(customer_id: int, scope: Scope = WHOLE, **options: object) -> int:
    """Let an erasure cool off; return its id."""
    with transaction() as session:
        lock_row(Customer, customer_id)
        customer = session.get_one(Customer, customer_id)
        return schedule(customer, scope, plan(customer_id, scope), **options).id  # type: ignore[arg-type]


def confirm_ledger() -> None:
    """Ship every line of the ledger that waits, as its job does."""
    while ship():
        pass


@contextmanager
def cooled() -> Iterator[None]:
    """Be four days later."""
    with clock.stopped_at(clock.now() + timedelta(days=4)):
        yield


def carried_out(erasure_id: int) -> Erasure:
    """Carry an erasure out to its end, with what its jobs do; return it as it is then."""
    with cooled():
        to_the_end(erasure_id)
    return found(erasure_id)


def to_the_end(erasure_id: int) -> None:
    """Run the next slices until nothing is left to do, while the ledger confirms and other jobs run."""
    for _turn in range(60):
        if steps.go_on(erasure_id) is None:
            return
        confirm_ledger()
        run_others()
    raise AssertionError(f"the erasure is still at {found(erasure_id).step}")


def until(erasure_id: int, step: str) -> Erasure:
    """Do one slice at a time until an erasure stands before a step."""
    for _turn in range(500):
        if STEPS.index(found(erasure_id).step) >= STEPS.index(step):
            return found(erasure_id)
        steps._advance(erasure_id)
        confirm_ledger()
        run_others()
    raise AssertionError(f"the erasure is still at {found(erasure_id).step}")


def run_others() -> None:
    """Run the due jobs but for those of erasures, which the test runs itself."""
    due = select(Job.id).where(
        Job.status == JobStatus.WAITING, Job.run_at <= clock.now(), Job.name.not_like("erasure.%")
    )
    ids = list(db.session.execute(due.order_by(Job.id)).scalars())
    db.session.rollback()
    for job_id in ids:
        run_job(job_id)


def found(erasure_id: int) -> Erasure:
    """Return an erasure as it is now."""
    db.session.rollback()
    return db.session.get_one(Erasure, erasure_id, populate_existing=True)


def start_at_once(erasure_id: int) -> None:
    """Let an erasure cool off no longer."""
    with transaction() as session:
        session.execute(update(Erasure).where(Erasure.id == erasure_id).values(runs_at=clock.now()))
