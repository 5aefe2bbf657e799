"""One value to correct, in words: on the case page, to the customer, and in the letter."""

from typing import Any, Final

from sqlalchemy import select

from portal.bilingual import Label
from portal.infrastructure.database import db
from portal.personal_data.corrections.models import Correction
from portal.records.corrections.targets import fields_of, name_of
from portal.records.data_map.field_types import Mask, printable, show_value
from portal.records.data_map.kinds import DEFAULT_CURRENCY, DeclaredField
from portal.rights.asked import change_in_words, label_of_change
from portal.rights.items.models import RequestItem


def change_of(item: RequestItem, language: object) -> str:
    """Return what an item is to correct, from what to what; without the values once they went with the file."""
    named = (Correction.request_id == item.request_id, Correction.kind == item.kind, Correction.field == item.rule)
    row = db.session.execute(select(Correction).where(*named)).scalar_one_or_none()
    if row is None:
        return _FIELD.filled(language, **_named(item.kind, item.rule, language))
    return _change(row, language, is_masked=True)


def correction_in_words(row: Correction, language: object) -> str:
    """Return what a row was to correct, from what to what: whole, for the person's own copy."""
    return _change(row, language, is_masked=False)


def _change(row: Correction, language: object, *, is_masked: bool) -> str:
    what, fields = _named(row.kind, row.field, language), fields_of(row.kind)
    if not (row.held or row.proposed):
        return _FIELD.filled(language, **what)
    held, proposed = row.held.get("value"), row.proposed.get("value")
    shown = value_held(fields.get(row.field), held, language, is_masked=is_masked)
    to = change_in_words(row.field, proposed, fields, language) if proposed is not None else _NOTHING.text(language)
    return _CHANGE.filled(language, held=shown, proposed=to, **what)


def _named(kind: str, field: str, language: object) -> dict[str, str]:
    return {"kind": name_of(kind, language), "field": label_of_change(field, fields_of(kind), language)}


def value_held(field: DeclaredField | None, value: Any, language: object, *, is_masked: bool = True) -> str:
    """Return a value that is held as pages show it, masked where they mask it; in words where there is none."""
    if value is None:
        return _NOTHING.text(language)
    if field is None:
        return printable(value)
    if is_masked and field.mask is not Mask.NONE:
        return printable(field.mask.apply(value))
    return show_value(field.type, value, language, field.choices, DEFAULT_CURRENCY)


_FIELD: Final = Label(fr="{kind}, « {field} »", en="{kind}, “{field}”")
_CHANGE: Final = Label(
    fr="{kind}, « {field} », de « {held} » à « {proposed} »", en="{kind}, “{field}”, from “{held}” to “{proposed}”"
)
_NOTHING: Final = Label(fr="rien", en="nothing")
