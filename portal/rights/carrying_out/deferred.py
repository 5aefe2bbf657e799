"""What an erasure left until its reason ends goes then, without a new request: a contract that is over, a hold lifted.

It was decided by two people, and cools off once more before it begins: whoever is still a customer is told at every
address, and may keep what they have.
"""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import exists, select
from sqlalchemy.orm import aliased

from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import JobRun, job
from portal.personal_data.erasure import planning
from portal.personal_data.erasure.certificate import certificate_of
from portal.personal_data.erasure.listeners import hold
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.personal_data.erasure.planning import Plan
from portal.personal_data.erasure.scheduling import schedule
from portal.personal_data.erasure.scope import Extent, Scope
from portal.personal_data.outcomes import ItemOutcome
from portal.rights.asked import Erase
from portal.rights.erasing.stops import scope_of
from portal.rights.models import RightsRequest

GOES = frozenset({ItemOutcome.ERASED, ItemOutcome.ARCHIVED})


@job("rights.erase_deferred", every=timedelta(days=1), destroys=True)
def erase_deferred(run: JobRun) -> None:
    """Let each erasure cool off whose reason for leaving something has ended."""
    for erasure_id in with_something_left():
        with transaction():
            erasure = hold(erasure_id)
            if erasure is not None and erasure_id in with_something_left([erasure_id]):
                _go_on(erasure)
        run.renew()


def with_something_left(ids: Iterable[int] = ()) -> list[int]:
    """Return the erasures that left something for later, and that none went on with, cancelled ones included."""
    later = aliased(Erasure)
    is_same = (later.customer_id == Erasure.customer_id, later.request_id.is_not_distinct_from(Erasure.request_id))
    went_on = exists().where(*is_same, later.id > Erasure.id, later.state != ErasureState.RETURNED)
    over = select(Erasure).where(Erasure.state == ErasureState.DONE, Erasure.step == "over", ~went_on)
    statement = (over.where(Erasure.id.in_(ids)) if ids else over).order_by(Erasure.id)
    # A few at a time: those of five years are there, each with its certificate.
    found = db.session.execute(statement.execution_options(yield_per=500)).scalars()
    return [erasure.id for erasure in found if kinds_left(erasure)]


def kinds_left(erasure: Erasure) -> tuple[str, ...]:
    """Return the kinds of which an erasure left something that goes when its reason ends."""
    certificate = certificate_of(erasure)
    kept = certificate.kept if certificate else []
    return tuple(dict.fromkeys(line["kind"] for line in kept if line["is_then_erased"]))


def _go_on(erasure: Erasure) -> None:
    customer = db.session.get_one(Customer, erasure.customer_id)
    scope = _scope_now(erasure, customer)
    found = planning.plan(customer.id, scope)
    if planning.hard_stops(found) or not _is_free(found, kinds_left(erasure)):
        return
    schedule(customer, scope, found, request_id=erasure.request_id)


def _scope_now(erasure: Erasure, customer: Customer) -> Scope:
    """Return how far it goes now: everything, account and file too, where that was asked for the end of a contract."""
    request = db.session.get(RightsRequest, erasure.request_id) if erasure.request_id else None
    asked = request.asked if request else None
    if customer.status is not CustomerStatus.ERASED and isinstance(asked, Erase) and asked.when_it_ends:
        scope = scope_of(customer.id, asked)
        if scope.is_whole:
            return scope
    return Scope(Extent.KINDS, kinds_left(erasure))


def _is_free(found: Plan, kinds: tuple[str, ...]) -> bool:
    """Tell whether nothing keeps any of what was left. What went meanwhile by its time is in no plan."""
    left = [item for item in found.items if item.kind in kinds]
    return bool(left) and all(item.outcome in GOES for item in left)
