"""The row that marketing reads: one per customer, numbered and counted at the very end of the transaction.

Sequences are taken last, under one short lock, so that their order is the order of the commits and no reader of the
change feed can pass over a change that commits later. Taking them earlier would also let two transactions that touch
several customers wait for each other.
"""

from collections import Counter as Tally
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Select, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from portal import clock
from portal.customers.creation import on_creation
from portal.customers.models import Customer
from portal.infrastructure.counters import Counter, next_number
from portal.infrastructure.database import before_commit, db
from portal.preferences.choice_memory import asks_again_on
from portal.preferences.models import PreferenceState, PreferenceTotal, UnsubscribeLink
from portal.preferences.purposes import FLAG_CODES, no_flags

SERIES = "preferences"
CUSTOMERS, SUPPRESSED = "customers", "suppressed"


@dataclass
class _Changes:
    """What the current transaction does to the feed. New rows wait here for their number."""

    new: dict[int, PreferenceState] = field(default_factory=dict)
    changed: dict[int, PreferenceState] = field(default_factory=dict)
    totals: Tally[str] = field(default_factory=Tally)


@on_creation
def start(customer: Customer) -> None:
    """Give a new customer a row with everything off, and the unsubscribe link for messages to come."""
    _add_state(customer)


def lock_state(customer: Customer) -> PreferenceState:
    """Return a customer's row, locked until the commit: choices made at once take their turn."""
    if waiting := _changes().new.get(customer.id):
        return waiting
    statement = select(PreferenceState).where(PreferenceState.customer_id == customer.id)
    if state := _locked(statement):
        return state
    db.session.execute(select(Customer.id).where(Customer.id == customer.id).with_for_update())
    return _locked(statement) or _add_state(customer)


def read_state(customer_id: int) -> PreferenceState | None:
    """Return a customer's row as it stands, without locking it."""
    return db.session.get(PreferenceState, customer_id)


def publish(state: PreferenceState, *, is_suppressed: bool | None = None) -> bool:
    """Bring `flags` in step with the choices and the suppression; return whether marketing sees a change.

    Args:
        is_suppressed: the new suppression; unchanged when absent.
    """
    suppressed = state.is_suppressed if is_suppressed is None else is_suppressed
    wanted = no_flags() if suppressed else {flag: is_on(state, flag) for flag in FLAG_CODES}
    state.lapses_on = min((day for flag in FLAG_CODES if (day := _lapses_on(state, flag))), default=None)
    if wanted == state.flags and suppressed == state.is_suppressed:
        return False
    changes = _changes()
    for flag, is_wanted in wanted.items():
        changes.totals[flag] += is_wanted - state.flags.get(flag, False)
    changes.totals[SUPPRESSED] += suppressed - state.is_suppressed
    state.flags, state.is_suppressed = wanted, suppressed
    mark_changed(state)
    return True


def is_on(state: PreferenceState, flag: str) -> bool:
    """Whether the customer's latest choice is yes, and still holds, suppressed or not."""
    latest = state.latest_choices.get(flag)
    day = asks_again_on(flag, latest)
    return bool(latest and latest["given"]) and (day is None or clock.today() < day)


def mark_changed(state: PreferenceState) -> None:
    """Have a row numbered anew at the commit."""
    _changes().changed[state.customer_id] = state


def rename(customer: Customer) -> None:
    """Bring the reference in step after a customer's `external_id` was set or changed, in the current transaction."""
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
    states = list((changes.changed | changes.new).values())
    instant = clock.now()
    for number, state in zip(_take_numbers(len(states)), states, strict=True):
        state.sequence, state.updated_at = number, instant
    session.add_all(changes.new.values())
    session.add_all(UnsubscribeLink(customer_id=customer_id) for customer_id in changes.new)
    session.flush()
    _add_to_totals(session, {name: change for name, change in sorted(changes.totals.items()) if change})


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
    )
    changes = _changes()
    changes.new[customer.id] = state
    changes.totals[CUSTOMERS] += 1
    return state


def _changes() -> _Changes:
    changes: _Changes = db.session.info.setdefault(SERIES, _Changes())
    return changes


def _locked(statement: Select[PreferenceState]) -> PreferenceState | None:
    statement = statement.with_for_update().execution_options(populate_existing=True)
    return db.session.execute(statement).scalar_one_or_none()


def _lapses_on(state: PreferenceState, flag: str) -> date | None:
    day = asks_again_on(flag, state.latest_choices.get(flag))
    return day if day and is_on(state, flag) else None


def _take_numbers(count: int) -> range:
    if count == 0:
        return range(0)
    first = next_number(SERIES)
    if count > 1:
        db.session.execute(update(Counter).where(Counter.name == SERIES).values(value=Counter.value + count - 1))
    return range(first, first + count)


def _add_to_totals(session: Session, totals: dict[str, int]) -> None:
    if not totals:
        return
    insert = postgresql.insert if session.connection().dialect.name == "postgresql" else sqlite.insert
    statement = insert(PreferenceTotal).values([{"name": name, "count": change} for name, change in totals.items()])
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["name"], set_={"count": PreferenceTotal.count + statement.excluded.count}
        )
    )
