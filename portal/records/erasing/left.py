"""What an erasure left of records for later, as far as a legal hold that is placed afterwards reaches it."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, select

from portal.infrastructure.database import db
from portal.personal_data.erasure.models import Erasure
from portal.personal_data.holds.models import LegalHold
from portal.records.archive.models import ArchivedRecord
from portal.records.models import Record


def left_under(hold: LegalHold, erasure: Erasure, later: Iterable[str]) -> list[tuple[str, str]]:
    """Return what a hold keeps of what an erasure left, as (part, kind).

    Args:
        later: the kinds that stay in use until a contract or another hold ends.
    """
    in_use = select(Record.kind).where(Record.kind.in_(list(later)), *_is_covered(Record, hold))
    is_left = ArchivedRecord.erasure_id == erasure.id
    archived = select(ArchivedRecord.kind).where(is_left, *_is_covered(ArchivedRecord, hold))
    return [
        (model.__tablename__, kind)
        for model, kinds in ((Record, in_use), (ArchivedRecord, archived))
        for kind in db.session.execute(kinds.distinct()).scalars()
    ]


def _is_covered(model: Any, hold: LegalHold) -> list[ColumnElement[bool]]:
    scope = {"category": hold.category, "kind": hold.kind, "external_id": hold.external_id}
    named = [getattr(model, name) == value for name, value in scope.items() if value]
    return [model.customer_id == hold.customer_id, *named]
