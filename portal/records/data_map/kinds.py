"""The data map: every kind of record the company's systems may send, declared in one file.

An import refuses what is not declared. Special categories, criminal data and card secrets cannot even be declared.
"""

from collections.abc import Collection, Iterator, Mapping
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from portal.bilingual import Label
from portal.clock import NO_END
from portal.declarations import DeclarationFaults, Fault, faults_of, read_toml
from portal.infrastructure.installed import Installed
from portal.personal_data.categories import CATEGORIES, Category
from portal.personal_data.uses.lawful_bases import LawfulBasis, rights_for
from portal.personal_data.uses.portability import LeftOut, is_portable_basis, left_out
from portal.personal_data.uses.purposes import OWN_PURPOSES, Purpose
from portal.records.data_map.field_types import (
    MASK_OF,
    FieldType,
    Mask,
    ValueRefused,
    printable,
    read_value,
    show_value,
)
from portal.records.data_map.retention_rules import (
    ENDS,
    Duty,
    Retention,
    Rule,
    Start,
    ValueRule,
)
from portal.records.data_map.special_categories import is_card_secret, is_special_category

DEFAULT_FILE: Final = Path(__file__).parents[1] / "data_map.toml"
DEFAULT_CURRENCY: Final = "EUR"
_ENDS_OF_LINE: Final = (FieldType.MONEY, FieldType.BOOLEAN)


class DataMapFaults(DeclarationFaults):
    """The data map has faults; `faults` lists every one with its place."""


class Origin(StrEnum):
    """Where the data of a kind come from. The system that sent a record is another thing: its `source`."""

    PERSON = "person"
    ANALYTICS = "analytics"
    ADVERTISING = "advertising"
    INFORMATION_PROVIDER = "information_provider"
    PAYMENT_PROVIDER = "payment_provider"
    ANTI_FRAUD = "anti_fraud"
    DATA_PARTNER = "data_partner"
    SOCIAL_NETWORK = "social_network"
    REVIEW_SITE = "review_site"
    COMPANY = "company"

    def label(self, language: object) -> str:
        return _ORIGINS[self].text(language)


class Nature(StrEnum):
    """How the company came by the data: portability covers the first two only (WP242 rev.01)."""

    PROVIDED = "provided"
    "The person gave them."
    OBSERVED = "observed"
    "The person's use of a service made them."
    INFERRED = "inferred"
    "The company worked them out."

    def label(self, language: object) -> str:
        return _NATURES[self].text(language)


class Correction(StrEnum):
    """How a correction of a kind is made."""

    AT_ONCE = "at_once"
    "The person changes it in the page."
    REQUEST = "request"
    "A rectification request, checked by staff."
    STATEMENT = "statement"
    "An opinion or a score: the person's statement is added beside it."


def _choices(value: Any) -> Any:
    """Read `[["phone", "Téléphone", "Phone"], …]`, the short form that fits on lines."""
    if isinstance(value, list) and all(isinstance(item, list) and len(item) == 3 for item in value):
        return {code: {"fr": fr, "en": en} for code, fr, en in value}
    raise ValueError('must be a list such as [["phone", "Téléphone", "Phone"]]')


