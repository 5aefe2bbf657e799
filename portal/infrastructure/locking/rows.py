"""Lock rows until the commit, no more strongly than needed (docs/adr/0012)."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select

from portal.infrastructure.database import db


def lock_row(model: Any, row_id: int) -> None:
    """Lock a row, so that what is done about it happens one after the other. Others may add rows that refer to it."""
    db.session.execute(select(model.id).where(model.id == row_id).with_for_update(key_share=True))


def keep_rows(model: Any, ids: Iterable[int]) -> None:
    """Lock rows as weakly as a row that refers to them does, before such rows are added.

    Without it, a proof of a choice would wait for an import that gives its customer another address, while the import
    waits for the choices, which are locked already.
    """
    rows = select(model.id).where(model.id.in_(ids)).order_by(model.id)
    db.session.execute(rows.with_for_update(read=True, key_share=True))
