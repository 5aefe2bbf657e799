"""Fields that take what people type: dates in three boxes with months in words, names, codes."""

from datetime import date
from typing import Any

from flask_babel import gettext as _
from wtforms import Field, StringField

from portal.infrastructure.plain_letters import without_accents
from portal.infrastructure.typed_texts import name_of, one_line

MONTHS = (
    ("january", "janvier", "jan", "janv"),
    ("february", "fevrier", "feb", "fevr", "fev"),
    ("march", "mars", "mar"),
    ("april", "avril", "apr", "avr"),
    ("may", "mai"),
    ("june", "juin", "jun"),
    ("july", "juillet", "jul", "juil"),
    ("august", "aout", "aug"),
    ("september", "septembre", "sep", "sept"),
    ("october", "octobre", "oct"),
    ("november", "novembre", "nov"),
    ("december", "decembre", "dec"),
)

PARTS = ("day", "month", "year")
HYPHENS = "-\u2010\u2011"


class DateField3(Field):  # type: ignore[misc]
    """A date in three boxes, sent as `<name>-day`, `<name>-month`, `<name>-year`; the month may be a word.

    `autocomplete_prefix` is `bday` for a birth date. The template macro draws the boxes from `parts`, and the
    error summary leads to `anchor`, the first box to correct. Its data is a `date`, or None when the boxes are
    empty or wrong.
    """

    is_date = True
    data: Any

    def __init__(
        self, label: Any = None, validators: Any = None, autocomplete_prefix: str | None = None, **options: Any
    ) -> None:
        super().__init__(label, validators, **options)
        self.autocomplete_prefix = autocomplete_prefix
        self.typed = dict.fromkeys(PARTS, "")
        self.wrong: tuple[str, ...] = ()

    def process(self, formdata: Any, data: Any = None, **options: Any) -> None:
        super().process(None, data if data is not None else self.default)
        if isinstance(self.data, date):
            self.typed = {part: str(getattr(self.data, part)) for part in PARTS}
        names = {part: f"{self.name}-{part}" for part in PARTS}
        if formdata is None or not any(name in formdata for name in names.values()):
            return
        self.typed = {part: one_line(formdata.get(name, ""))[:20] for part, name in names.items()}
        self.data = None
        if any(self.typed.values()):
            try:
                self.data = self._read()
            except ValueError as error:
                self.process_errors.append(str(error))

    def _read(self) -> date:
        words = {"day": _("the day"), "month": _("the month"), "year": _("the year")}
        label = self.label.text
        self.wrong = tuple(part for part in PARTS if not self.typed[part])
        if self.wrong:
            missing = _(" and ").join(words[part] for part in self.wrong)
            raise ValueError(_("%(label)s: add %(missing)s.", label=label, missing=missing))
        year = _read_number(self.typed["year"])
        if year is None or not 1000 <= year <= 9999:
            self.wrong = ("year",)
            raise ValueError(_("%(label)s: write the year with four digits.", label=label))
        month = read_month(self.typed["month"])
        if month is None:
            self.wrong = ("month",)
            raise ValueError(_("%(label)s: write the month as a number or a word.", label=label))
        try:
            return date(year, month, _read_number(self.typed["day"]) or 0)
        except ValueError:
            self.wrong = PARTS if month <= 12 else ("month",)
            raise ValueError(_("%(label)s: this date does not exist.", label=label)) from None

    @property
    def parts(self) -> list[dict[str, Any]]:
        """The three boxes: for each, what its tag needs, and whether it has to be corrected."""
        labels = {"day": _("Day"), "month": _("Month"), "year": _("Year")}
        return [
            {
                "name": f"{self.name}-{part}",
                "id": self._id_of(part),
                "label": labels[part],
                "value": self.typed[part],
                "width": "4" if part == "year" else "2" if part == "day" else "month",
                "autocomplete": f"{self.autocomplete_prefix}-{part}" if self.autocomplete_prefix else "off",
                "is_wrong": bool(self.errors) and part in (self.wrong or PARTS),
            }
            for part in PARTS
        ]

    @property
    def anchor(self) -> str:
        """The id of the first box to correct."""
        return self._id_of(self.wrong[0] if self.wrong else "day")

    def _id_of(self, part: str) -> str:
        return str(self.id if part == "day" else f"{self.id}-{part}")


def _read_number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def read_month(text: str) -> int | None:
    """Return the number of a month given as a number or as a word in French or English, or None."""
    plain = without_accents(text.lower().rstrip("."))
    named = (number for number, names in enumerate(MONTHS, start=1) if plain in names)
    return _read_number(text) or next(named, None)


class NameField(StringField):  # type: ignore[misc]
    """The name of a person. Several blanks in a row, of any width, become one space."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata([name_of(typed) for typed in valuelist])


class CodeField(StringField):  # type: ignore[misc]
    """A code read from a mail or an app: spaces and hyphens do not count. No page shows it again."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata(valuelist)
        self.data = "".join(part for part in (self.data or "") if not part.isspace() and part not in HYPHENS)
