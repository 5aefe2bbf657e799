"""The timed jobs of preferences: consents given for a time lapse, old proofs and erased references are removed."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import aliased

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer, CustomerStatus
from portal.durations import Period
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import JobRun, job
from portal.infrastructure.locking.rows import keep_rows
from portal.preferences.choices.states import forget, publish
from portal.preferences.models import ConsentRecord, PreferenceState

PURGED = declare("portal:consent_proofs:purged", "proofs", "until")

SLICE = 500


@job("preferences.end_suppressions", every=timedelta(hours=6), destroys=True)
def end_suppressions(run: JobRun) -> None:
    """Remove the references of erased people once their suppression entry has run out."""
    _apply(run, lambda: PreferenceState.suppressed_until <= clock.now(), forget)


@job("preferences.lapse_consents", every=timedelta(hours=1))
def lapse_consents(run: JobRun) -> None:
    """Switch off what was given for six months and not given again."""
    _apply(run, lambda: PreferenceState.lapses_on <= clock.today(), publish)


@job("preferences.purge_proofs", every=timedelta(days=1), destroys=True)
def purge_proofs(run: JobRun) -> None:
    """Remove proofs of choices that stopped counting longer ago than the organisation keeps proof.

    The proof of a choice that still counts stays, however old. So do those of a restricted customer (GDPR art. 18).
    """
    period: Period = installed.organisation().retention.consent_proof
    last_day = period.before(clock.today())
    until, removed, reached = clock.start_of(last_day), 0, 0
    while ids := _old_proofs(until, after=reached):
        with transaction() as session:
            session.execute(delete(ConsentRecord).where(ConsentRecord.id.in_(ids)))
        removed, reached = removed + len(ids), ids[-1]
        run.renew()
    with run.finish():
        if removed:
            record(PURGED, actor="portal", subject="portal", proofs=removed, until=last_day.isoformat())


def _old_proofs(until: datetime, after: int) -> list[int]:
    """Return the next ids of proofs whose choice was replaced, or whose customer was erased, before an instant."""
    newer = aliased(ConsentRecord)
    is_replaced = exists().where(
        newer.customer_id == ConsentRecord.customer_id,
        newer.flag == ConsentRecord.flag,
        newer.effective_at > ConsentRecord.effective_at,
        newer.effective_at < until,
    )
    old = (
        select(ConsentRecord.id)
        .join(Customer, Customer.id == ConsentRecord.customer_id)
        .where(
            ConsentRecord.id > after,
            ConsentRecord.effective_at < until,
            Customer.status != CustomerStatus.RESTRICTED,
            or_(is_replaced, Customer.erased_at < until),
        )
    )
    # Read apart from the transaction that deletes, so that a walk along the whole table keeps no writer waiting.
    ids = list(db.session.execute(old.order_by(ConsentRecord.id).limit(SLICE)).scalars())
    db.session.rollback()
    return ids


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
