"""Place a legal hold, and lift it. Nothing that it names goes by its age meanwhile; a late review releases nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from dateutil.relativedelta import relativedelta
from sqlalchemy import Select, select

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.infrastructure.locking.rows import lock_row
from portal.personal_data.erasure.models import ErasureState
from portal.personal_data.erasure.scheduling import under_way
from portal.personal_data.holds.grounds import HoldGround
from portal.personal_data.holds.models import LegalHold
from portal.personal_data.keeping.keeps import end_keep, keep
from portal.personal_data.keeping.models import KeepReason

PLACED = declare("staff:hold:placed", "hold", "ground", "review_on")
REVIEWED = declare("staff:hold:reviewed", "hold", "review_on")
LIFTED = declare("staff:hold:lifted", "hold")

LONGEST = relativedelta(months=6)

Listener = Callable[[LegalHold], None]
_listeners: list[Listener] = []


class ReviewTooFar(Exception):
    """The review is not within six months from today."""


class ErasureUnderWay(Exception):
    """An erasure of the customer has begun: as nobody cancels it, nobody holds anything back from it half way."""


class NoSuchHold(Exception):
    """No hold that stands has this id."""


@dataclass(frozen=True)
class Held:
    """What a hold keeps: everything of a customer, or one category, kind or record."""

    category: str | None = None
    kind: str | None = None
    external_id: str | None = None


def on_place(listener: Listener) -> Listener:
    """Register a function that is called with a hold in the transaction that places it, such as to tell the person."""
    _listeners.append(listener)
    return listener


def place_hold(
    customer: Customer, held: Held, ground: HoldGround, words: str, *, review_on: date, actor: str,
    is_secret: bool = False,
) -> LegalHold:  # fmt: skip
    """Keep something from now on, in the current transaction.

    Args:
        words: why, for whoever reviews it.
        actor: `staff:…`, or `command`.
        is_secret: the person is not told of it in the answer to a request; `words` say why.

    Raises:
        ReviewTooFar: `review_on` is past, today, or more than six months away.
        ErasureUnderWay: it has begun; what it leaves can be held when it is over.
    """
    _check(review_on)
    lock_row(Customer, customer.id)
    erasure = under_way(customer.id)
    if erasure is not None and erasure.state is not ErasureState.COOLING:
        raise ErasureUnderWay
    scope = {"category": held.category, "kind": held.kind, "external_id": held.external_id}
    hold = LegalHold(
        customer_id=customer.id, ground=ground, words=words, review_on=review_on, placed_by=actor,
        is_secret=is_secret, **scope,
    )  # fmt: skip
    db.session.add(hold)
    db.session.flush()
    keep(customer.id, KeepReason.HOLD, hold.id, **scope)
    facts = {"hold": hold.public_id, "ground": ground, "review_on": review_on.isoformat()}
    record(PLACED, actor=actor, subject=_subject(hold), **facts)
    for listener in _listeners:
        listener(hold)
    return hold


def review_hold(public_id: str, review_on: date, actor: str) -> LegalHold:
    """Note in the current transaction that somebody looked at a hold again, and when the next look is due.

    Raises:
        NoSuchHold: it does not stand.
        ReviewTooFar: as `place_hold`.
    """
    _check(review_on)
    hold = _standing(public_id)
    hold.review_on = review_on
    record(
        REVIEWED, actor=actor, subject=_subject(hold), hold=hold.public_id, review_on=review_on.isoformat()
    )  # fmt: skip
    return hold


def lift_hold(public_id: str, actor: str) -> LegalHold:
    """End a hold in the current transaction; what is past its time goes with the next run. Raises `NoSuchHold`."""
    hold = _standing(public_id)
    hold.ended_at, hold.ended_by = clock.now(), actor
    end_keep(KeepReason.HOLD, hold.id)
    record(LIFTED, actor=actor, subject=_subject(hold), hold=hold.public_id)
    return hold


def standing() -> Select[Any]:
    """Return the select of the holds that stand, those to be reviewed first."""
    return select(LegalHold).where(LegalHold.ended_at.is_(None)).order_by(LegalHold.review_on, LegalHold.id)


def find_standing(public_id: str) -> LegalHold | None:
    """Return a hold that stands, or None."""
    hold: LegalHold | None = db.session.execute(standing().where(LegalHold.public_id == public_id)).scalar_one_or_none()
    return hold


def find_hold(public_id: str) -> LegalHold | None:
    """Return a hold, one that was lifted too, or None."""
    found = select(LegalHold).where(LegalHold.public_id == public_id)
    hold: LegalHold | None = db.session.execute(found).scalar_one_or_none()
    return hold


def _standing(public_id: str) -> LegalHold:
    hold = find_standing(public_id)
    if hold is None:
        raise NoSuchHold
    return hold


def _check(review_on: date) -> None:
    if not clock.today() < review_on <= clock.today() + LONGEST:
        raise ReviewTooFar


def _subject(hold: LegalHold) -> str:
    return f"customer:{db.session.get_one(Customer, hold.customer_id).public_id}"