def _not_declared(_value: Any) -> Any:
    raise ValueError("is worked out from the purposes: take it away")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DeclaredField(_Part):
    """One field of a kind. `nature` differs from the kind's where staff add to what a person sent.

    With a `purpose` of its own, a field is used for that alone, and shares neither the purposes nor the basis of its
    kind. `correction` says how it is corrected where that differs from its kind: a title is taken at the person's word.
    `proof` says what the person is asked to show for a value that staff check, in words that they read.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    type: FieldType
    label: Label
    required: bool = False
    mask: Mask = Mask.NONE
    choices: Annotated[dict[str, Label], BeforeValidator(_choices)] = {}
    currency_field: str = "currency"
    nature: Nature | None = None
    purpose: str | None = None
    sensitive: str | None = None
    correction: Correction | None = None
    proof: Label | None = None

    @model_validator(mode="before")
    @classmethod
    def _masked_as_its_type(cls, given: Any) -> Any:
        return {"mask": MASK_OF.get(given.get("type"), Mask.NONE), **given} if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _choices_fit_the_type(self) -> Self:
        if (self.type is FieldType.CHOICE) != bool(self.choices):
            raise ValueError("choices go with the type choice, and with no other")
        return self


class OpenWhile(_Part):
    """While a contract is open: as long as a field of its record has one of these values."""

    field: str
    values: tuple[str, ...] = Field(min_length=1)


class Kind(_Part):
    """One kind of record.

    Attributes:
        lawful_basis: that of its main purpose.
        bases: those of all its purposes, its fields' included; the data map works them out.
        portable_purposes: those of all its purposes that rest on consent or a contract; the data map works them out.
        erasable: whether the person may have a record erased that the kind's own rule gave its days; a rule that
            depends on a value says so itself.
        contract: whether a record is a contract: while it goes on, the person's file cannot be erased whole.
        open_while: when such a contract goes on; None where its end of active use says so.
    """

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    category: Category
    label: Label
    origin: Origin
    nature: Nature
    purposes: tuple[str, ...] = Field(min_length=1)
    lawful_basis: LawfulBasis
    bases: Annotated[frozenset[LawfulBasis], BeforeValidator(_not_declared)] = frozenset()
    portable_purposes: Annotated[frozenset[str], BeforeValidator(_not_declared)] = frozenset()
    recipients: tuple[str, ...] = Field(min_length=1)
    retention: Retention
    erasable: bool
    keep_reason: Label | None = None
    logic: Label | None = None
    correction: Correction = Correction.REQUEST
    headline: tuple[str, ...] = Field(min_length=1)
    declared: Annotated[tuple[DeclaredField, ...], Field(min_length=1, alias="fields")]
    sensitive: str | None = None
    contract: bool = False
    open_while: OpenWhile | None = None

    @cached_property
    def fields(self) -> Mapping[str, DeclaredField]:
        """The fields by name, in the order they are declared."""
        return MappingProxyType({field.name: field for field in self.declared})

    @property
    def is_portable(self) -> bool:
        """Whether art. 20(1) covers this kind, or a field of it: provided or observed, under consent or contract."""
        return self.left_out is None

    @property
    def left_out(self) -> LeftOut | None:
        """Why a portable copy holds nothing of this kind; None where it holds some of its fields."""
        reasons = {self.why_left_out(field) for field in self.declared}
        return None if None in reasons else LeftOut.OTHER_BASIS if LeftOut.OTHER_BASIS in reasons else LeftOut.INFERRED

    def why_left_out(self, field: DeclaredField) -> LeftOut | None:
        """Return why a portable copy leaves a field out; None where it holds it."""
        purposes = (field.purpose,) if field.purpose else self.purposes
        is_basis_portable = any(code in self.portable_purposes for code in purposes)
        return left_out(field.nature or self.nature, is_basis_portable=is_basis_portable)

    @property
    def own_uses(self) -> tuple[DeclaredField, ...]:
        """The fields that have a purpose of their own."""
        return tuple(field for field in self.declared if field.purpose is not None)

    @property
    def all_purposes(self) -> tuple[str, ...]:
        """The codes of its purposes, the main one first, then those that single fields have of their own."""
        return tuple(dict.fromkeys((*self.purposes, *(field.purpose for field in self.declared if field.purpose))))

    @property
    def portable_fields(self) -> tuple[str, ...]:
        """The fields that a portable copy holds, each by its own nature and use."""
        return tuple(field.name for field in self.declared if self.why_left_out(field) is None)

    def rights(self) -> tuple[str, ...]:
        """Return the rights to offer on this kind, by code: what the law gives under any basis of its uses.

        Directives after death are not listed: they concern the person, not a kind.
        """
        offered = self._given()
        if not any(self.is_erasable(rule) for rule in self.retention.rules()):
            offered -= {"erasure"}
        if not self.is_portable:
            offered -= {"portability"}
        order = ("access", "rectification", "erasure", "restriction", "portability", "objection")
        return tuple(right for right in order if right in offered)

    def is_erasable(self, rule: Rule) -> bool:
        """Tell whether the person may have records erased that one of its rules gave their days."""
        return rule.erasable if isinstance(rule, ValueRule) else self.erasable

    def duty_of(self, rule: Rule) -> Duty:
        """Return why its records are kept so long: by law where they may not be erased, unless the rule says it."""
        return rule.duty or (Duty.CHOICE if self.is_erasable(rule) else Duty.LAW)

    def keep_reasons(self) -> tuple[Label, ...]:
        """Return, for people, why its records may not be erased: of the kind, and of its rules."""
        reasons = (self.keep_reason, *(rule.keep_reason for rule in self.retention.when))
        return tuple(reason for reason in reasons if reason)

    def retention_texts(self, language: object) -> list[tuple[str, Label]]:
        """Return each of its rules as (sentence, legal reference), the ones that depend on a value last."""
        return [(self._rule_text(rule, language), rule.legal_reference) for rule in self.retention.rules()]

    def retention_text(self, language: object) -> str:
        """Return how long its records are kept, in words."""
        return " ".join(text for text, _reference in self.retention_texts(language))

    def _rule_text(self, rule: Rule, language: object) -> str:
        text = rule.text(language)
        if not isinstance(rule, ValueRule):
            return text
        field = self.fields.get(rule.field or "")
        label, least = "", ""
        if field:
            label, least = field.label.text(language), self.format_value(field.name, str(rule.at_least), language)
        condition = rule.condition(label, least, language)
        condition = condition[0].upper() + condition[1:]
        return _CONDITION.filled(language, condition=condition, rule=text[0].lower() + text[1:])

    def _given(self) -> frozenset[str]:
        return frozenset().union(*(rights_for(basis) for basis in {self.lawful_basis, *self.bases}))

    def validate_values(self, values: Any) -> dict[str, Any]:
        """Return values as they are stored, in the order of the fields; absent and null fields are left out.

        Raises:
            ValueRefused: with the first field that may not be taken, and why.
        """
        if not isinstance(values, dict):
            raise ValueRefused("values", "must be an object", "wrong_type")
        for name in values:
            if name not in self.fields:
                raise _unknown(str(name))
        return {
            field.name: self._read(field, values[field.name])
            for field in self.declared
            if self._is_given(field, values)
        }

    def _read(self, field: DeclaredField, value: Any) -> Any:
        read = read_value(field.name, field.type, value, field.choices)
        if field.name in ENDS and read and len(read) < 10:
            raise ValueRefused(field.name, "must be a whole date: a period of keeping counts from it")
        return read

    def _is_given(self, field: DeclaredField, values: dict[str, Any]) -> bool:
        value = values.get(field.name)
        is_given = value is not None and not (value == NO_END and field.name in ENDS)
        if field.required and not is_given:
            raise ValueRefused(field.name, "is missing", "missing")
        return is_given

    def mask(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the values with masked fields hidden. Fields that are no longer declared are hidden too."""
        return {name: self._masked(name, value) for name, value in values.items()}

    def _masked(self, name: str, value: Any) -> Any:
        field = self.fields.get(name)
        mask = field.mask if field else Mask.ALL
        return value if mask is Mask.NONE or value is None else mask.apply(value)

    def format_value(self, field: str, value: Any, language: object, values: Mapping[str, Any] | None = None) -> str:
        """Return a stored value in words. `values`, the whole record, tells the currency of an amount."""
        declared = self.fields.get(field)
        if declared is None:
            return printable(value)
        currency = (values or {}).get(declared.currency_field) or DEFAULT_CURRENCY
        return show_value(declared.type, value, language, declared.choices, str(currency))

    def facts(self, values: Mapping[str, Any], language: object, *, is_masked: bool = True) -> list[tuple[str, str]]:
        """Return a record as (label, text) pairs in the order of the fields, absent ones left out."""
        return [
            (field.label.text(language), self._shown(field, values, language, is_masked=is_masked))
            for field in self.declared
            if values.get(field.name) is not None
        ]

    def masked_labels(self, values: Mapping[str, Any], language: object) -> set[str]:
        """Return the labels of the values of a record that a screen masks."""
        masked = (field for field in self.declared if field.mask is not Mask.NONE)
        return {field.label.text(language) for field in masked if values.get(field.name) is not None}

    def heading(self, values: Mapping[str, Any], language: object, *, is_masked: bool = True) -> tuple[str, str]:
        """Return a record in one line: its name for people, and its amount or its yes or no.

        The name is that of the kind when no headline field that makes a name has a value.
        """
        given = [self.fields[name] for name in self.headline if values.get(name) is not None]
        names = [field for field in given if field.type not in (*_ENDS_OF_LINE, FieldType.DATE)]
        ends = [field for field in given if field.type in _ENDS_OF_LINE]
        name, end = (
            " · ".join(self._shown(field, values, language, is_masked=is_masked) for field in fields)
            for fields in (names, ends)
        )
        return name or self.label.text(language), end

    def _shown(self, field: DeclaredField, values: Mapping[str, Any], language: object, *, is_masked: bool) -> str:
        value = values[field.name]
        if is_masked and field.mask is not Mask.NONE:
            return printable(field.mask.apply(value))
        return self.format_value(field.name, value, language, values)


