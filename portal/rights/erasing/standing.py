"""Where the erasure that a request asks for stands: its row, its address, how far it is."""

from datetime import datetime

from sqlalchemy import select

from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.one_time_tokens import write_token
from portal.personal_data.erasure.beginning import copy_until
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.personal_data.erasure.planning import OPEN_COPY, read_items
from portal.personal_data.erasure.scheduling import STATUS, status_token_id
from portal.personal_data.outcomes import ItemOutcome

OVER_WITHOUT_TRACE = (ErasureState.CANCELLED, ErasureState.RETURNED)
CAN_BE_CANCELLED = (ErasureState.COOLING, ErasureState.WAITING)


def erasure_of(request_id: int) -> Erasure | None:
    """Return the erasure of a request that cools off, runs, is halted or is done; None where there is none."""
    theirs = (Erasure.request_id == request_id, Erasure.state.not_in(OVER_WITHOUT_TRACE))
    newest = select(Erasure).where(*theirs).order_by(Erasure.id.desc()).limit(1)
    return db.session.execute(newest).scalar_one_or_none()


def status_token(erasure: Erasure) -> str:
    """Return the last part of the address of an erasure's status page, which is open without an account."""
    return write_token(installed.settings().secret_key, STATUS, status_token_id(erasure))


def waits_for_copy(erasure: Erasure) -> bool:
    """Tell whether its hour has come, and it waits for a copy that the person asked for first."""
    return erasure.state is ErasureState.COOLING and erasure.cause == OPEN_COPY


def begins_at(erasure: Erasure) -> datetime:
    """Return when an erasure begins; where it waits for a copy, when it does at the latest."""
    return copy_until(erasure) if waits_for_copy(erasure) else erasure.runs_at


def planned_rows(erasure: Erasure) -> int:
    """Return how many rows an erasure erases or moves, as counted when it began."""
    moved = {ItemOutcome.ERASED, ItemOutcome.ARCHIVED}
    return sum(item.count for item in read_items(erasure.items) if item.outcome in moved)
