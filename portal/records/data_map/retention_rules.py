"""How long a kind of record is kept: the rule in words, and the date it gives one record."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from portal.bilingual import Label
from portal.durations import DeclaredPeriod, Period


class Start(StrEnum):
    """What a period of retention counts from."""

    RECORDED_AT = "recorded_at"
    RELATIONSHIP_END = "relationship_end"
    FINANCIAL_YEAR_END = "financial_year_end"
    "The end of the financial year of the record."
    LAST_CONTACT = "last_contact"
    "The last exchange from the person; messages that we send do not start it again."
    CANCELLATION = "cancellation"
    "The end of the subscription or contract the record belongs to."
    WITHDRAWAL = "withdrawal"
    "The day the person changes the choice."


# The fields by which a record says that its contract or choice ended. What gives no end there may name the last day of
# the calendar: it is read as an empty field.
ENDS: Final = frozenset({"cancelled_on", "ends_on", "withdrawn_on"})


@dataclass(frozen=True, slots=True)
class RecordDates:
    """What is known of one record and its person. None means not known, or not yet."""

    recorded_on: date
    relationship_ended_on: date | None = None
    financial_year_end: tuple[int, int] = (12, 31)
    last_contact_on: date | None = None
    cancelled_on: date | None = None
    withdrawn_on: date | None = None

    def start(self, start: Start) -> date | None:
        """Return the day a period counts from, or None while it has not come."""
        if start is Start.RECORDED_AT:
            return self.recorded_on
        if start is Start.FINANCIAL_YEAR_END:
            return self._financial_year_end()
        if start is Start.LAST_CONTACT:
            known = (self.recorded_on, self.last_contact_on, self.relationship_ended_on)
            return max(day for day in known if day is not None)
        if start is Start.RELATIONSHIP_END:
            return self.relationship_ended_on
        # A contract and a choice end with the relationship at the latest.
        ended_on = self.cancelled_on if start is Start.CANCELLATION else self.withdrawn_on
        return ended_on or self.relationship_ended_on

    def _financial_year_end(self) -> date:
        end = _last_day(self.recorded_on.year, *self.financial_year_end)
        if end >= self.recorded_on:
            return end
        return _last_day(end.year + 1, *self.financial_year_end) if end.year < date.max.year else date.max


def _last_day(year: int, month: int, day: int) -> date:
    # A year that ends on 29 February ends on the 28th three times out of four.
    return date(year, month, min(day, monthrange(year, month)[1]))


@dataclass(frozen=True, slots=True)
class Retention:
    """A period of active use and, where the law asks for it, one of restricted archive after it.

    The archive counts from the end of active use, or from `archive_starts` where given. The record goes at its end.
    """

    period: DeclaredPeriod
    starts: Start
    legal_reference: Label
    archive_period: DeclaredPeriod | None = None
    archive_starts: Start | None = None

    def active_until(self, dates: RecordDates) -> date | None:
        """Return the last day of active use, or None while its start has not come."""
        start = dates.start(self.starts)
        return self.period.after(start) if start else None

    def expires_on(self, dates: RecordDates) -> date | None:
        """Return the last day the record is kept at all; it is purged after that day."""
        if self.archive_period is None:
            return self.active_until(dates)
        start = dates.start(self.archive_starts) if self.archive_starts else self.active_until(dates)
        return self.archive_period.after(start) if start else None

    def text(self, language: object) -> str:
        """Return the rule as a sentence: « Pendant votre relation avec nous, puis 5 ans en archive. »"""
        parts = [_use(self.period, self.starts, language)]
        if self.archive_period is not None:
            parts.append(self._archive(self.archive_period, language))
        return ", ".join(parts) + "."

    def _archive(self, period: Period, language: object) -> str:
        if self.archive_starts is None:
            return _ARCHIVE.filled(language, period=period.text(language))
        after = _AFTER[self.archive_starts].text(language)
        return _ARCHIVE_UNTIL.filled(language, period=period.text(language), after=after)


def _use(period: Period, start: Start, language: object) -> str:
    if not period:
        return _UNTIL[start].text(language)
    return f"{period.text(language)} {_AFTER[start].text(language)}"


_ARCHIVE: Final = Label(fr="puis {period} en archive", en="then {period} in the archive")
_ARCHIVE_UNTIL: Final = Label(
    fr="puis en archive jusqu'à {period} {after}", en="then in the archive until {period} {after}"
)
_UNTIL: Final = {
    Start.RECORDED_AT: Label(fr="Le temps de l'opération", en="For the time of the operation"),
    Start.RELATIONSHIP_END: Label(fr="Pendant votre relation avec nous", en="While you are our customer"),
    Start.FINANCIAL_YEAR_END: Label(fr="Jusqu'à la fin de l'exercice comptable", en="Until the financial year ends"),
    Start.LAST_CONTACT: Label(fr="Jusqu'à votre dernier échange avec nous", en="Until you last write or call"),
    Start.CANCELLATION: Label(fr="Jusqu'à la fin du contrat concerné", en="Until the contract concerned ends"),
    Start.WITHDRAWAL: Label(fr="Jusqu'à ce que vous changiez d'avis", en="Until you change your mind"),
}
_AFTER: Final = {
    Start.RECORDED_AT: Label(fr="après leur enregistrement", en="after they were recorded"),
    Start.RELATIONSHIP_END: Label(
        fr="après la fin de votre relation avec nous", en="after you stop being our customer"
    ),
    Start.FINANCIAL_YEAR_END: Label(
        fr="après la fin de l'exercice comptable", en="after the end of the financial year"
    ),
    Start.LAST_CONTACT: Label(fr="après votre dernier échange avec nous", en="after you last write or call"),
    Start.CANCELLATION: Label(fr="après la fin du contrat concerné", en="after the contract concerned ends"),
    Start.WITHDRAWAL: Label(fr="après votre changement d'avis", en="after you change your mind"),
}
