"""What time does to preferences: consents given for a time lapse, references of erased people leave."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.infrastructure.database import transaction
from portal.infrastructure.jobs.queue import JobRun, job
from portal.preferences.models import PreferenceState
from portal.preferences.states import forget, publish

SLICE = 500


@job("preferences.end_suppressions", every=timedelta(hours=6))
def end_suppressions(run: JobRun) -> None:
    """Let the references of erased people leave once their suppression entry has lived its time."""
    _apply(run, lambda: PreferenceState.suppressed_until <= clock.now(), forget)


@job("preferences.lapse_consents", every=timedelta(hours=1))
def lapse_consents(run: JobRun) -> None:
    """Switch off what was given for six months and not given again."""
    _apply(run, lambda: PreferenceState.lapses_on <= clock.today(), publish)


def _apply(run: JobRun, is_due: Callable[[], Any], change: Callable[[PreferenceState], object]) -> None:
    while _apply_some(is_due, change):
        run.renew()


def _apply_some(is_due: Callable[[], Any], change: Callable[[PreferenceState], object]) -> bool:
    """Change a slice of rows in a transaction of its own; return whether there may be more."""
    with transaction() as session:
        # In one order for everybody, so that two workers wait for each other and never deadlock.
        due = select(PreferenceState).where(is_due()).order_by(PreferenceState.customer_id).limit(SLICE)
        states = list(session.execute(due.with_for_update()).scalars())
        for state in states:
            change(state)
    return len(states) == SLICE
