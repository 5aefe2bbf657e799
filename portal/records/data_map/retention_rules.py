"""How long a kind of record is kept: its rules in words, and the days that they give one record."""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, ConfigDict, Field

from portal.bilingual import Label
from portal.customers.capacity import Capacity
from portal.durations import DeclaredPeriod, Period


class Start(StrEnum):
    """What a period of retention counts from."""

    RECORDED_AT = "recorded_at"
    DELIVERY = "delivery"
    "The day in `delivered_on`, or that of the record where there is none."
    RELATIONSHIP_END = "relationship_end"
    FINANCIAL_YEAR_END = "financial_year_end"
    "The end of the financial year of the record."
    LAST_CONTACT = "last_contact"
    "The last exchange from the person; messages that we send do not start it again."
    CANCELLATION = "cancellation"
    "The end of the subscription or contract the record belongs to."
    WITHDRAWAL = "withdrawal"
    "The day the person changes the choice."


class Duty(StrEnum):
    """Why something is kept so long."""

    LAW = "law"
    "A law makes the company keep it: an erasure may be refused for it (GDPR art. 17(3)(b))."
    CHOICE = "choice"
    "The company's own choice within the law, such as a limitation period: no erasure is refused for it."


# The fields by which a record says that its contract or choice ended. What gives no end there may name the last day of
# the calendar: it is read as an empty field.
ENDS: Final = frozenset({"cancelled_on", "ends_on", "withdrawn_on"})
FIXED_AT_ONCE: Final = frozenset({Start.RECORDED_AT, Start.DELIVERY, Start.FINANCIAL_YEAR_END})
"""Starts that the record alone gives: the end of a relation or another exchange moves nothing."""


@dataclass(frozen=True, slots=True)
class RecordDates:
    """What is known of one record and its person. None means not known, or not yet."""

    recorded_on: date
    relationship_ended_on: date | None = None
    financial_year_end: tuple[int, int] = (12, 31)
    last_contact_on: date | None = None
    cancelled_on: date | None = None
    withdrawn_on: date | None = None
    delivered_on: date | None = None

    def start(self, start: Start) -> date | None:
        """Return the day a period counts from, or None while it has not come."""
        match start:
            case Start.RECORDED_AT:
                return self.recorded_on
            case Start.DELIVERY:
                return self.delivered_on or self.recorded_on
            case Start.FINANCIAL_YEAR_END:
                return self._financial_year_end()
            case Start.LAST_CONTACT:
                known = (self.recorded_on, self.last_contact_on, self.relationship_ended_on)
                return max(day for day in known if day is not None)
            case Start.RELATIONSHIP_END:
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


def _amount(value: Any) -> Decimal:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        raise ValueError('must be a number, such as "120"') from None


