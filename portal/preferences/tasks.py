"""The timed jobs of preferences: consents given for a time lapse, old proofs and erased references are removed."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.audit.tags import declare
from portal.customers.models import Customer
from portal.infrastructure.database import transaction
from portal.infrastructure.jobs.queue import JobRun, job
from portal.infrastructure.locking.rows import keep_rows
from portal.preferences.choices.states import publish
from portal.preferences.models import PreferenceState

PURGED = declare("portal:consent_proofs:purged", "proofs", "until")

SLICE = 500


@job("preferences.lapse_consents", every=timedelta(hours=1))
def lapse_consents(run: JobRun) -> None:
    """Switch off what was given for six months and not given again; who has reached 15 is no minor any more."""
    _apply(run, lambda: PreferenceState.lapses_on <= clock.today(), publish)


def _apply(run: JobRun, is_due: Callable[[], Any], change: Callable[[PreferenceState], object]) -> None:
    while _apply_some(is_due, change):
        run.renew()


def _apply_some(is_due: Callable[[], Any], change: Callable[[PreferenceState], object]) -> bool:
    """Change a slice of rows in a transaction of its own; return whether there may be more."""
    with transaction() as session:
        # In one order for everybody, so that two workers wait for each other and never deadlock: their customers first.
        due = select(PreferenceState.customer_id).where(is_due()).order_by(PreferenceState.customer_id).limit(SLICE)
        ids = list(session.execute(due).scalars())
        keep_rows(Customer, ids)
        held = select(PreferenceState).where(PreferenceState.customer_id.in_(ids), is_due())
        held = held.order_by(PreferenceState.customer_id).with_for_update(key_share=True)
        states = list(session.execute(held).scalars())
        # Read together: how old somebody was decides on their consents, row by row.
        people = session.execute(select(Customer).where(Customer.id.in_(ids))).scalars().all()
        for state in states:
            change(state)
    return len(people) == SLICE
