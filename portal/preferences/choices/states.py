"""The row that marketing reads: one per customer, numbered and counted at the very end of the transaction.

Sequences are taken last, under one short lock, so that their order is the order of the commits and no reader of the
change feed can pass over a change that commits later. Taking them earlier would also let two transactions that touch
several customers wait for each other.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import Connection, bindparam, delete, select, text, update
from sqlalchemy.orm import Session

from portal import clock
from portal.customers.ages import consents_from, on_birth_change
from portal.customers.creation import on_creation
from portal.customers.models import Customer
from portal.infrastructure.database import before_commit, db
from portal.infrastructure.locking.rows import keep_rows, lock_row
from portal.preferences.choices.deciding import Known, may_use
from portal.preferences.choices.memory import asks_again_on
from portal.preferences.models import MINOR, PreferenceState, UnsubscribeLink
from portal.preferences.purposes import FLAG_CODES, FLAGS, no_flags

SERIES = "preferences"

# Built once: they run at the end of every transaction that changes a choice, while the counter is locked.
_TAKE = text(
    "INSERT INTO counters (name, value) VALUES (:name, :count)"
    " ON CONFLICT (name) DO UPDATE SET value = counters.value + :count RETURNING value"
)
_NUMBER = (
    update(PreferenceState.__table__)
    .where(PreferenceState.__table__.c.customer_id == bindparam("id"))
    .values(sequence=bindparam("number"), updated_at=bindparam("at"))
)
_ADD_TO_TOTAL = text(
    "INSERT INTO preference_totals (name, count) VALUES (:name, :change)"
    " ON CONFLICT (name) DO UPDATE SET count = preference_totals.count + excluded.count"
)

CUSTOMERS, SUPPRESSED = "customers", "suppressed"


@dataclass
class _Changes:
    """What the current transaction does to the feed. New rows wait here for their number."""

    new: dict[int, PreferenceState] = field(default_factory=dict)
    locked: dict[int, PreferenceState] = field(default_factory=dict)
    changed: dict[int, PreferenceState] = field(default_factory=dict)
    totals: Counter[str] = field(default_factory=Counter)


@on_creation
def start(customer: Customer) -> None:
    """Give a new customer a row with everything off, and the unsubscribe link for messages to come."""
    _add_state(customer)


def lock_state(customer: Customer) -> PreferenceState:
    """Return a customer's row, locked until the commit, so that choices made at the same time wait for each other."""
    changes = _changes()
    known = changes.new.get(customer.id) or changes.locked.get(customer.id)
    if known:
        return known
    keep_rows(Customer, [customer.id])
    state = _locked(customer.id)
    if state is None:
        lock_row(Customer, customer.id)
        state = _locked(customer.id)
    if state is None:
        return _add_state(customer)
    changes.locked[customer.id] = state
    return state


def read_state(customer_id: int) -> PreferenceState | None:
    """Return a customer's row as it stands, without locking it."""
    return db.session.get(PreferenceState, customer_id)


def publish(state: PreferenceState, *, is_suppressed: bool | None = None) -> bool:
    """Compute `flags` from the choices and the suppression; return whether marketing sees a change.

    Args:
        is_suppressed: the new suppression; unchanged when absent.
    """
    suppressed = state.is_suppressed if is_suppressed is None else is_suppressed
    old_enough_from = consents_from(db.session.get_one(Customer, state.customer_id))
    known = {code: _known(state, code, old_enough_from) for code in FLAG_CODES}
    held_back = state.held_back
    grown_up_on = _grown_up_on(old_enough_from)
    ends = [one.asks_again_on for code, one in known.items() if may_use(FLAGS[code], one, clock.today())]
    state.lapses_on = min((day for day in (*ends, grown_up_on) if day), default=None)
    wanted = {
        code: may_use(FLAGS[code], replace(one, is_suppressed=suppressed or code in held_back), clock.today())
        for code, one in known.items()
    }
    reason = state.reason if suppressed else MINOR if grown_up_on else None
    if wanted == state.flags and suppressed == state.is_suppressed and reason == state.reason:
        return False
    changes = _changes()
    for flag, is_wanted in wanted.items():
        changes.totals[flag] += is_wanted - state.flags.get(flag, False)
    changes.totals[SUPPRESSED] += suppressed - state.is_suppressed
    state.flags, state.is_suppressed, state.reason = wanted, suppressed, reason
    mark_changed(state)
    return True