class DataMap:
    """All purposes and kinds that an operator declares. Built by `load`."""

    def __init__(self, version: str, purposes: Mapping[str, Purpose], kinds: Mapping[str, Kind]) -> None:
        self.version = version
        self.purposes = MappingProxyType(dict(purposes))
        self.kinds = MappingProxyType(dict(kinds))

    @classmethod
    def load(
        cls,
        path: Path | None = None,
        *,
        recipients: Collection[str] | None = None,
        choices: Collection[str] | None = None,
    ) -> Self:
        """Read a data map, by default our own.

        Args:
            recipients: the codes of the organisation's register; a kind may name no other.
            choices: the codes of the portal's choices; a purpose may name no other.

        Raises:
            DataMapFaults: with every fault that the file has.
        """
        path = path or DEFAULT_FILE
        tables = read_toml(path, DataMapFaults)
        faults: list[Fault] = [
            Fault(name, "is not known here; check the spelling")
            for name in tables.keys() - {"version", "purposes", "kinds"}
        ]
        declared = _read_each(Purpose, "purposes", tables, faults)
        faults.extend(_own_purpose_faults(declared))
        purposes = declared | {code: own for code, own in OWN_PURPOSES.items() if code not in declared}
        kinds = {
            code: kind.model_copy(
                update={"bases": _bases(kind, purposes), "portable_purposes": _portable(kind, purposes)}
            )
            for code, kind in _read_each(Kind, "kinds", tables, faults).items()
        }
        known = _codes(tables, "purposes") | OWN_PURPOSES.keys()
        for kind in kinds.values():
            faults.extend(_kind_faults(kind, known, purposes, recipients))
        faults.extend(_forbidden_faults(tables))
        faults.extend(
            Fault(f"purposes.{purpose.code}.choices", f"“{code}” is not a choice of this portal")
            for purpose in purposes.values()
            for code in purpose.choices
            if choices is not None and code not in choices
        )
        missing = set(CATEGORIES) - {kind.category for kind in kinds.values()}
        if missing and len(kinds) == len(_codes(tables, "kinds")):
            faults.append(Fault("kinds", f"no kind belongs to: {', '.join(sorted(missing))}"))
        if faults:
            raise DataMapFaults(path, faults)
        return cls(str(tables.get("version", "1")), purposes, kinds)

    @property
    def categories(self) -> tuple[Category, ...]:
        """The nine categories in their fixed order, for pages that walk through them."""
        return CATEGORIES

    def of_category(self, category: str) -> tuple[Kind, ...]:
        """Return the kinds of a category, by its code, in the order of the file."""
        return tuple(kind for kind in self.kinds.values() if kind.category == category)

    def purposes_of(self, kind: Kind) -> tuple[Purpose, ...]:
        """Return the purposes of a kind, the main one first, then those of single fields."""
        return tuple(self.purposes[code] for code in kind.all_purposes)

    def choices_of(self, kind: Kind) -> tuple[str, ...]:
        """Return the choices of the portal that the uses of a kind depend on."""
        return tuple(code for purpose in self.purposes_of(kind) for code in purpose.choices)

    def choices_needed(self) -> dict[str, tuple[str, ...]]:
        """Return the kinds that may be collected on consent only, each with the choices that can give it."""
        on_consent = (kind for kind in self.kinds.values() if kind.lawful_basis is LawfulBasis.CONSENT)
        return {kind.code: self.choices_of(kind) for kind in on_consent}


