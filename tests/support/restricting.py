"""Restrictions for tests: filed through the pages, read from the database, lifted by the job."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import enqueue
from portal.personal_data.restrictions.models import Restriction
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import run_asked_jobs

DAY = timedelta(days=1)


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
