"""Decide when an erasure begins, let the person cancel it until then, or send it back to review.

It cools off for 72 hours to seven days, in which a link to each address that is held cancels it: whoever took an
account over must not be able to erase in silence what belongs to somebody else.
"""

import hashlib
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, select, update

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.identifiers import new_public_id
from portal.infrastructure.jobs.queue import enqueue
from portal.infrastructure.one_time_tokens import read_token
from portal.personal_data.erasure.listeners import on_cancel, on_cooling, on_return, on_schedule, reference_of
from portal.personal_data.erasure.models import CancelLink, Erasure, ErasureState
from portal.personal_data.erasure.planning import Plan, hard_stops, stored
from portal.personal_data.erasure.scope import Extent, Scope

SCHEDULED = declare("customer:erasure:scheduled", "reference", "scope", "runs_at", "digest")
CANCELLED = declare("customer:erasure:cancelled", "reference")

SHORTEST = timedelta(hours=24)
STATUS, CANCEL = "erasure_status", "erasure_cancel"
"""The purposes of tokens: of the status page, and of the links that cancel. Mails are given them with a token id."""
STATUS_OPEN = timedelta(days=30)
UNDER_WAY = (ErasureState.COOLING, ErasureState.RUNNING, ErasureState.HALTED)


class TooLate(Exception):
    """The erasure has begun, or is over: it cannot be cancelled any more."""


class Stopped(Exception):
    """Something must end before the erasure, such as a contract; `stops` are the codes."""

    def __init__(self, stops: tuple[str, ...]) -> None:
        super().__init__(", ".join(stops))
        self.stops = stops


def wait() -> timedelta:
    """Return how long an erasure cools off here: `[retention] erasure_cooling`, 72 hours to seven days."""
    return timedelta(days=installed.organisation().retention.erasure_cooling.days)


def runs_at(now: datetime, due_on: date | None) -> datetime:
    """Return when an erasure begins: after the wait, at the latest as its due day begins, after 24 hours at least."""
    latest = clock.start_of(due_on) if due_on else now + wait()
    return max(min(now + wait(), latest), now + SHORTEST)


def schedule(
    customer: Customer,
    scope: Scope,
    plan: Plan,
    *,
    request_id: int | None = None,
    due_on: date | None = None,
    now: datetime | None = None,
    begins_at: datetime | None = None,
) -> Erasure:
    """Let an erasure cool off, in the current transaction, or wait until another one of the person is over.

    The caller has locked the customer. Whoever writes the mails issues the links that cancel it (`issue_cancel`).

    Args:
        plan: what was decided; another plan when it begins sends it back to review.
        begins_at: when it begins, in place of the usual wait.

    Raises:
        Stopped: the plan says what must end first.
    """
    if stops := hard_stops(plan):
        raise Stopped(stops)
    now = now or clock.now()
    erasure = Erasure(
        request_id=request_id, customer_id=customer.id, scope=scope.stored(), due_on=due_on, digest=plan.digest,
        decided_at=now, runs_at=begins_at or runs_at(now, due_on), items=stored(plan),
        state=ErasureState.WAITING if under_way(customer.id) else ErasureState.COOLING,
    )  # fmt: skip
    db.session.add(erasure)
    db.session.flush()
    _begin_to_cool(erasure)
    on_schedule.tell(erasure)
    return erasure


def _begin_to_cool(erasure: Erasure) -> None:
    erasure.token_hash, erasure.token_until = _hash(erasure.public_id), erasure.runs_at + STATUS_OPEN
    if erasure.state is ErasureState.COOLING:
        ask_for_run(erasure, erasure.runs_at)
    facts = {
        "reference": reference_of(erasure), "scope": erasure.scope["extent"], "runs_at": erasure.runs_at.isoformat(),
        "digest": erasure.digest,
    }  # fmt: skip
    record(SCHEDULED, actor="portal", subject=_subject(erasure), **facts)


def ask_for_run(erasure: Erasure, at: datetime | None = None) -> None:
    """Ask for the next job of an erasure, in the current transaction."""
    erasure.runs += 1
    db.session.flush()
    # A key works once for ever, so each job has a number of its own.
    key = f"erasure:{erasure.id}:{erasure.step}:{erasure.runs}"
    enqueue("erasure.step", run_at=at, unique_key=key, erasure_id=erasure.id, run_id=erasure.runs)


def keys_of_newest_job(erasure: Erasure) -> str:
    """Return the pattern (of LIKE) of the key of the newest job: it has the step at which it was asked for."""
    return f"erasure:{erasure.id}:%:{erasure.runs}"


def under_way(customer_id: int) -> Erasure | None:
    """Return the erasure of a customer that cools off, runs or is halted; there is one at most."""
    mine = select(Erasure).where(Erasure.customer_id == customer_id, Erasure.state.in_(UNDER_WAY))
    return db.session.execute(mine).scalar_one_or_none()