def _unknown(name: str) -> ValueRefused:
    if is_card_secret(name):
        return ValueRefused(name, "is a card's full number or secret, which may never be stored", "security_code")
    if is_special_category(name):
        return ValueRefused(name, "is a special category of data, which is never collected", "special_category")
    return ValueRefused(name, "is not a field of this kind", "unknown_field")


def _codes(tables: Mapping[str, Any], name: str) -> frozenset[str]:
    found = tables.get(name)
    return frozenset(found) if isinstance(found, dict) else frozenset()


_Read = TypeVar("_Read", Purpose, Kind)


def _read_each(model: type[_Read], name: str, tables: Mapping[str, Any], faults: list[Fault]) -> dict[str, _Read]:
    found = tables.get(name)
    if not isinstance(found, dict) or not found:
        faults.append(Fault(name, "is missing"))
        return {}
    read = {}
    for code, table in found.items():
        entry = {**table, "code": code} if isinstance(table, dict) else {"code": code}
        try:
            read[code] = model.model_validate(entry)
        except ValidationError as error:
            place = f"{name}.{code}"
            faults.extend(Fault(_join(place, fault.place), fault.reason) for fault in faults_of(error, entry))
    return read


def _bases(kind: Kind, purposes: Mapping[str, Purpose]) -> frozenset[LawfulBasis]:
    return frozenset(purposes[code].lawful_basis for code in kind.all_purposes if code in purposes)


