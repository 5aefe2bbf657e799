"""Let classes of what ends by time run now, keep what a person has, and see how a restriction of it stands and ends."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import enqueue
from portal.personal_data.expiry.endings import ending_of
from portal.personal_data.expiry.loop import job_name
from portal.personal_data.restrictions.locking import restrict as lock
from portal.personal_data.restrictions.models import Restriction
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import run_asked_jobs
from tests.support.looking.audit_trail import events

DAY = timedelta(days=1)


def end_now(*codes: str) -> None:
    """Run the jobs of some classes by the clock as it is, and what they ask for."""
    with transaction():
        for code in codes:
            enqueue(job_name(ending_of(code)))
    run_asked_jobs()
    db.session.rollback()


def restrict(customer: Customer) -> None:
    """Restrict everything of a customer in the current transaction, as the decision of a request does."""
    lock(customer.id, None, None)


def removals(code: str) -> list[int]:
    """Return how many things each slice of a class removed, as the audit trail has it."""
    return [event.facts["removed"] for event in events("portal:retention:ran") if event.facts["class"] == code]


def row() -> Restriction:
    """Return the one restriction there is, as it stands now."""
    db.session.rollback()
    return db.session.execute(select(Restriction)).scalar_one()


def row_count() -> int:
    db.session.rollback()
    return len(db.session.execute(select(Restriction.id)).all())


def lift_due() -> None:
    """Run the job that lifts what is provisional and whose notice is over."""
    with transaction():
        enqueue("restrictions.lift_due")
    run_asked_jobs()
    db.session.rollback()


def later(days: int) -> Any:
    """Let some days pass."""
    return clock.stopped_at(clock.now() + days * DAY)


def file(customer: Browser, right: str, values: dict[str, Any], field: str) -> str:
    """File a request by its form and return its reference."""
    page = customer.get(f"/requests/new/{right}").submit(values, with_field=field)
    return page.submit(action="/send").url.rpartition("/")[2]
