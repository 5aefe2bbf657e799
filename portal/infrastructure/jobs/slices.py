"""Remove many rows without keeping other writers waiting: slice by slice, each in a transaction of its own."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, delete, select

from portal.infrastructure.database import transaction
from portal.infrastructure.jobs.queue import JobRun

SLICE = 2000


def remove_in_slices(
    run: JobRun, model: Any, *conditions: ColumnElement[bool], first: Callable[[list[int]], None] | None = None
) -> int:
    """Delete the rows of a model that meet every condition, renewing the job's lease; return how many they were.

    Args:
        first: removes, or lets go of, what names the rows of a slice, by their ids, in the same transaction.
    """
    due = select(model.id).where(*conditions).order_by(model.id).limit(SLICE)
    removed = 0
    while True:
        with transaction() as session:
            ids = list(session.execute(due).scalars())
            if first and ids:
                first(ids)
            statement = delete(model).where(model.id.in_(ids)).returning(model.id)
            removed += len(session.execute(statement.execution_options(synchronize_session=False)).all())
        if len(ids) < SLICE:
            return removed
        run.renew()
