"""The legal clock of a rights request, as pure functions: dates in, dates and their reasons out.

GDPR art. 12(3) and (4), counted as Regulation (EEC, Euratom) No 1182/71 art. 3 and EDPB guidelines 01/2022 (paragraphs
157 to 164) say. The day of receipt is not counted. The period ends with the same day of a later month. A last day that
is no working day is moved to the next working day; a pause that begins on that day counts from there.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from dateutil.relativedelta import relativedelta

from portal.clock import local_date, require_zone
from portal.legal_time.clock_state import Deadline, Pause, Suspension, months_of
from portal.legal_time.parameters import LEGAL_PARAMETERS
from portal.legal_time.working_days import LAST_KNOWN_YEAR, METROPOLE, Zone, roll


class ExtensionTooLate(ValueError):
    """The person was not told of the extension within the first period: the right to extend is gone."""

    def __init__(self, extended_on: date, extension_deadline: date) -> None:
        super().__init__(
            f"the extension of {extended_on} is too late: the person had to be told by {extension_deadline} "
            "(GDPR art. 12(3))"
        )
        self.extended_on = extended_on
        self.extension_deadline = extension_deadline


def compute(
    received: date | datetime,
    *,
    pauses: Sequence[Pause] = (),
    extended_on: date | None = None,
    zone: Zone = METROPOLE,
    extended: bool = False,
) -> Deadline:
    """Return the deadline of a request.

    Args:
        received: the civil day of receipt in Paris, or an aware instant.
        extended_on: the day on which the notice of extension left.
        zone: whose public holidays count.
        extended: whether the period is extended, where the day of the notice is not known. The notice is then taken to
            have left in time.

    Raises:
        ExtensionTooLate: the notice left after the first period had run out.
        ValueError: an instant has no zone, a pause or an extension comes before receipt, or a year is too far away.
    """
    received_on = _civil_day(received)
    _check_years(received_on, pauses)
    suspensions = _merge(received_on, pauses)
    if extended_on is not None:
        _check_extension(received_on, suspensions, extended_on, zone)
    is_extended = extended or extended_on is not None
    months_end_on = _months_after(received_on, months_of(is_extended))
    nominal_on, counted = _paused_end(months_end_on, suspensions, zone)
    first_end_on, _ = _paused_end(_months_after(received_on, months_of(False)), suspensions, zone)
    shorter_on, _ = _paused_end(_shorter_reading(received_on, is_extended), suspensions, zone)
    is_open = bool(suspensions) and suspensions[-1].received_on is None
    due_on = roll(nominal_on, zone)
    # A pause may begin after the shorter reading has ended, and the day to aim for is never one inside it.
    answered_on = (suspensions[-1].received_on if suspensions else None) or received_on
    return Deadline(
        received_on=received_on,
        zone=zone,
        is_extended=is_extended,
        extended_on=extended_on,
        suspensions=counted,
        months_end_on=months_end_on,
        nominal_on=nominal_on,
        due_on=None if is_open else due_on,
        due_on_unpaused=roll(months_end_on, zone),
        extension_deadline=roll(first_end_on, zone),
        target_on=None if is_open else min(due_on, roll(max(shorter_on, answered_on), zone)),
        suspension_contestable=any(_was_asked_late(received_on, pause, zone) for pause in pauses),
        missed_on=_missed_on(received_on, suspensions, (extended_on or received_on) if is_extended else None, zone),
    )


def is_late(deadline: Deadline, today: date) -> bool:
    """Tell whether the last day is over on `today`, a day in Paris. It never is under a pause asked for in time."""
    if deadline.missed_on is not None:
        return True
    return deadline.due_on is not None and deadline.due_on < today


def may_pause(deadline: Deadline, today: date) -> bool:
    """Tell whether a pause asked for on `today` would suspend the clock. A period that has run out cannot be paused."""
    return not is_late(deadline, today)


def _civil_day(received: date | datetime) -> date:
    if not isinstance(received, datetime):
        return received
    require_zone(received)
    return local_date(received)


def _check_years(received_on: date, pauses: Sequence[Pause]) -> None:
    days = [received_on, *(day for pause in pauses for day in (pause.asked_on, pause.received_on) if day)]
    if max(days).year >= LAST_KNOWN_YEAR:
        raise ValueError(f"{max(days)} is too far away: public holidays are known until {LAST_KNOWN_YEAR}")


def _months_after(day: date, months: int) -> date:
    # Always counted from the day of receipt. Counting on from the end of a short month would lose the day: 31 January
    # plus one month is 28 February, and plus another one would be 28 March.
    return day + relativedelta(months=months)


def _shorter_reading(received_on: date, is_extended: bool) -> date:
    first = _months_after(received_on, months_of(False))
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


def _paused_end(end: date, suspensions: Sequence[Suspension], zone: Zone) -> tuple[date, tuple[Suspension, ...]]:
    """Return the end of a period with its pauses, not yet moved to a working day, and the pauses as they counted.

    A pause that began after the end by counting, on or before the working day to which that end was moved, began
    within the period: its days are added to that working day, or the period would end inside the pause.
    """
    counted = []
    for suspension in suspensions:
        moved = roll(end, zone)
        if suspension.days and end < suspension.asked_on <= moved:
            suspension, end = replace(suspension, carried=(end, moved)), moved
        counted.append(suspension)
        end += timedelta(days=suspension.days)
    return end, tuple(counted)


def _later(one: date | None, other: date | None) -> date | None:
    return None if one is None or other is None else max(one, other)


def _limit_on(
    day: date, received_on: date, suspensions: Sequence[Suspension], extended_on: date | None, zone: Zone
) -> date | None:
    """Return the last day as it was on `day`, with the pauses that had begun; None if a pause was open then."""
    begun = [suspension for suspension in suspensions if suspension.asked_on < day]
    if begun and begun[-1].received_on is None:
        return None
    is_extended = extended_on is not None and extended_on <= day
    end, _ = _paused_end(_months_after(received_on, months_of(is_extended)), begun, zone)
    return roll(end, zone)


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
