"""An erasure that is carried out to its certificate, by the same jobs and waits as everywhere."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from sqlalchemy import select

from portal.demo.people import CUSTOMERS
from portal.infrastructure.database import db, transaction
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.rights.erasing.standing import status_token

ERASED = next(person for person in CUSTOMERS if person.is_erased)
"""Whose relation ended, and who had everything erased that the law does not keep."""
MOST_MINUTES = 10

Ago = Callable[[float], AbstractContextManager[None]]


def carry_erasure_out(days_ago: float, ago: Ago) -> None:
    """Let the jobs of an erasure run, minute by minute from the end of its wait on, until its answer has left.

    Args:
        days_ago: when its wait was over.
        ago: runs what is due at an instant of the past.

    Raises:
        RuntimeError: it did not come to its end.
    """
    for minute in range(MOST_MINUTES):
        with ago(days_ago - minute / (24 * 60)):
            pass
        erasure = finished_erasure()
        if erasure is not None and erasure.step == "over":
            return
    raise RuntimeError("the erasure of the demonstration did not end")


def finished_erasure() -> Erasure | None:
    """Return the erasure that is done; None before that."""
    return db.session.execute(select(Erasure).where(Erasure.state == ErasureState.DONE)).scalar_one_or_none()


def page_of_erasure() -> str:
    """Return the path of the page of the erasure that is done, which needs no account."""
    with transaction():
        erasure = finished_erasure()
        assert erasure is not None
        return f"/erasure/{status_token(erasure)}"