def is_whole_one_decided(customer_id: int) -> bool:
    """Tell whether an erasure of everything of a customer is decided or begun, and not over."""
    db.session.flush()
    whole = Erasure.scope["extent"].as_string() == Extent.WHOLE
    going_on = Erasure.state.in_((*UNDER_WAY, ErasureState.WAITING))
    found = select(Erasure.id).where(Erasure.customer_id == customer_id, going_on, whole).limit(1)
    return db.session.execute(found).first() is not None


def is_one_decided(customer_id: int) -> bool:
    """Tell whether an erasure of a customer, however far it goes, is decided or begun, and not over."""
    return bool(db.session.execute(select(is_decided(customer_id))).scalar_one())


def is_decided(customer_id: Any) -> ColumnElement[bool]:
    """Return the condition that an erasure of a customer is decided and not over.

    Args:
        customer_id: the customer's id, as an expression of the query.
    """
    going_on = Erasure.state.in_((*UNDER_WAY, ErasureState.WAITING))
    return exists().where(Erasure.customer_id == customer_id, going_on).correlate_except(Erasure)


def cancel(erasure: Erasure, actor: str | None = None) -> None:
    """Take an erasure back in the current transaction. One statement decides between this and its start.

    Args:
        actor: who takes it back; the customer when absent.

    Raises:
        TooLate: it has begun, or is over.
    """
    open_to_it = (ErasureState.COOLING, ErasureState.WAITING)
    taken_back = update(Erasure).where(Erasure.id == erasure.id, Erasure.state.in_(open_to_it))
    values = {"state": ErasureState.CANCELLED, "finished_at": clock.now(), "items": []}
    if not db.session.execute(taken_back.values(values).returning(Erasure.id)).scalar_one_or_none():
        raise TooLate
    db.session.refresh(erasure)
    subject = _subject(erasure)
    record(CANCELLED, actor=actor or subject, subject=subject, reference=reference_of(erasure))
    on_cancel.tell(erasure)
    begin_next(erasure.customer_id)


def send_back(erasure: Erasure, cause: str) -> None:
    """Send an erasure that has not begun back to review, in the current transaction.

    Args:
        cause: `plan_changed`, or the code of what must end first.
    """
    erasure.state, erasure.cause, erasure.finished_at, erasure.items = ErasureState.RETURNED, cause, clock.now(), []
    on_return.tell(erasure)
    begin_next(erasure.customer_id)


def begin_next(customer_id: int) -> None:
    """Let the oldest erasure that waited for another one cool off, in the current transaction."""
    db.session.flush()
    waiting = select(Erasure).where(Erasure.customer_id == customer_id, Erasure.state == ErasureState.WAITING)
    erasure = db.session.execute(waiting.order_by(Erasure.id).limit(1)).scalar_one_or_none()
    if erasure is None or under_way(customer_id):
        return
    erasure.state = ErasureState.COOLING
    erasure.runs_at = runs_at(clock.now(), erasure.due_on)
    erasure.token_until = erasure.runs_at + STATUS_OPEN
    ask_for_run(erasure, erasure.runs_at)
    on_cooling.tell(erasure)


def status_token_id(erasure: Erasure) -> str:
    """Return the id that a mail is given, with the purpose `STATUS`, to write the link to the status page."""
    return erasure.public_id


def find_by_token(token: str) -> Erasure | None:
    """Return the erasure whose status page a token opens; None once its time is over, and for any other text."""
    token_id = read_token(installed.settings().secret_key, STATUS, token)
    if token_id is None:
        return None
    opened = select(Erasure).where(Erasure.token_hash == _hash(token_id), Erasure.token_until > clock.now())
    return db.session.execute(opened).scalar_one_or_none()


def issue_cancel(erasure: Erasure) -> str:
    """Add a link that cancels an erasure, in the current transaction.

    Returns:
        The id that a mail is given, with the purpose `CANCEL`; only its hash is kept.
    """
    token_id = new_public_id()
    db.session.add(CancelLink(erasure_id=erasure.id, token_hash=_hash(token_id), expires_at=erasure.runs_at))
    return token_id


def find_cancel(token: str) -> tuple[Erasure, CancelLink] | None:
    """Return the erasure that a link cancels, with the link, whether or not it is too late; None for any other text."""
    token_id = read_token(installed.settings().secret_key, CANCEL, token)
    if token_id is None:
        return None
    named = select(Erasure, CancelLink).join(CancelLink, CancelLink.erasure_id == Erasure.id)
    row = db.session.execute(named.where(CancelLink.token_hash == _hash(token_id))).one_or_none()
    return (row[0], row[1]) if row else None


def _subject(erasure: Erasure) -> str:
    return f"customer:{db.session.get_one(Customer, erasure.customer_id).public_id}"


def _hash(token_id: str) -> str:
    return hashlib.sha256(token_id.encode()).hexdigest()
