"""What goes into the legal clock of a request, and what comes out: pauses, and the deadline with its reasons."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from portal.legal_time.parameters import LEGAL_PARAMETERS
from portal.legal_time.working_days import Zone


class PauseReason(StrEnum):
    """The only two waits that suspend the clock (EDPB 01/2022, paragraph 159)."""

    IDENTITY_DOUBT = "identity_doubt"
    "We have reasonable doubts about who is asking, and asked for proof (art. 12(6))."
    SCOPE_CLARIFICATION = "scope_clarification"
    "We hold a lot about this person, and asked what the request is about (recital 63)."


@dataclass(frozen=True, slots=True)
class Pause:
    """A wait for the person.

    Attributes:
        asked_on: the day on which we asked.
        received_on: the day on which we had what we need; None while the pause is open.

    Raises:
        ValueError: the answer comes before the question.
    """

    asked_on: date
    received_on: date | None
    reason: PauseReason = PauseReason.IDENTITY_DOUBT

    def __post_init__(self) -> None:
        if self.received_on is not None and self.received_on < self.asked_on:
            raise ValueError(f"the pause ends on {self.received_on}, before it starts on {self.asked_on}")


@dataclass(frozen=True, slots=True)
class Suspension:
    """Pauses that overlap or touch, as one period. `days` is 0 while it is open.

    `carried` is there for a pause that began on a last day reached by carry-over: the day on which the period would
    have ended, and the working day to which it was moved (Regulation 1182/71 art. 3(4)).
    """

    asked_on: date
    received_on: date | None
    carried: tuple[date, date] | None = None

    @property
    def days(self) -> int:
        return 0 if self.received_on is None else (self.received_on - self.asked_on).days


@dataclass(frozen=True, slots=True)
class Deadline:
    """The deadline of one request, with its reasons.

    Attributes:
        months_end_on: the last day by months alone, without pauses.
        nominal_on: the last day with its pauses, before it is moved past weekends and holidays.
        due_on: the last day to answer, that day included; None while a pause is open.
        due_on_unpaused: what `due_on` would be without any pause.
        extension_deadline: the last day to tell the person of an extension or of a refusal. While a pause is open it
            counts finished pauses only, which gives the earlier, prudent day.
        target_on: the day to aim for. An extension across the end of a short month can be read in two ways, and this
            is the earlier one; None while a pause is open.
        suspension_contestable: whether a pause was asked for so late that somebody may contest it.
        missed_on: the last day that had passed already when a pause was asked for. Such a pause excuses nothing.
    """

    received_on: date
    zone: Zone
    is_extended: bool
    extended_on: date | None
    suspensions: tuple[Suspension, ...]
    months_end_on: date
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
        return months_of(self.is_extended)

    @property
    def paused_days(self) -> int:
        """Whole days of finished pauses."""
        return sum(suspension.days for suspension in self.suspensions)


def months_of(is_extended: bool) -> int:
    """Return how many months a period counts from receipt (GDPR art. 12(3))."""
    return LEGAL_PARAMETERS.answer_months + (LEGAL_PARAMETERS.extension_months if is_extended else 0)
