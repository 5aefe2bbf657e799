"""The form of a correction: for each value what is held, and a field of its type for what it should be.

The fields depend on the record, so the class of a form is made for its target.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, SelectField, StringField
from wtforms.fields import SelectChoice

from portal.partial_dates import read_day
from portal.records.corrections.targets import Target
from portal.records.data_map.field_types import FieldType, ValueRefused, read_value
from portal.records.data_map.kinds import DeclaredField
from portal.rights.correcting.wording import value_held
from portal.rights.filing.forms import long_text
from portal.web.fields import DateField3
from portal.web.forms import LengthBetween, PortalForm

TAKE_AWAY: Final = "away_"
VALUE: Final = "value_"
_LONGEST: Final = 500


class CorrectionForm(PortalForm):
    """What a correction holds in any case: the person's own words, which stand beside a value that stays as it is."""

    target: Target
    statement = long_text(
        _l("In your words (optional)"),
        _l("If we cannot correct the value, your words will stand beside it wherever it is shown."),
    )

    @property
    def shown(self) -> list[Field]:
        """The fields in the order in which they are asked."""
        own = [field for field in self if field.name.startswith((VALUE, TAKE_AWAY))]
        return [*own, self.statement]

    def validate(self, extra_validators: Any = None) -> bool:
        is_valid = bool(super().validate(extra_validators))
        return self._read() and is_valid  # both, so that all that is wrong is told at once

    def _read(self) -> bool:
        """Read each value by its type; say on the first field that something has to be typed where nothing is."""
        self.changes: dict[str, Any] = {}
        fields = {name: field for name, field in self.target.fields.items() if f"{VALUE}{name}" in self}
        for name, field in fields.items():
            self._read_one(name, field)
        if fields and not self.changes and not any(self[f"{VALUE}{name}"].errors for name in fields):
            self[f"{VALUE}{next(iter(fields))}"].errors = [_("Write what it should say.")]
        return not self.errors

    def _read_one(self, name: str, field: DeclaredField) -> None:
        typed, away = self[f"{VALUE}{name}"], f"{TAKE_AWAY}{name}"
        if away in self and self[away].data:
            self.changes[name] = None
        elif typed.data not in (None, "") and not typed.errors:
            try:
                value = read_value(name, field.type, _as_sent(field.type, typed.data), field.choices)
            except (ValueRefused, ValueError):
                typed.errors = [_wrong(field.type)]
                return
            if value == self.target.values.get(name):
                typed.errors = [_("This is the value that we hold: write the one that is right.")]
                return
            self.changes[name] = value

    def answers(self) -> dict[str, Any]:
        """Return what was typed, to store; without what was left empty."""
        found = {
            "record": [self.target.kind, self.target.external_id],
            "category": str(self.target.category),
            "changes": self.changes,
            "statement": self.statement.data,
        }
        return {name: value for name, value in found.items() if value}


class WordsForm(CorrectionForm):
    """The person's own words about an opinion, such as a score: the value stays, and they stand beside it."""

    statement = long_text(
        _l("Your own words"),
        _l("They will stand beside it wherever it is shown, to our teams too. You can withdraw them at any time."),
        _l("Write what should stand beside it."),
    )


def form_of(target: Target, only: Iterable[str], answers: Mapping[str, Any]) -> CorrectionForm:
    """Return the form of a correction.

    Args:
        only: the fields to ask for; none for all.
        answers: what was typed before, as it is stored.
    """
    only = [name for name in only if name in target.fields]
    base = WordsForm if target.takes_statement_only else CorrectionForm
    fields = {name: field for name, field in target.fields.items() if name in only or not only}
    own: dict[str, Any] = {"target": target, "__module__": "made"}  # for one page: it is no form of the house
    for name, field in fields.items():
        own[f"{VALUE}{name}"] = _field_of(field, target)
        if name in target.values and not field.required:
            own[f"{TAKE_AWAY}{name}"] = BooleanField(_("Take this value away"))
    changes = answers.get("changes") or {}
    data = {f"{VALUE}{name}": _as_shown(fields[name].type, value) for name, value in changes.items() if name in fields}
    data |= {f"{TAKE_AWAY}{name}": value is None for name, value in changes.items()}
    made: type[CorrectionForm] = type("ValuesForm", (base,), own)
    return made(data=data | {"statement": answers.get("statement")})


def _field_of(field: DeclaredField, target: Target) -> Field:
    language = get_locale()
    hint = _("We hold: %(value)s", value=value_held(field, target.values.get(field.name), language))
    label, limit = field.label.text(language), LengthBetween(most=_LONGEST)
    if field.type is FieldType.DATE:
        return DateField3(label, description=hint)
    if field.type is FieldType.LONG_TEXT:
        return long_text(label, hint)
    if field.type in _LISTED:
        listed = [("", _("Choose")), *_LISTED[field.type](field, language)]
        return SelectField(label, description=hint, choices=[SelectChoice(*each) for each in listed])
    return StringField(label, description=hint, validators=[limit])


def _choices(field: DeclaredField, language: object) -> list[tuple[str, str]]:
    return [(code, name.text(language)) for code, name in field.choices.items()]


def _yes_or_no(field: DeclaredField, language: object) -> list[tuple[str, str]]:
    return [("true", _("Yes")), ("false", _("No"))]


_LISTED: Final[Mapping[FieldType, Callable[[DeclaredField, object], list[tuple[str, str]]]]] = {
    FieldType.CHOICE: _choices,
    FieldType.BOOLEAN: _yes_or_no,
}


def _as_sent(kind: FieldType, typed: Any) -> Any:
    """Return what was typed as a system of the company would send it. Raises `ValueError` for what is no number."""
    if kind is FieldType.DATE:
        return typed.isoformat()
    if kind is FieldType.BOOLEAN:
        return typed == "true"
    if kind in {FieldType.INTEGER, FieldType.NUMBER, FieldType.MONEY}:
        plain = "".join(typed.split()).replace(",", ".")
        return int(plain) if kind is FieldType.INTEGER else float(plain) if kind is FieldType.NUMBER else plain
    return typed


def _as_shown(kind: FieldType, value: Any) -> Any:
    if value is None or kind is FieldType.LONG_TEXT:
        return value
    if kind is FieldType.DATE:
        return read_day(value)
    return str(value).lower() if kind is FieldType.BOOLEAN else str(value)


def _wrong(kind: FieldType) -> str:
    said = {
        FieldType.EMAIL: _("Write an e-mail address, such as name@example.org."),
        FieldType.PHONE: _("Write a phone number, with its digits."),
        FieldType.COUNTRY: _("Write the two letters of the country, such as FR."),
        FieldType.CURRENCY: _("Write the three letters of the currency, such as EUR."),
        FieldType.URL: _("Write an address that begins with https://."),
        FieldType.CARD_LAST4: _("Write the last four digits only."),
        FieldType.CARD_EXPIRY: _("Write the month and the year, such as 04/28."),
        FieldType.DATE: _("This date is out of range."),
    }
    if kind in {FieldType.INTEGER, FieldType.NUMBER, FieldType.MONEY}:
        return str(_("Write a number, in digits."))
    return str(said.get(kind, _("This cannot be stored as it is written. Never write the number of a payment card.")))
