"""The one source of time: instants in UTC, civil dates in Paris. Tests and demo data replace it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")


def _system_time() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system_time


def now() -> datetime:
    """Return the current instant, aware, in UTC."""
    return _source()


def today() -> date:
    """Return the current civil date in Paris: legal periods run by it, not by the UTC date."""
    return now().astimezone(PARIS).date()


def local_date(instant: datetime) -> date:
    """Return the civil date in Paris of an aware instant."""
    return instant.astimezone(PARIS).date()


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
