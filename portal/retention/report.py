"""What the officer reads of the runs: every class with its newest run, and what needs a look."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from portal import clock
from portal.infrastructure.database import db
from portal.personal_data.expiry.endings import Ending, endings
from portal.personal_data.expiry.models import PurgeRun, RunState
from portal.personal_data.expiry.runs import WAITING, newest_runs
from portal.personal_data.keeping.models import KeepReason

LATE = timedelta(hours=26)
"""Without a good run for so long, a class that runs every day has missed one."""
SHOWN = 30


@dataclass(frozen=True)
class ClassReport:
    """One class with its newest run, None before its first."""

    ending: Ending
    run: PurgeRun | None

    @property
    def waits(self) -> bool:
        """Whether an officer has to let it go."""
        return self.run is not None and self.run.state in WAITING and self.run.approved_by is None

    @property
    def is_late(self) -> bool:
        """Whether it has not ended well for too long: the worker stands still, or the class fails."""
        if self.run is None or self.run.state is not RunState.RAN:
            return False
        return (self.run.finished_at or self.run.clock_at) < clock.now() - LATE

    @property
    def needs_a_look(self) -> bool:
        """Whether it is late, or holds something that has been past its time for more than thirty days."""
        return self.is_late or bool(self.run and self.run.overdue)


def reports() -> list[ClassReport]:
    """Return every class with its newest run: what waits first, then what needs a look, then by name."""
    runs = newest_runs()
    found = [ClassReport(ending, runs.get(ending.code)) for ending in endings()]
    return sorted(found, key=lambda report: (not report.waits, not report.needs_a_look))


def runs_of(ending: Ending) -> list[PurgeRun]:
    """Return the last runs of a class, the newest first."""
    statement = select(PurgeRun).where(PurgeRun.class_code == ending.code).order_by(PurgeRun.id.desc()).limit(SHOWN)
    return list(db.session.execute(statement).scalars())


def kept_in_words(run: PurgeRun, language: str) -> Iterator[tuple[str, int]]:
    """Yield each reason for which something stayed, in words, with how much did."""
    for reason, count in sorted(run.kept.items()):
        yield KeepReason(reason).label(language), count