def _grown_up_on(old_enough_from: date | None) -> date | None:
    """Return from when a child may consent alone; None for everybody else."""
    return old_enough_from if old_enough_from and clock.today() < old_enough_from else None


def is_on(state: PreferenceState, flag: str) -> bool:
    """Whether the customer's latest choice is a yes that holds, suppressed or not."""
    old_enough_from = consents_from(db.session.get_one(Customer, state.customer_id))
    return may_use(FLAGS[flag], _known(state, flag, old_enough_from), clock.today())


def _known(state: PreferenceState, code: str, old_enough_from: date | None) -> Known:
    latest = state.latest_choices.get(code)
    return Known(latest, asks_again_on(code, latest), old_enough_from)


@on_birth_change
def apply_ages(customer_ids: list[int]) -> None:
    """Compute the flags of customers anew whose birth was changed, in the current transaction."""
    for customer_id in customer_ids:
        publish(lock_state(db.session.get_one(Customer, customer_id, populate_existing=True)))


def mark_changed(state: PreferenceState) -> None:
    """Give a row a new version now, and a new number at the commit."""
    state.version += 1
    _changes().changed[state.customer_id] = state


def rename(customer: Customer) -> None:
    """Copy a customer's reference into the row after their `external_id` changed, in the current transaction."""
    state = lock_state(customer)
    if state.reference != customer.reference:
        state.reference = customer.reference
        mark_changed(state)


@before_commit
def number_changes(session: Session) -> None:
    """Number and count what the transaction changed. The counter stays locked from here to the commit."""
    changes: _Changes | None = session.info.pop(SERIES, None)
    if changes is None or not (changes.new or changes.changed or changes.totals):
        return
    connection, instant = session.connection(), clock.now()
    changed = [customer_id for customer_id in changes.changed if customer_id not in changes.new]
    numbers = _take_numbers(connection, len(changed) + len(changes.new))
    if changed:
        rows = [{"id": id_, "number": number, "at": instant} for id_, number in zip(changed, numbers, strict=False)]
        connection.execute(_NUMBER, rows)
    for state in changes.new.values():
        state.sequence, state.updated_at = next(numbers), instant
        session.add(state)
        session.add(UnsubscribeLink(customer_id=state.customer_id))
    session.flush()
    totals = [{"name": name, "change": change} for name, change in sorted(changes.totals.items()) if change]
    if totals:
        connection.execute(_ADD_TO_TOTAL, totals)


def forget(state: PreferenceState) -> None:
    """Take a row out of the feed and out of the totals, in the current transaction."""
    totals = _changes().totals
    totals[CUSTOMERS] -= 1
    totals[SUPPRESSED] -= state.is_suppressed
    for flag, was_on in state.flags.items():
        totals[flag] -= was_on
    db.session.execute(delete(UnsubscribeLink).where(UnsubscribeLink.customer_id == state.customer_id))
    db.session.delete(state)


def _add_state(customer: Customer) -> PreferenceState:
    state = PreferenceState(
        customer_id=customer.id,
        reference=customer.reference,
        flags=no_flags(),
        latest_choices={},
        is_suppressed=False,
        held_back=[],
        stops=[],
        version=1,
    )
    state.lapses_on = _grown_up_on(consents_from(customer))
    state.reason = MINOR if state.lapses_on else None
    changes = _changes()
    changes.new[customer.id] = state
    changes.totals[CUSTOMERS] += 1
    return state


def _changes() -> _Changes:
    changes: _Changes = db.session.info.setdefault(SERIES, _Changes())
    return changes


def _locked(customer_id: int) -> PreferenceState | None:
    statement = select(PreferenceState).where(PreferenceState.customer_id == customer_id)
    statement = statement.with_for_update(key_share=True)
    return db.session.execute(statement.execution_options(populate_existing=True)).scalar_one_or_none()


def _take_numbers(connection: Connection, count: int) -> Iterator[int]:
    """Take `count` numbers of a series in one statement, where `next_number` would take them one by one."""
    if count == 0:
        return iter(())
    last = int(connection.execute(_TAKE, {"name": SERIES, "count": count}).scalar_one())
    return iter(range(last - count + 1, last + 1))
