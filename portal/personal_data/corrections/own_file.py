"""Corrections in the person's own file: names, birth and language. An import leaves them until it sends the same."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any, Final

from sqlalchemy import select

from portal import clock
from portal.bilingual import Label
from portal.customers.ages import births_changed
from portal.customers.claims import keep_fields, when_sent_the_same
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.personal_data.corrections.models import Correction, CorrectionResult

OWN_FILE: Final = "customer_file"
"""The kind under which the person's own file is shown and corrected; it has no number."""
PART: Final = Customer.__tablename__
NAMES: Final = {
    "given_name": Label(fr="Prénom", en="Given name"),
    "family_name": Label(fr="Nom", en="Family name"),
    "birth_date": Label(fr="Date de naissance", en="Date of birth"),
    "language": Label(fr="Langue", en="Language"),
}
"""The fields that may be corrected."""
_COLUMNS: Final[Mapping[str, frozenset[str]]] = {"birth_date": frozenset({"birth_date", "birth_known"})}


def own_values(customer: Customer) -> dict[str, Any]:
    """Return the values that may be corrected, those that are held."""
    held = {
        "given_name": customer.given_name,
        "family_name": customer.family_name,
        "birth_date": customer.birth,
        "language": customer.language,
    }
    return {name: value for name, value in held.items() if value}


def correct_own_file(customer: Customer, field: str, value: str | None) -> None:
    """Write a corrected value in the current transaction, which holds the customer locked.

    Args:
        value: None takes the value away; a birth is ISO 8601, whole or as far as it is known.
    """
    if field == "birth_date":
        is_whole = value is not None and len(value) == len("2026-11-22")
        customer.birth_date = date.fromisoformat(value) if value and is_whole else None
        customer.birth_known = None if is_whole else value
        db.session.flush()
        births_changed([customer.id])
    elif field in NAMES:
        setattr(customer, field, value or "")
    else:
        raise ValueError(f"{field} is no field of the file that may be corrected")


@keep_fields
def corrected_columns(customer_ids: Collection[int]) -> Mapping[int, frozenset[str]]:
    """Return the columns that were corrected, for each of the customers that has any."""
    kept: dict[int, frozenset[str]] = {}
    for row in db.session.execute(_standing(customer_ids)).scalars():
        kept[row.customer_id] = kept.get(row.customer_id, frozenset()) | _columns(row.field)
    return kept


@when_sent_the_same
def release(sent: Mapping[int, frozenset[str]]) -> None:
    """Note that the company's system has taken corrections: its lines change those fields again."""
    for row in db.session.execute(_standing(sent)).scalars():
        if _columns(row.field) <= sent[row.customer_id]:
            row.released_at = clock.now()


def _columns(field: str) -> frozenset[str]:
    return _COLUMNS.get(field, frozenset({field}))


def _standing(customer_ids: Collection[int]) -> Any:
    is_standing = (Correction.result == CorrectionResult.CORRECTED, Correction.applied_at.is_not(None))
    return select(Correction).where(
        Correction.customer_id.in_(customer_ids),
        Correction.part == PART,
        Correction.released_at.is_(None),
        *is_standing,
    )