def _portable(kind: Kind, purposes: Mapping[str, Purpose]) -> frozenset[str]:
    known = (purposes[code] for code in kind.all_purposes if code in purposes)
    return frozenset(purpose.code for purpose in known if is_portable_basis(purpose.lawful_basis))


def _own_purpose_faults(declared: Mapping[str, Purpose]) -> Iterator[Fault]:
    for code, own in OWN_PURPOSES.items():
        if code in declared and declared[code].lawful_basis is not own.lawful_basis:
            reason = f"must be {own.lawful_basis}: the portal itself has this purpose, and a purpose has one basis"
            yield Fault(f"purposes.{code}.lawful_basis", reason)


def _join(place: str, more: str) -> str:
    return f"{place}.{more}" if more else place


def _kind_faults(
    kind: Kind, known: Collection[str], purposes: Mapping[str, Purpose], recipients: Collection[str] | None
) -> Iterator[Fault]:
    place = f"kinds.{kind.code}"
    for code in kind.purposes:
        if code not in known:
            yield Fault(f"{place}.purposes", f"“{code}” is not declared under purposes")
    for field in kind.own_uses:
        if field.purpose not in known:
            yield Fault(f"{place}.fields[{field.name}].purpose", f"“{field.purpose}” is not declared under purposes")
    main = purposes.get(kind.purposes[0])
    if main is not None and main.lawful_basis is not kind.lawful_basis:
        yield Fault(f"{place}.lawful_basis", f"must be that of its first purpose, {main.lawful_basis}")
    for code in kind.recipients:
        if recipients is not None and code not in recipients:
            yield Fault(f"{place}.recipients", f"“{code}” is not a recipient of the organisation file")
    yield from _field_faults(kind, place)
    if kind.erasable == (kind.keep_reason is not None):
        yield Fault(f"{place}.keep_reason", "goes with erasable = false, and with nothing else")
    yield from _rule_faults(kind, f"{place}.retention")
    yield from _contract_faults(kind, place)
    if kind.nature is Nature.INFERRED and kind.logic is None:
        yield Fault(f"{place}.logic", "is missing: say how what is inferred is worked out (GDPR art. 15(1)(h))")


def _field_faults(kind: Kind, place: str) -> Iterator[Fault]:
    names = [field.name for field in kind.declared]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield Fault(f"{place}.fields[{name}]", "is declared more than once")
    for name in sorted(_RESERVED.intersection(names)):
        yield Fault(f"{place}.fields[{name}]", "is what a copy says of the archive: choose another name")
    for name in kind.headline:
        if name not in names:
            yield Fault(f"{place}.headline", f"“{name}” is not a field of this kind")
    for field in kind.declared:
        amounts = field.type is FieldType.MONEY
        if amounts and getattr(kind.fields.get(field.currency_field), "type", None) is not FieldType.CURRENCY:
            yield Fault(f"{place}.fields[{field.name}]", f"needs a field “{field.currency_field}” of type currency")


def _rule_faults(kind: Kind, place: str) -> Iterator[Fault]:
    if not kind.erasable and kind.retention.duty is Duty.CHOICE:
        yield Fault(f"{place}.duty", _CHOICE_REFUSES)
    codes = [rule.code for rule in kind.retention.when]
    for number, rule in enumerate(kind.retention.when):
        here = f"{place}.when[{number}]"
        field = kind.fields.get(rule.field or "")
        if codes.count(rule.code) > 1 or rule.code in {HELD_BACK, LEFT_IN_PLACE}:
            yield Fault(
                f"{here}.code", "is that of another rule of this kind, or of what a legal hold or a decision keeps"
            )
        if (rule.field is None) != (rule.at_least is None):
            yield Fault(f"{here}.at_least", "goes with field, and with nothing else")
        if rule.field is None and rule.capacity is None:
            yield Fault(here, "needs a field with at_least, or a capacity: else it applies to every record")
        if rule.field is not None and (field is None or field.type not in _NUMBERS):
            yield Fault(f"{here}.field", f"“{rule.field}” is not an amount or a number of this kind")
        if rule.erasable == (rule.keep_reason is not None):
            yield Fault(f"{here}.keep_reason", "goes with erasable = false, and with nothing else")
        if not rule.erasable and rule.duty is Duty.CHOICE:
            yield Fault(f"{here}.duty", _CHOICE_REFUSES)
    if codes and any(Start.LAST_CONTACT in rule.starting_points for rule in kind.retention.rules()):
        yield Fault(f"{place}.when", "does not go with a period that counts from the last contact")


