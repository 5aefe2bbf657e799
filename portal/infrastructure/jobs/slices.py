"""Remove many rows without keeping other writers waiting: slice by slice, each in a transaction of its own."""

from typing import Any

from sqlalchemy import ColumnElement, delete, select

from portal.infrastructure.database import transaction
from portal.infrastructure.jobs.queue import JobRun

SLICE = 2000


def remove_in_slices(run: JobRun, model: Any, *conditions: ColumnElement[bool]) -> int:
    """Delete the rows of a model that meet every condition, renewing the job's lease; return how many they were."""
    slice_ids = select(model.id).where(*conditions).order_by(model.id).limit(SLICE)
    statement = delete(model).where(model.id.in_(slice_ids.scalar_subquery())).returning(model.id)
    removed = 0
    while True:
        with transaction() as session:
            rows = len(session.execute(statement.execution_options(synchronize_session=False)).all())
        removed += rows
        if rows < SLICE:
            return removed
        run.renew()
