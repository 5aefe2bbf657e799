"""Values that were corrected here, against the lines of an import: they stay until their system sends the same."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import update

from portal import clock
from portal.infrastructure.database import db
from portal.personal_data.corrections.models import Correction, CorrectionResult
from portal.records.models import Record

CorrectedField = tuple[int, str, str, str]
"""The customer's id, the kind and the external id of the record, the name of the field."""


def resist(
    held: Mapping[str, Any], corrected: Collection[str], sent: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return the values of a record once a line was taken, and which of its fields still resist.

    A field of which the line says what is held here is free again: its system has taken the correction. A value that
    was taken away here is the same where the line has none either.

    Args:
        held: the values of the record here.
        corrected: its fields that were corrected here.
        sent: the values of the line.
    """
    resisting = tuple(name for name in corrected if sent.get(name) != held.get(name))
    values = {name: value for name, value in sent.items() if name not in resisting}
    return values | {name: held[name] for name in resisting if name in held}, resisting


def release(fields: Iterable[CorrectedField]) -> None:
    """Note in the current transaction that systems of the company have taken corrections of records."""
    for customer_id, kind, external_id, name in fields:
        is_of_record = (
            Correction.customer_id == customer_id, Correction.part == Record.__tablename__, Correction.kind == kind,
            Correction.external_id == external_id, Correction.field == name,
        )  # fmt: skip
        is_open = (Correction.result == CorrectionResult.CORRECTED, Correction.released_at.is_(None))
        db.session.execute(update(Correction).where(*is_of_record, *is_open).values(released_at=clock.now()))
