"""The JSON Schema of the files of a portable copy (draft 2020-12): what each kind holds, with its words."""

from collections.abc import Iterable
from typing import Any, Final

from portal.records.data_map.field_types import FieldType
from portal.records.data_map.kinds import DataMap, DeclaredField, Kind

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Final[dict[str, Any]] = {"type": "string"}
_OF_TYPE: Final[dict[FieldType, dict[str, Any]]] = {
    FieldType.DATE: {"type": "string", "pattern": r"^\d{4}(-\d{2}(-\d{2})?)?$"},
    FieldType.INSTANT: {"type": "string", "format": "date-time"},
    FieldType.MONEY: {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"},
    FieldType.INTEGER: {"type": "integer"},
    FieldType.NUMBER: {"type": "number"},
    FieldType.BOOLEAN: {"type": "boolean"},
}

_STATEMENTS: Final[dict[str, Any]] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["field", "text", "made_at"],
        "additionalProperties": False,
        "properties": {"field": _TEXT, "text": _TEXT, "made_at": {"type": "string", "format": "date-time"}},
    },
}
"""The person's own words beside a record; `field` is empty for words on all of it."""


def schema_of(categories: Iterable[str], data_map: DataMap, language: str) -> dict[str, Any]:
    """Return the schema that every `<category>.json` of a portable copy meets.

    Kinds of the portal itself come without a description of their values: they are objects. A value outside the
    declared choices of a field is still text, as a company may have had other choices before.

    Args:
        categories: the codes of what the copy holds.
        language: of the words in it, `fr` or `en`.
    """
    kinds = [kind for code in categories for kind in data_map.of_category(code) if kind.is_portable]
    return {
        "$schema": DIALECT,
        "type": "array",
        "items": {
            "type": "object",
            "required": ["kind", "label", "recorded_at", "source", "nature", "lawful_basis", "values"],
            "additionalProperties": False,
            "properties": {
                "kind": _TEXT,
                "label": _TEXT,
                "recorded_at": {"type": ["string", "null"], "format": "date-time"},
                "source": _TEXT,
                "nature": {"enum": ["provided", "observed"]},
                "lawful_basis": {"enum": ["consent", "contract"]},
                "values": {"type": "object"},
            },
            "allOf": [_when(kind) for kind in kinds],
        },
        "$defs": {kind.code: _values(kind, language) for kind in kinds},
    }


def _when(kind: Kind) -> dict[str, Any]:
    return {
        "if": {"properties": {"kind": {"const": kind.code}}},
        "then": {"properties": {"values": {"$ref": f"#/$defs/{kind.code}"}}},
    }


def _values(kind: Kind, language: str) -> dict[str, Any]:
    fields = {name: _field(kind.fields[name], language) for name in kind.portable_fields}
    return {
        "title": kind.label.text(language),
        "type": "object",
        "required": ["external_id"],
        "additionalProperties": False,
        "properties": {"external_id": _TEXT, "statements": _STATEMENTS} | fields,
    }


def _field(field: DeclaredField, language: str) -> dict[str, Any]:
    described = {"title": field.label.text(language)} | _OF_TYPE.get(field.type, _TEXT)
    if field.choices:
        meanings = [{"const": code, "title": label.text(language)} for code, label in field.choices.items()]
        described["anyOf"] = [*meanings, _TEXT]
    return described
