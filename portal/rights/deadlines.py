"""The legal clock of a rights request, and nothing but the clock: dates in, dates and their reasons out.

GDPR art. 12(3) and (4), counted as Regulation (EEC, Euratom) No 1182/71 art. 3 and EDPB guidelines 01/2022
(paragraphs 157 to 164) say: the day of receipt is not counted, the period ends with the same day of a later
month, and a last day that is not a working day carries over to the next one that is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from dateutil.relativedelta import relativedelta

from portal.bilingual import LANGUAGES
from portal.clock import PARIS
from portal.rights.deadline_sentences import sentences
from portal.rights.working_days import LAST_KNOWN_YEAR, METROPOLE, Zone, roll


@dataclass(frozen=True, slots=True)
class LegalParameters:
    """Numbers that the law gives and may move. A change is a new version with the day it applies from."""

    version: str
    applies_from: date
    answer_months: int
    extension_months: int
    breach_hours: int
    prompt_pause_working_days: int


# The months and hours are GDPR art. 12(3) and 33(1). The three working days are our own reading of
# "without undue delay" (EDPB 01/2022, paragraph 159): no text puts a figure on it.
LEGAL_PARAMETERS: Final = LegalParameters(
    version="2018-05-25",
    applies_from=date(2018, 5, 25),
    answer_months=1,
    extension_months=2,
    breach_hours=72,
    prompt_pause_working_days=3,
)


class PauseReason(StrEnum):
    """The only two waits that suspend the clock (EDPB 01/2022, paragraph 159)."""

    IDENTITY_DOUBT = "identity_doubt"
    "We have reasonable doubts about who is asking, and asked for proof (art. 12(6))."
    SCOPE_CLARIFICATION = "scope_clarification"
    "We hold a lot about this person, and asked what the request is about (recital 63)."


@dataclass(frozen=True, slots=True)
class Pause:
    """A wait for the person, from the day we asked to the day we had enough; open without `received_on`.

    Raises `ValueError` when the answer comes before the question.
    """

    asked_on: date
    received_on: date | None
    reason: PauseReason = PauseReason.IDENTITY_DOUBT

    def __post_init__(self) -> None:
        if self.received_on is not None and self.received_on < self.asked_on:
            raise ValueError(f"the pause ends on {self.received_on}, before it starts on {self.asked_on}")


class ExtensionTooLate(ValueError):
    """The person was not told of the extension within the first period: the right to extend is gone."""

    def __init__(self, extended_on: date, extension_deadline: date) -> None:
        super().__init__(
            f"the extension of {extended_on} is too late: the person had to be told by {extension_deadline} "
            "(GDPR art. 12(3))"
        )
        self.extended_on = extended_on
        self.extension_deadline = extension_deadline


@dataclass(frozen=True, slots=True)
class Suspension:
    """Pauses that overlap or touch, as one stretch of time. `days` is 0 while it is open."""

    asked_on: date
    received_on: date | None

    @property
    def days(self) -> int:
        return 0 if self.received_on is None else (self.received_on - self.asked_on).days


@dataclass(frozen=True, slots=True)
class Deadline:
    """Where the clock of one request stands.

    `due_on` is the last day to answer, that day included, and None while a pause is open.
    `due_on_unpaused` is the same without any pause. `nominal_on` is the day before the carry over weekends
    and holidays. `extension_deadline` is the last day to tell the person of an extension or of a refusal;
    under an open pause it counts finished pauses only, which is the prudent day. `target_on` is the earlier
    of two readings of an extension that crosses the end of a short month. `missed_on` is set when a pause
    was asked for after the period had already run out: such a pause excuses nothing.
    """

    received_on: date
    zone: Zone
    is_extended: bool
    extended_on: date | None
    suspensions: tuple[Suspension, ...]
    nominal_on: date
    due_on: date | None
    due_on_unpaused: date
    extension_deadline: date
    target_on: date | None
    suspension_contestable: bool
    missed_on: date | None

    @property
    def is_paused(self) -> bool:
        return self.paused_since is not None

    @property
    def paused_since(self) -> date | None:
        last = self.suspensions[-1] if self.suspensions else None
        return last.asked_on if last and last.received_on is None else None

    @property
    def months(self) -> int:
        """Months that the period counts from receipt."""
        return _months(self.is_extended)

    @property
    def paused_days(self) -> int:
        """Whole days of finished pauses."""
        return sum(suspension.days for suspension in self.suspensions)

    def explanation(self, language: object) -> str:
        """Return how the date was found, in plain sentences, in the language given."""
        return " ".join(sentences(self, language))


def compute(
    received: date | datetime,
    *,
    pauses: Sequence[Pause] = (),
    extended_on: date | None = None,
    zone: Zone = METROPOLE,
    extended: bool = False,
) -> Deadline:
    """Return the deadline of a request.

    `received` is the civil day of receipt in Paris, or an aware instant; `extended_on` the day the notice
    of extension left; `extended` without that day takes it that the notice left in time. Raises
    `ExtensionTooLate`, and `ValueError` for an instant without zone, a pause or an extension before receipt,
    or a year without known holidays.
    """
    received_on = _civil_day(received)
    _check_years(received_on, pauses)
    suspensions = _merge(received_on, pauses)
    if extended_on is not None:
        _check_extension(received_on, suspensions, extended_on, zone)
    paused = timedelta(days=sum(suspension.days for suspension in suspensions))
    is_extended = extended or extended_on is not None
    months = _months(is_extended)
    nominal_on = _months_after(received_on, months) + paused
    is_open = bool(suspensions) and suspensions[-1].received_on is None
    due_on = roll(nominal_on, zone)
    return Deadline(
        received_on=received_on,
        zone=zone,
        is_extended=is_extended,
        extended_on=extended_on,
        suspensions=suspensions,
        nominal_on=nominal_on,
        due_on=None if is_open else due_on,
        due_on_unpaused=roll(_months_after(received_on, months), zone),
        extension_deadline=roll(_months_after(received_on, _months(False)) + paused, zone),
        target_on=None if is_open else min(due_on, roll(_shorter_reading(received_on, is_extended) + paused, zone)),
        suspension_contestable=any(_was_asked_late(received_on, pause, zone) for pause in pauses),
        missed_on=_missed_on(received_on, suspensions, (extended_on or received_on) if is_extended else None, zone),
    )


def is_late(deadline: Deadline, today: date) -> bool:
    """Whether the last day is over on `today`, a civil day in Paris. A pause opened in time is never late."""
    if deadline.missed_on is not None:
        return True
    return deadline.due_on is not None and deadline.due_on < today


def may_pause(deadline: Deadline, today: date) -> bool:
    """Whether a pause asked for on `today` would still suspend the clock: a period that ran out cannot be."""
    return not is_late(deadline, today)


def breach_deadline(aware_of_breach_at: datetime) -> datetime:
    """Return the last instant, in Paris, to tell the authority of a breach: 72 hours on (GDPR art. 33(1)).

    Periods in hours run through weekends, holidays and changes of clock. Raises `ValueError` without a zone.
    """
    _require_zone(aware_of_breach_at)
    hours = timedelta(hours=LEGAL_PARAMETERS.breach_hours)
    # Arithmetic on a local time would add wall-clock hours: through UTC it adds real ones.
    return (aware_of_breach_at.astimezone(UTC) + hours).astimezone(PARIS)


def explain_json(
    received: date | datetime,
    *,
    pauses: Sequence[Pause] = (),
    extended_on: date | None = None,
    zone: Zone = METROPOLE,
    extended: bool = False,
) -> dict[str, Any]:
    """Return the deadline as plain values for `flask due --json`; same arguments and errors as `compute`."""
    return as_json(compute(received, pauses=pauses, extended_on=extended_on, zone=zone, extended=extended))


def as_json(deadline: Deadline) -> dict[str, Any]:
    """Return a deadline as values that JSON can hold, dates as ISO 8601."""
    return {
        "received_on": deadline.received_on.isoformat(),
        "nominal_on": deadline.nominal_on.isoformat(),
        "due_on": _iso(deadline.due_on),
        "due_on_unpaused": deadline.due_on_unpaused.isoformat(),
        "extension_deadline": deadline.extension_deadline.isoformat(),
        "target_on": _iso(deadline.target_on),
        "paused": deadline.is_paused,
        "paused_since": _iso(deadline.paused_since),
        "paused_days": deadline.paused_days,
        "suspension_contestable": deadline.suspension_contestable,
        "missed_on": _iso(deadline.missed_on),
        "extended": deadline.is_extended,
        "zone": deadline.zone.value,
        "explanation": {language: deadline.explanation(language) for language in LANGUAGES},
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _civil_day(received: date | datetime) -> date:
    if not isinstance(received, datetime):
        return received
    _require_zone(received)
    return received.astimezone(PARIS).date()


def _require_zone(instant: datetime) -> None:
    if instant.utcoffset() is None:
        raise ValueError("an instant needs its zone, such as 2026-03-31T22:30Z or 2026-04-01T00:30+02:00")


def _check_years(received_on: date, pauses: Sequence[Pause]) -> None:
    days = [received_on, *(day for pause in pauses for day in (pause.asked_on, pause.received_on) if day)]
    if max(days).year >= LAST_KNOWN_YEAR:
        raise ValueError(f"{max(days)} is too far away: public holidays are known until {LAST_KNOWN_YEAR}")


def _months(is_extended: bool) -> int:
    return LEGAL_PARAMETERS.answer_months + (LEGAL_PARAMETERS.extension_months if is_extended else 0)


def _months_after(day: date, months: int) -> date:
    # Always from the day of receipt: a clamped date has forgotten its day and cannot be added to.
    return day + relativedelta(months=months)


def _shorter_reading(received_on: date, is_extended: bool) -> date:
    first = _months_after(received_on, _months(False))
    return _months_after(first, LEGAL_PARAMETERS.extension_months) if is_extended else first


def _merge(received_on: date, pauses: Sequence[Pause]) -> tuple[Suspension, ...]:
    merged: list[Suspension] = []
    for pause in sorted(pauses, key=lambda pause: pause.asked_on):
        if pause.asked_on < received_on:
            raise ValueError(f"the pause starts on {pause.asked_on}, before the request came on {received_on}")
        last = merged[-1] if merged else None
        if last is None or (last.received_on is not None and last.received_on < pause.asked_on):
            merged.append(Suspension(pause.asked_on, pause.received_on))
        else:
            merged[-1] = Suspension(last.asked_on, _later(last.received_on, pause.received_on))
    return tuple(merged)


def _later(one: date | None, other: date | None) -> date | None:
    return None if one is None or other is None else max(one, other)


def _limit_on(
    day: date, received_on: date, suspensions: Sequence[Suspension], extended_on: date | None, zone: Zone
) -> date | None:
    """Return the last day as it stood on `day`, from what had begun; None while a pause stopped the clock."""
    begun = [suspension for suspension in suspensions if suspension.asked_on < day]
    if begun and begun[-1].received_on is None:
        return None
    paused = timedelta(days=sum(suspension.days for suspension in begun))
    is_extended = extended_on is not None and extended_on <= day
    return roll(_months_after(received_on, _months(is_extended)) + paused, zone)


def _check_extension(received_on: date, suspensions: Sequence[Suspension], extended_on: date, zone: Zone) -> None:
    if extended_on < received_on:
        raise ValueError(f"the extension of {extended_on} comes before the request of {received_on}")
    limit = _limit_on(extended_on, received_on, suspensions, None, zone)
    missed = _missed_on(received_on, [s for s in suspensions if s.asked_on < extended_on], None, zone)
    if missed is not None:
        raise ExtensionTooLate(extended_on, missed)
    if limit is not None and extended_on > limit:
        raise ExtensionTooLate(extended_on, limit)


def _missed_on(
    received_on: date, suspensions: Sequence[Suspension], extended_on: date | None, zone: Zone
) -> date | None:
    for suspension in suspensions:
        limit = _limit_on(suspension.asked_on, received_on, suspensions, extended_on, zone)
        if limit is not None and suspension.asked_on > limit:
            return limit
    return None


def _was_asked_late(received_on: date, pause: Pause, zone: Zone) -> bool:
    latest = received_on
    for _ in range(LEGAL_PARAMETERS.prompt_pause_working_days):
        latest = roll(latest + timedelta(days=1), zone)
    return pause.asked_on > latest
