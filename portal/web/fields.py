"""Fields that take what people type: dates in three boxes with months in words, telephone numbers, codes."""

import unicodedata
from datetime import date
from typing import Any

import phonenumbers
from flask_babel import gettext as _
from wtforms import Field, StringField

MONTHS = (
    ("january", "janvier", "jan", "janv"), ("february", "fevrier", "feb", "fevr", "fev"), ("march", "mars", "mar"),
    ("april", "avril", "apr", "avr"), ("may", "mai"), ("june", "juin", "jun"), ("july", "juillet", "jul", "juil"),
    ("august", "aout", "aug"), ("september", "septembre", "sep", "sept"), ("october", "octobre", "oct"),
    ("november", "novembre", "nov"), ("december", "decembre", "dec"),
)  # fmt: skip


class DateField3(Field):  # type: ignore[misc]
    """A date in three boxes, sent as `<name>-day`, `<name>-month`, `<name>-year`; the month may be a word.

    `autocomplete_prefix` is `bday` for a birth date. The template macro draws the boxes from `parts`.
    """

    is_date = True

    def __init__(self, label: Any = None, validators: Any = None, autocomplete_prefix: str | None = None, **options: Any) -> None:
        super().__init__(label, validators, **options)
        self.autocomplete_prefix = autocomplete_prefix
        self.typed = {"day": "", "month": "", "year": ""}

    def process(self, formdata: Any, data: Any = None, **options: Any) -> None:
        super().process(None, data if data is not None else self.default)
        if isinstance(self.data, date):
            self.typed = {"day": str(self.data.day), "month": str(self.data.month), "year": str(self.data.year)}
        names = {part: f"{self.name}-{part}" for part in self.typed}
        if formdata is None or not any(name in formdata for name in names.values()):
            return
        self.typed = {part: formdata.get(name, "").strip()[:20] for part, name in names.items()}
        self.data = None
        if any(self.typed.values()):
            try:
                self.data = self._read()
            except ValueError as error:
                self.process_errors.append(str(error))

    def _read(self) -> date:
        words = {"day": _("the day"), "month": _("the month"), "year": _("the year")}
        missing = [words[part] for part, text in self.typed.items() if not text]
        if missing:
            raise ValueError(_("%(label)s: add %(missing)s.", label=self.label.text, missing=_(" and ").join(missing)))
        try:
            year = int(self.typed["year"])
            if not 1000 <= year <= 9999:
                raise ValueError
            return date(year, read_month(self.typed["month"]), int(self.typed["day"]))
        except ValueError:
            raise ValueError(_("%(label)s: this date does not exist.", label=self.label.text)) from None

    @property
    def parts(self) -> list[dict[str, str]]:
        """The three boxes: name, label, value, width class and autocomplete token."""
        labels = {"day": _("Day"), "month": _("Month"), "year": _("Year")}
        return [
            {
                "name": f"{self.name}-{part}",
                "id": self.id if part == "day" else f"{self.id}-{part}",
                "label": labels[part],
                "value": text,
                "width": "4" if part == "year" else "2" if part == "day" else "month",
                "autocomplete": f"{self.autocomplete_prefix}-{part}" if self.autocomplete_prefix else "off",
            }
            for part, text in self.typed.items()
        ]


def read_month(text: str) -> int:
    """Return the number of a month given as a number or a word in French or English. Raises `ValueError`."""
    if text.isdigit():
        return int(text)
    decomposed = unicodedata.normalize("NFKD", text.lower().rstrip("."))
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    for number, names in enumerate(MONTHS, start=1):
        if plain in names:
            return number
    raise ValueError(text)


class PhoneField(StringField):  # type: ignore[misc]
    """A telephone number typed in any way, French when it has no country code; its data is the E.164 form."""

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        text = (self.data or "").strip()
        if not text:
            self.data = ""
            return
        try:
            number = phonenumbers.parse(text, "FR")
        except phonenumbers.NumberParseException:
            number = None
        if number is None or not phonenumbers.is_possible_number(number):
            raise ValueError(_("Write a telephone number such as 01 23 45 67 89 or +44 20 7946 0000."))
        self.data = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class CodeField(StringField):  # type: ignore[misc]
    """A code read from a mail or an app: spaces and hyphens do not count."""

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        self.data = "".join(character for character in (self.data or "") if character not in " -\u00a0\u202f\t")
