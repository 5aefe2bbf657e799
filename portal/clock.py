"""The one source of time: instants in UTC, civil dates in Paris. Tests and the demonstration can stop it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")

# The years that a date of a person or of a record may have. Systems fill what they do not know with the first or the
# last day of the calendar, and no period can be counted from those.
FIRST_YEAR, LAST_YEAR = 1900, 2199
# The same day where a system has to give an end and there is none.
NO_END = date.max.isoformat()


def _system_time() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system_time


def now() -> datetime:
    """Return the current instant, aware, in UTC."""
    return _source()


def today() -> date:
    """Return the current civil date in Paris: legal periods run by it, not by the UTC date."""
    return now().astimezone(PARIS).date()


def in_paris(instant: datetime) -> datetime:
    """Return an aware instant in Paris time; its own time stays where the calendar ends before that: never an error."""
    try:
        return instant.astimezone(PARIS)
    except OverflowError:
        return instant


def local_date(instant: datetime) -> date:
    """Return the civil date in Paris of an aware instant."""
    return in_paris(instant).date()


def start_of(day: date) -> datetime:
    """Return the instant at which a civil day begins in Paris."""
    return datetime.combine(day, time.min, PARIS)


def written(moment: date | None) -> str | None:
    """Return a day or an instant as ISO 8601, as files and JSON hold it; None where there is none."""
    return moment.isoformat() if moment else None


def require_zone(instant: datetime) -> None:
    """Raise `ValueError` for an instant without a zone: its civil day would be open to doubt."""
    if instant.utcoffset() is None:
        raise ValueError("an instant needs its zone, such as 2026-03-31T22:30Z or 2026-04-01T00:30+02:00")


@contextmanager
def stopped_at(instant: datetime) -> Iterator[None]:
    """Hold the clock at an aware instant, for tests and for demo data made in the past."""
    global _source
    before = _source
    _source = lambda: instant  # noqa: E731
    try:
        yield
    finally:
        _source = before
