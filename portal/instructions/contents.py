"""What somebody who is told fetches: ids of what to act on, and for a correction the values as they are right now."""

from typing import Any, Final

from portal import clock
from portal.bilingual import Label
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.instructions.models import CLOSED_STATES, Instruction, Operation
from portal.instructions.targets import kinds_of
from portal.personal_data.corrections.own_file import OWN_FILE, own_values
from portal.records.corrections.targets import held_record, name_of
from portal.records.data_map.kinds import installed_data_map
from portal.records.models import as_object

_OF_USE: Final = Label(fr="{what}, « {use} »", en="{what}, “{use}”")


def contents_of(row: Instruction) -> dict[str, Any]:
    """Return what an instruction is about, for a machine. Once it is settled, no value is told any more."""
    scope = row.scope
    return {
        "instruction": row.public_id,
        "operation": str(row.operation),
        "state": str(row.state),
        "decided_at": clock.written(row.created_at),
        "customer": reference_of(row),
        "kinds": kinds_of(scope),
        "records": [{"kind": kind, "external_id": number} for kind, number in scope.get("records", ())],
        "spared": [{"kind": kind, "external_id": number} for kind, number in scope.get("spared", ())],
        "fields": _fields(row),
        "purpose": row.purpose or None,
    }


def reference_of(row: Instruction) -> str:
    """Return how the company knows the person; it outlives an erasure, so that a system finds what to erase."""
    return db.session.get_one(Customer, row.customer_id).reference


def what_in_words(row: Instruction, language: object) -> str:
    """Return what has to be done, in a few words; of a use that stops, which one."""
    what, use = row.operation.label(language), installed_data_map().purposes.get(row.purpose)
    return _OF_USE.filled(language, what=what, use=use.label.text(language)) if use else what


def kinds_in_words(row: Instruction, language: object) -> list[str]:
    """Return the names of the kinds that an instruction is about."""
    return [name_of(kind, language) for kind in kinds_of(row.scope)]


def _fields(row: Instruction) -> list[dict[str, Any]]:
    if row.operation is not Operation.CORRECT or row.state in CLOSED_STATES:
        return []
    return [
        {"kind": kind, "external_id": number, "field": field, "value": _value(row.customer_id, kind, number, field)}
        for kind, number, field in row.scope.get("fields", ())
    ]


def _value(customer_id: int, kind: str, number: str, field: str) -> Any:
    if kind == OWN_FILE:
        return own_values(db.session.get_one(Customer, customer_id)).get(field)
    held = held_record(customer_id, kind, number)
    return as_object(held.values).get(field) if held else None
