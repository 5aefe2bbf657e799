"""Read and write the reports of runs."""

from typing import Any

from sqlalchemy import func, select

from portal.infrastructure.database import db
from portal.personal_data.expiry.models import PurgeRun, RunState

BEFORE = "every"
"""The class of the one row by which the upgrade that brought this table says that the portal had data before."""


WAITING = (RunState.REFUSED_SHARE, RunState.REFUSED_CHANGE)


def newest_run(class_code: str) -> PurgeRun | None:
    """Return the newest run of a class, or None."""
    statement = select(PurgeRun).where(PurgeRun.class_code == class_code).order_by(PurgeRun.id.desc()).limit(1)
    return db.session.execute(statement).scalar_one_or_none()


def newest_runs() -> dict[str, PurgeRun]:
    """Return the newest run of each class that ever ran, by its code."""
    newest = select(func.max(PurgeRun.id)).where(PurgeRun.class_code != BEFORE).group_by(PurgeRun.class_code)
    rows = db.session.execute(select(PurgeRun).where(PurgeRun.id.in_(newest))).scalars()
    return {run.class_code: run for run in rows}


def waiting_runs() -> dict[str, PurgeRun]:
    """Return the runs that wait for an officer's approval, by the code of their class."""
    return {code: run for code, run in newest_runs().items() if run.state in WAITING and run.approved_by is None}


def last_basis(class_code: str) -> str | None:
    """Return what a class rested on when it last ran: empty where data stood here before its first run, else None."""
    ran = select(PurgeRun.basis).where(PurgeRun.class_code == class_code, PurgeRun.state == RunState.RAN)
    basis: str | None = db.session.execute(ran.order_by(PurgeRun.id.desc()).limit(1)).scalar_one_or_none()
    if basis is None:
        stood = db.session.execute(select(PurgeRun.id).where(PurgeRun.class_code == BEFORE)).first()
        return "" if stood else None
    return basis


def note_run(facts: dict[str, Any]) -> PurgeRun:
    """Write a run in the current transaction, in the row of the one before where it only repeats it."""
    before = newest_run(facts["class_code"])
    if before is None or not _repeats(before, facts):
        before = PurgeRun(**facts)
        db.session.add(before)
    else:
        for name, value in facts.items():
            setattr(before, name, value)
    db.session.flush()
    return before


def _repeats(before: PurgeRun, facts: dict[str, Any]) -> bool:
    same = before.state == facts["state"] and before.basis == facts["basis"] and before.approved_by is None
    if before.state == RunState.RAN:
        return same and before.finished_at is not None and before.due == before.removed == facts["due"] == 0
    return same