def _contract_faults(kind: Kind, place: str) -> Iterator[Fault]:
    if kind.open_while is not None:
        field = kind.fields.get(kind.open_while.field)
        if not kind.contract:
            yield Fault(f"{place}.open_while", "goes with contract = true, and with nothing else")
        if field is None or not set(kind.open_while.values) <= field.choices.keys():
            yield Fault(f"{place}.open_while", "must name a choice of this kind, and values of it")
    elif kind.contract and (kind.retention.starts is not Start.CANCELLATION or kind.retention.period):
        reason = 'needs open_while, or a retention with period = "P0D" and starts = "cancellation"'
        yield Fault(f"{place}.contract", reason)


def _forbidden_faults(tables: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield a fault for what may not even be declared. It reads the raw tables, so that no other fault hides it."""
    kinds = tables.get("kinds")
    for code, table in kinds.items() if isinstance(kinds, dict) else ():
        if not isinstance(table, dict):
            continue
        yield from _forbidden(f"kinds.{code}", code, table)
        fields = table.get("fields")
        for field in fields if isinstance(fields, list) else ():
            if isinstance(field, dict):
                name = str(field.get("name", ""))
                yield from _forbidden(f"kinds.{code}.fields[{name}]", name, field)


def _forbidden(place: str, name: str, table: Mapping[str, Any]) -> Iterator[Fault]:
    label = table.get("label")
    names = [name, *(str(text) for text in label.values())] if isinstance(label, dict) else [name]
    if table.get("sensitive") or any(is_special_category(text) for text in names):
        yield Fault(place, "special categories and criminal data are never collected (GDPR art. 9 and 10)")
    if is_card_secret(name):
        yield Fault(place, "a full card number, a security code or a PIN is never stored")


_NUMBERS: Final = (FieldType.MONEY, FieldType.INTEGER, FieldType.NUMBER)
HELD_BACK: Final = "hold"
"""The rule under which a plan counts what a legal hold defers."""
LEFT_IN_PLACE: Final = "decided"
"""The rule under which a plan counts what two people decided to leave in place."""
_RESERVED: Final = frozenset({"archived_until", "archived_because"})
_CHOICE_REFUSES: Final = "must be law where erasable = false: the company's own choice refuses no erasure"
_CONDITION: Final = Label(fr="{condition} : {rule}", en="{condition}: {rule}")
_ORIGINS: Final = {
    Origin.PERSON: Label(fr="De vous-même", en="From you"),
    Origin.ANALYTICS: Label(fr="D'un outil de mesure d'audience", en="From an audience measurement tool"),
    Origin.ADVERTISING: Label(fr="D'un réseau publicitaire", en="From an advertising network"),
    Origin.INFORMATION_PROVIDER: Label(fr="D'un fournisseur d'informations", en="From an information provider"),
    Origin.PAYMENT_PROVIDER: Label(fr="D'un prestataire de paiement", en="From a payment provider"),
    Origin.ANTI_FRAUD: Label(fr="D'un service de lutte contre la fraude", en="From a fraud prevention service"),
    Origin.DATA_PARTNER: Label(fr="D'un partenaire de données", en="From a data partner"),
    Origin.SOCIAL_NETWORK: Label(fr="D'un réseau social", en="From a social network"),
    Origin.REVIEW_SITE: Label(fr="D'un site d'avis", en="From a review site"),
    Origin.COMPANY: Label(fr="De nous-mêmes", en="From us"),
}
_NATURES: Final = {
    Nature.PROVIDED: Label(fr="Données que vous nous avez fournies", en="Given to us by you"),
    Nature.OBSERVED: Label(fr="Données issues de votre utilisation", en="Generated by your use"),
    Nature.INFERRED: Label(fr="Données que nous avons déduites", en="Worked out by us"),
}


installed_data_map = Installed[DataMap]("data_map")
