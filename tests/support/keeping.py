"""Let classes of what ends by time run now, and keep what a person has."""

from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import enqueue
from portal.personal_data.expiry.endings import ending_of
from portal.personal_data.expiry.loop import job_name
from portal.personal_data.restrictions.locking import restrict as lock
from tests.support.acting.mailbox import run_asked_jobs
from tests.support.looking.audit_trail import events


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
