"""Until when something is kept: the three ways in which its time runs out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from portal import clock
from portal.bilingual import Label
from portal.durations import Period
from portal.infrastructure import installed


class Term(Protocol):
    """Says before which instant what the time counts from must lie, for the time to be over."""

    def over_before(self, now: datetime) -> datetime:
        """Return the instant; what lies before it is past its time."""

    def text(self, language: object) -> str:
        """Return the term in words."""

    @property
    def basis(self) -> str:
        """What it rests on, as a code: when this changes, the first run after it waits for an officer."""


@dataclass(frozen=True)
class Declared:
    """A period of the organisation file, by its name there. Civil days in Paris: the last day is kept to its end."""

    name: str

    @property
    def _period(self) -> Period:
        period: Period = getattr(installed.organisation().retention, self.name)
        return period

    def over_before(self, now: datetime) -> datetime:
        return clock.start_of(self._period.before(clock.local_date(now)))

    def text(self, language: object) -> str:
        return self._period.text(language)

    @property
    def basis(self) -> str:
        return f"{self.name}:{self._period}"


@dataclass(frozen=True)
class UntilWarned(Declared):
    """A period of the organisation file at the end of which people are told of the day that a row then holds."""

    def over_before(self, now: datetime) -> datetime:
        return now


@dataclass(frozen=True)
class Fixed:
    """A period that the portal fixes, since nothing depends on the company."""

    life: timedelta
    words: Label

    def over_before(self, now: datetime) -> datetime:
        return now - self.life

    def text(self, language: object) -> str:
        return self.words.text(language)

    @property
    def basis(self) -> str:
        return f"fixed:{self.life.total_seconds():.0f}"


@dataclass(frozen=True)
class OwnEnd:
    """The row itself says until when."""

    words: Label

    def over_before(self, now: datetime) -> datetime:
        return now

    def text(self, language: object) -> str:
        return self.words.text(language)

    @property
    def basis(self) -> str:
        return "own"