@dataclass(frozen=True)
class Rule:
    """A period of active use and, where the law asks for it, one of restricted archive after it.

    The archive counts from the end of active use, or from `archive_starts` where given. The record goes at its end,
    whether it has moved to the archive or not.

    Attributes:
        duty: why; None leaves it to whether the person may have it erased (`Kind.duty_of`).
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    period: DeclaredPeriod
    starts: Start
    legal_reference: Label
    archive_period: DeclaredPeriod | None = None
    archive_starts: Start | None = None
    duty: Duty | None = None

    @property
    def starting_points(self) -> frozenset[Start]:
        """Everything that its days count from."""
        return frozenset({self.starts, self.archive_starts or self.starts})

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


@dataclass(frozen=True, kw_only=True)
class ValueRule(Rule):
    """A rule for those records of a kind whose values, or whose customer, meet its conditions.

    Attributes:
        code: its name, which each record keeps that it gave the days of.
        field: a number of the record, with `at_least`; None where the capacity alone decides.
        at_least: from which value on. Amounts are compared as they are written, whatever their currency.
        capacity: what the customer must be; None for everybody.
        erasable: whether the person may have these records erased.
        keep_reason: why not, in words for them.
    """

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    erasable: bool
    field: str | None = None
    at_least: Annotated[Decimal | None, BeforeValidator(_amount)] = None
    capacity: Capacity | None = None
    keep_reason: Label | None = None

    def applies(self, values: Mapping[str, Any], capacity: Capacity) -> bool:
        """Tell whether a record of a customer in this capacity falls under it."""
        if self.capacity is not None and self.capacity is not capacity:
            return False
        return self.field is None or self._reaches(values.get(self.field))

    def _reaches(self, value: Any) -> bool:
        try:
            return self.at_least is not None and Decimal(str(value)) >= self.at_least
        except InvalidOperation:
            return False

    def condition(self, field: str, least: str, language: object) -> str:
        """Return for what it is, in words.

        Args:
            field: the name of its field, and `least` its value, in that language; empty where it has none.
        """
        of_value = _FROM_VALUE.filled(language, field=field, least=least) if field else ""
        of_person = _AS[self.capacity].text(language) if self.capacity else ""
        return ", ".join(part for part in (of_value, of_person) if part)


@dataclass(frozen=True, kw_only=True)
class Retention(Rule):
    """The rules of a kind: its own, and before it those that depend on a value, the first that applies."""

    when: tuple[ValueRule, ...] = ()

    def rule_for(self, values: Mapping[str, Any], capacity: Capacity) -> Rule:
        """Return the rule of a record of a customer in this capacity."""
        return next((rule for rule in self.when if rule.applies(values, capacity)), self)

    def rule_named(self, code: str) -> Rule:
        """Return the rule of a code; the kind's own for the empty one, and for one that is not declared any more."""
        return next((rule for rule in self.when if rule.code == code), self)

    def rules(self) -> Iterator[Rule]:
        """Yield every rule, the kind's own first."""
        yield self
        yield from self.when


def code_of(rule: Rule) -> str:
    """Return the code that a record keeps of its rule: empty for its kind's own."""
    return rule.code if isinstance(rule, ValueRule) else ""


def _use(period: Period, start: Start, language: object) -> str:
    if not period:
        return _UNTIL[start].text(language)
    return f"{period.text(language)} {_AFTER[start].text(language)}"


_ARCHIVE: Final = Label(fr="puis {period} en archive", en="then {period} in the archive")
_ARCHIVE_UNTIL: Final = Label(
    fr="puis en archive, au plus tard jusqu'à {period} {after}",
    en="then in the archive, at the latest until {period} {after}",
)
_FROM_VALUE: Final = Label(fr="{field} de {least} ou plus", en="{field} of {least} or more")
_AS: Final = {
    Capacity.CONSUMER: Label(fr="si vous êtes un consommateur", en="if you are a consumer"),
    Capacity.BUSINESS: Label(fr="si vous êtes un professionnel", en="if you are a business"),
}
_UNTIL: Final = {
    Start.RECORDED_AT: Label(fr="Le temps de l'opération", en="For the time of the operation"),
    Start.DELIVERY: Label(fr="Jusqu'à la livraison", en="Until the delivery"),
    Start.RELATIONSHIP_END: Label(fr="Pendant votre relation avec nous", en="While you are our customer"),
    Start.FINANCIAL_YEAR_END: Label(fr="Jusqu'à la fin de l'exercice comptable", en="Until the financial year ends"),
    Start.LAST_CONTACT: Label(fr="Jusqu'à votre dernier échange avec nous", en="Until you last write or call"),
    Start.CANCELLATION: Label(fr="Jusqu'à la fin du contrat concerné", en="Until the contract concerned ends"),
    Start.WITHDRAWAL: Label(fr="Jusqu'à ce que vous changiez d'avis", en="Until you change your mind"),
}
_AFTER: Final = {
    Start.RECORDED_AT: Label(fr="après leur enregistrement", en="after they were recorded"),
    Start.DELIVERY: Label(fr="après la livraison", en="after the delivery"),
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
