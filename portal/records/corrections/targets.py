"""What a person may have corrected: one record, or their own file, with its fields and the values held.

A value that somebody gave is corrected field by field. What was worked out is an opinion: the person's own words stand
beside it. What a machine observed is neither; a request in words reaches it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from portal.bilingual import Label
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.personal_data.categories import Category
from portal.personal_data.corrections.own_file import NAMES, OWN_FILE, PART, own_values
from portal.records.archive.models import ArchivedRecord
from portal.records.data_map.field_types import FieldType, Mask
from portal.records.data_map.kinds import Correction, DeclaredField, Kind, Nature, installed_data_map
from portal.records.models import Record, as_object

Held = Record | ArchivedRecord

_LANGUAGES: Final = {"fr": Label(fr="français", en="French"), "en": Label(fr="anglais", en="English")}
_TYPES: Final[dict[str, dict[str, Any]]] = {
    "birth_date": {"type": FieldType.DATE, "mask": Mask.YEAR},
    "language": {
        "type": FieldType.CHOICE,
        "choices": [[code, name.fr, name.en] for code, name in _LANGUAGES.items()],
        "required": True,
        "correction": Correction.AT_ONCE,
    },
}
OWN_FIELDS: Final = tuple(
    DeclaredField.model_validate({"name": name, "label": label, "type": FieldType.TEXT} | _TYPES.get(name, {}))
    for name, label in NAMES.items()
)
OWN_LABEL: Final = Label(fr="Fiche client", en="Customer file")

ON_THEIR_WORD: Final = frozenset({"title", "gender", "given_name", "family_name", "birth_name"})
"""What somebody is called, and as whom they are addressed: their own word is what makes it right (CJEU C-247/23)."""


@dataclass(frozen=True, slots=True)
class Target:
    """One thing whose values may be corrected.

    Attributes:
        part: the table that holds it; a record in the archive counts as one of `records`.
        fields: those that may be corrected one by one; empty where only a statement is taken.
        values: what is held, by field.
        source: the system that sent it; empty for the own file.
        default: how its fields are corrected that do not say it themselves.
    """

    part: str
    kind: str
    external_id: str
    category: Category
    label: Label
    fields: Mapping[str, DeclaredField]
    values: Mapping[str, Any]
    source: str
    default: Correction

    @property
    def takes_statement_only(self) -> bool:
        """Whether its values are opinions, beside which only the person's words may stand."""
        return not self.fields

    def is_at_once(self, field: str) -> bool:
        """Tell whether the person's word is enough for a field, so that nobody has to look at it first."""
        declared = self.fields.get(field)
        return declared is not None and (declared.correction or self.default) is Correction.AT_ONCE

    def needs_fresh_proof(self, fields: Iterable[str]) -> bool:
        """Tell whether one of some fields says where the person is reached and is corrected at once.

        Whoever takes over a session must not move what the company reaches its person by .
        """
        return self.category is Category.CONTACT and any(self.is_at_once(field) for field in fields)


def find_target(customer_id: int, kind: str, external_id: str) -> Target | None:
    """Return what a customer may have corrected under a kind and number; None where nothing is held there."""
    if kind == OWN_FILE:
        customer = db.session.get_one(Customer, customer_id)
        return Target(
            PART, OWN_FILE, "", Category.IDENTITY, OWN_LABEL, fields_of(kind), own_values(customer), "",
            Correction.REQUEST,
        )  # fmt: skip
    declared = installed_data_map().kinds.get(kind)
    if declared is None or not is_correctable(declared):
        return None
    held = held_record(customer_id, kind, external_id)
    if held is None:
        return None
    return Target(
        Record.__tablename__, kind, external_id, declared.category, declared.label, correctable_fields(declared),
        as_object(held.values), held.source, declared.correction,
    )  # fmt: skip


def kind_of(customer_id: int, category: str, external_id: str) -> str:
    """Return the kind of a record that an address names by its category and number alone; empty where that is not one.

    The own file is named by its kind.
    """
    if external_id == OWN_FILE:
        return OWN_FILE
    named = (Record.customer_id == customer_id, Record.category == category, Record.external_id == external_id)
    kinds = list(db.session.execute(select(Record.kind).where(*named).limit(2)).scalars())
    return kinds[0] if len(kinds) == 1 else ""


def held_record(customer_id: int, kind: str, external_id: str) -> Held | None:
    """Return a record of a customer as it is now, in use or in the archive."""
    return _named(Record, customer_id, kind, external_id) or _named(ArchivedRecord, customer_id, kind, external_id)


def _named(model: type[Any], customer_id: int, kind: str, external_id: str) -> Any:
    named = (model.customer_id == customer_id, model.kind == kind, model.external_id == external_id)
    return db.session.execute(
        select(model).where(*named).execution_options(populate_existing=True)
    ).scalar_one_or_none()


def is_correctable(kind: Kind) -> bool:
    """Tell whether single values of a kind may be corrected, or words be put beside them.

    Choices on advertising have their own page, where they change at once.
    """
    is_open = "rectification" in kind.rights() and kind.category is not Category.MARKETING
    return is_open and (kind.nature is not Nature.OBSERVED or kind.correction is Correction.STATEMENT)


def fields_of(kind: str) -> dict[str, DeclaredField]:
    """Return the fields of a kind by its code, or of the own file; none of what is no longer declared."""
    if kind == OWN_FILE:
        return {field.name: field for field in OWN_FIELDS}
    declared = installed_data_map().kinds.get(kind)
    return dict(declared.fields) if declared else {}


def is_on_their_word(kind: str, field: str) -> bool:
    """Tell whether a field says how the person is called or addressed, so that their word makes it right."""
    declared = installed_data_map().kinds.get(kind)
    is_of_identity = kind == OWN_FILE or (declared is not None and declared.category is Category.IDENTITY)
    return is_of_identity and field in ON_THEIR_WORD


def name_of(kind: str, language: object) -> str:
    """Return the name of a kind, or of the own file, for people; its code where it is no longer declared."""
    if kind == OWN_FILE:
        return OWN_LABEL.text(language)
    declared = installed_data_map().kinds.get(kind)
    return declared.label.text(language) if declared else kind


def correctable_fields(kind: Kind) -> dict[str, DeclaredField]:
    """Return the fields of a kind that may be corrected one by one; none of an opinion."""
    if kind.correction is Correction.STATEMENT or kind.nature is Nature.INFERRED:
        return {}
    return {name: field for name, field in kind.fields.items() if (field.nature or kind.nature) is Nature.PROVIDED}
