"""A job whose row is gone ends quietly: an erasure, a purge or a restore may have come before it."""

import inspect
from typing import Any

from flask import Flask
from sqlalchemy import select

from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.infrastructure.jobs.queue import enqueue, handlers
from portal.infrastructure.jobs.worker import run_job

NOBODYS: dict[str, int | str] = {"int": 987_654_321, "str": "of-nothing"}


def arguments_of(name: str) -> dict[str, Any]:
    """Return arguments that name nothing, for each that a job takes besides its run."""
    _run, *taken = inspect.signature(handlers[name]).parameters.values()
    return {each.name: NOBODYS[getattr(each.annotation, "__name__", each.annotation)] for each in taken}


def test_a_job_about_nothing_ends_at_once(app: Flask) -> None:
    names = sorted(name for name in handlers if "portal." in handlers[name].__module__ and arguments_of(name))
    assert {"mail.send", "erasure.step", "exports.remove_bytes", "identity.remove_bytes"} <= set(names)
    left = {}
    for name in names:
        with transaction():
            enqueue(name, **arguments_of(name))
        job_id = db.session.execute(
            select(Job.id).where(Job.name == name).order_by(Job.id.desc()).limit(1)
        ).scalar_one()
        db.session.rollback()
        run_job(job_id)
        db.session.rollback()
        job = db.session.get_one(Job, job_id, populate_existing=True)
        if job.status is not JobStatus.DONE:
            left[name] = f"{job.status} {job.last_error}"
    assert left == {}
