"""What the officer reads of the runs: every class with its newest run, and what needs a look."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, select

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.personal_data.expiry.endings import Ending, endings
from portal.personal_data.expiry.models import PurgeRun, RunState
from portal.personal_data.expiry.runs import WAITING, newest_runs
from portal.personal_data.holds.models import LegalHold
from portal.personal_data.holds.placing import standing
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


def standing_holds() -> list[tuple[LegalHold, str]]:
    """Return the holds that stand, those to be reviewed first, each with the reference of its customer."""
    with_customer = standing().add_columns(Customer).join(Customer, Customer.id == LegalHold.customer_id)
    return [(hold, customer.reference) for hold, customer in db.session.execute(with_customer)]


def due_for_review() -> Select[Any]:
    """Return the select of the days on which holds are to be reviewed, of those within thirty days or past."""
    soon = clock.today() + timedelta(days=30)
    return select(LegalHold.review_on).where(LegalHold.ended_at.is_(None), LegalHold.review_on <= soon)


def kept_in_words(run: PurgeRun, language: str) -> Iterator[tuple[str, int]]:
    """Yield each reason for which something stayed, in words, with how much did."""
    for reason, count in sorted(run.kept.items()):
        yield KeepReason(reason).label(language), count
