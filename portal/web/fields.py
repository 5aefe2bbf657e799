"""Fields that take what people type: dates in three boxes with months in words, names, codes."""

import re
import unicodedata
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
# 1er, 1st, 2e, 3rd: the day as it is said.
_ORDINAL = re.compile(r"(?<=\d)\s?(?:er|e|ème|st|nd|rd|th|º|°)$", re.IGNORECASE)
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
        self.typed = {part: _as_typed(formdata.get(name, ""))[:20] for part, name in names.items()}
        self.data = None
        if any(self.typed.values()):
            try:
                self.data = self._read()
            except ValueError as error:
                self.process_errors.append(str(error))

    def _read(self) -> date:
        month, year = read_month(self.typed["month"]), _read_year(self.typed["year"])
        missing = [part for part in PARTS if not self.typed[part]]
        unread = [part for part, value in (("month", month), ("year", year)) if value is None and part not in missing]
        self.wrong = tuple(part for part in PARTS if part in missing + unread)
        if month is None or year is None or missing:
            faults = _("; ").join([*_to_add(missing), *(_to_write(part) for part in unread)])
            raise ValueError(_("%(label)s: %(faults)s.", label=self.label.text, faults=faults))
        try:
            return date(year, month, _read_day(self.typed["day"]) or 0)
        except ValueError:
            self.wrong = PARTS if month <= 12 else ("month",)
            raise ValueError(_("%(label)s: this date does not exist.", label=self.label.text)) from None

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


def _to_add(missing: list[str]) -> list[str]:
    words = {"day": _("the day"), "month": _("the month"), "year": _("the year")}
    return [_("add %(missing)s", missing=_(" and ").join(words[part] for part in missing))] if missing else []


def _to_write(part: str) -> str:
    if part == "month":
        return str(_("write the month as a number or a word"))
    return str(_("write the year with four digits"))


def _as_typed(text: str) -> str:
    """Return what stands in a box, without invisible signs and without what people put between the parts of a date."""
    seen = "".join(sign for sign in one_line(text) if unicodedata.category(sign) != "Cf")
    return seen.strip(" \u00a0\u202f./-,")


def _read_day(text: str) -> int | None:
    return _read_number(_ORDINAL.sub("", unicodedata.normalize("NFKC", text)))


def _read_year(text: str) -> int | None:
    year = _read_number(text)
    return year if year is not None and 1000 <= year <= 9999 else None


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
