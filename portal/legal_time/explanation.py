"""How a deadline was found, in sentences that a person without legal knowledge can follow."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from portal.bilingual import LANGUAGES, Label, long_date
from portal.clock import written
from portal.legal_time.clock_state import Deadline, Pause
from portal.legal_time.deadlines import compute
from portal.legal_time.working_days import METROPOLE, Zone, holiday_name

_RECEIVED: Final = Label(fr="La demande est arrivée le {day}.", en="The request came on {day}.")
_ONE_PERIOD: Final = Label(
    fr="La loi laisse un mois pour répondre : jusqu'au {day}.",
    en="The law allows one month to answer: until {day}.",
)
_EXTENDED: Final = Label(
    fr="L'avis de prolongation est parti le {extended}."
    " Le délai compte alors {months} mois depuis l'arrivée : jusqu'au {day}.",
    en="Notice of an extension left on {extended}. The period is then {months} months from receipt: until {day}.",
)
_TWO_MORE: Final = Label(
    fr="Le délai est prolongé. Il compte alors {months} mois depuis l'arrivée : jusqu'au {day}.",
    en="The period is extended. It is then {months} months from receipt: until {day}.",
)
_CLAMPED: Final = Label(
    fr="Ce mois n'a pas de {number} : le délai finit à son dernier jour.",
    en="That month has no day {number}: the period ends on its last day.",
)
_PAUSED_DAYS: Final = Label(
    fr="Le délai a été en pause {days} jours, du {start} au {end}.",
    en="The clock was on hold for {days} days, from {start} to {end}.",
)
_PAUSED_ONE_DAY: Final = Label(
    fr="Le délai a été en pause un jour, du {start} au {end}.",
    en="The clock was on hold for one day, from {start} to {end}.",
)
_MOVED: Final = Label(fr="Il va donc jusqu'au {day}.", en="It therefore runs until {day}.")
_PAUSED_SINCE: Final = Label(
    fr="Le délai est en pause depuis le {day} : aucune date limite ne court. Sans pause, ce serait le {unpaused}.",
    en="The clock has been on hold since {day}: no deadline is running. Without the pause it would be {unpaused}.",
)
_HOLIDAY: Final = Label(
    fr="Le {day} est un jour férié ({name}).",
    en="{day} is a public holiday ({name}).",
)
_WEEKEND_DAY: Final = Label(fr="Le {day} tombe un week-end.", en="{day} is at a weekend.")
_WEEKEND: Final = Label(
    fr="Le {day} et le lendemain tombent un week-end.",
    en="{day} and the next day are a weekend.",
)
_CARRIED: Final = Label(
    fr="Le délai passe au jour ouvré suivant, le {day}.",
    en="The period carries over to the next working day, {day}.",
)
_DUE: Final = Label(
    fr="La réponse doit partir au plus tard le {day}, ce jour compris.",
    en="The answer must leave by {day}, that day included.",
)
_CONTESTABLE: Final = Label(
    fr="Une pause a été demandée tard après l'arrivée de la demande : elle peut être contestée.",
    en="A pause was asked for long after the request came: it may be contested.",
)
_MISSED: Final = Label(
    fr="Le délai était déjà passé, le {day}, quand une pause a été demandée : le retard demeure.",
    en="The period had already run out, on {day}, when a pause was asked for: the answer is still late.",
)


def explain(deadline: Deadline, language: object) -> str:
    """Return how a deadline was found, in plain sentences, in a language given as a code or a Babel locale."""
    return " ".join(_sentences(deadline, language))


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
        "due_on": written(deadline.due_on),
        "due_on_unpaused": deadline.due_on_unpaused.isoformat(),
        "extension_deadline": deadline.extension_deadline.isoformat(),
        "target_on": written(deadline.target_on),
        "paused": deadline.is_paused,
        "paused_since": written(deadline.paused_since),
        "paused_days": deadline.paused_days,
        "suspension_contestable": deadline.suspension_contestable,
        "missed_on": written(deadline.missed_on),
        "extended": deadline.is_extended,
        "zone": deadline.zone.value,
        "explanation": {language: explain(deadline, language) for language in LANGUAGES},
    }


def _sentences(deadline: Deadline, language: object) -> Iterator[str]:
    yield _RECEIVED.filled(language, day=long_date(deadline.received_on, language))
    yield from _period(deadline, language)
    yield from _finished_pauses(deadline, language)
    if deadline.paused_since is not None:
        yield _PAUSED_SINCE.filled(
            language,
            day=long_date(deadline.paused_since, language),
            unpaused=long_date(deadline.due_on_unpaused, language),
        )
    if deadline.due_on is not None:
        yield from _carry(deadline.nominal_on, deadline.due_on, deadline, language)
        yield _DUE.filled(language, day=long_date(deadline.due_on, language))
    if deadline.suspension_contestable:
        yield _CONTESTABLE.text(language)
    if deadline.missed_on is not None:
        yield _MISSED.filled(language, day=long_date(deadline.missed_on, language))


def _period(deadline: Deadline, language: object) -> Iterator[str]:
    end = deadline.months_end_on
    day = long_date(end, language)
    if not deadline.is_extended:
        yield _ONE_PERIOD.filled(language, day=day)
    elif deadline.extended_on is None:
        yield _TWO_MORE.filled(language, months=deadline.months, day=day)
    else:
        extended = long_date(deadline.extended_on, language)
        yield _EXTENDED.filled(language, extended=extended, months=deadline.months, day=day)
    if end.day != deadline.received_on.day:
        yield _CLAMPED.filled(language, number=deadline.received_on.day)


def _finished_pauses(deadline: Deadline, language: object) -> Iterator[str]:
    for pause in deadline.suspensions:
        if pause.received_on is None or not pause.days:
            continue
        if pause.carried:
            yield from _carry(*pause.carried, deadline, language)
        sentence = _PAUSED_ONE_DAY if pause.days == 1 else _PAUSED_DAYS
        start = long_date(pause.asked_on, language, weekday=False)
        end = long_date(pause.received_on, language, weekday=False)
        yield sentence.filled(language, days=pause.days, start=start, end=end)
    if deadline.paused_days and not deadline.is_paused:
        yield _MOVED.filled(language, day=long_date(deadline.nominal_on, language))


def _carry(start: date, end: date, deadline: Deadline, language: object) -> Iterator[str]:
    if start == end:
        return
    day = start
    while day < end:
        name = holiday_name(day, deadline.zone)
        if name is not None:
            yield _HOLIDAY.filled(language, day=long_date(day, language), name=name.text(language))
        elif day.weekday() == 5 and holiday_name(day + timedelta(days=1), deadline.zone) is None:
            yield _WEEKEND.filled(language, day=long_date(day, language))
            day += timedelta(days=1)
        else:
            yield _WEEKEND_DAY.filled(language, day=long_date(day, language))
        day += timedelta(days=1)
    yield _CARRIED.filled(language, day=long_date(end, language))
