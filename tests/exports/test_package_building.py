"""Making a copy: once, whatever is killed; nothing left behind; in bounded memory."""

import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import clock
from portal.config import Settings
from portal.exports.delivery import clear_chunks
from portal.exports.models import AnswerPackage, PackageStatus
from portal.exports.requesting import request_package
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.infrastructure.jobs.queue import MOST_ATTEMPTS, enqueue
from portal.infrastructure.jobs.worker import run_due_jobs, run_job
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import run_asked_jobs
from tests.support.acting.people import People
from tests.support.looking.audit_trail import events
from tests.support.packages import build, only_customer

ROOT = Path(__file__).parents[2]

# Runs the waiting job in a process that is killed after the bytes are stored and before anything is committed.
KILLED_AFTER_PUT = """
import os, signal, sys
from portal.app import create_app
from portal.config import Settings
from portal.infrastructure.jobs.worker import run_job
app = create_app(Settings.from_environment(os.environ))
storage = app.extensions["storage"]
put = storage.put
def put_and_die(key, chunks):
    put(key, chunks)
    os.kill(os.getpid(), signal.SIGKILL)
storage.put = put_and_die
with app.app_context():
    run_job(int(sys.argv[1]))
"""


@pytest.fixture
def customer(people: People) -> Browser:
    return people.signed_in()


@pytest.fixture
def folder(settings: Settings) -> Path:
    return Path(settings.storage_url.removeprefix("file://")) / "exports"


def request_copy() -> tuple[int, int]:
    """Ask for a copy; return the ids of its package and of the job that will make it."""
    with transaction():
        package = request_package(
            only_customer(), purpose="access", request_id=None, language="fr", categories=["identity"]
        ).id
    is_its_job = Job.name == "exports.build_package"
    return package, db.session.execute(select(Job.id).where(is_its_job).order_by(Job.id.desc()).limit(1)).scalar_one()


def environment(settings: Settings) -> dict[str, str]:
    return os.environ | {
        f"PORTAL_{name.upper()}": str(value)
        for name, value in settings.model_dump().items()
        if isinstance(value, str | Path) and value
    }


def test_a_kill_between_storing_and_committing_costs_nothing(
    customer: Browser, settings: Settings, folder: Path
) -> None:
    package_id, job_id = request_copy()
    db.session.remove()
    command = [sys.executable, "-c", KILLED_AFTER_PUT, str(job_id)]
    killed = subprocess.run(command, env=environment(settings), cwd=ROOT, capture_output=True, timeout=60, check=False)
    assert killed.returncode == -9, killed.stderr.decode()
    (orphan,) = list(folder.iterdir())
    assert db.session.get_one(AnswerPackage, package_id).status is PackageStatus.BUILDING
    assert db.session.get_one(Job, job_id).status is JobStatus.RUNNING
    assert not run_job(job_id), "its lease has not run out"
    with clock.stopped_at(clock.now() + timedelta(seconds=31)):
        run_due_jobs()
    db.session.rollback()
    package = db.session.get_one(AnswerPackage, package_id)
    assert package.status is PackageStatus.READY
    assert b"".join(clear_chunks(package))[:2] == b"PK"
    assert len(events("portal:package:built")) == 1
    kept = folder.parent / str(package.storage_key)
    assert sorted(folder.iterdir()) == sorted([orphan, kept])
    sweep_after(timedelta(hours=23))
    assert orphan.exists(), "its row may be about to be written"
    sweep_after(timedelta(hours=24, minutes=1))
    assert list(folder.iterdir()) == [kept]
    assert b"".join(clear_chunks(db.session.get_one(AnswerPackage, package_id)))[:2] == b"PK"


def sweep_after(delay: timedelta) -> None:
    with clock.stopped_at(clock.now() + delay):
        with transaction():
            enqueue("retention.package_leftovers")
        job = db.session.execute(select(Job.id).order_by(Job.id.desc()).limit(1)).scalar_one()
        assert run_job(job)


def test_a_second_run_makes_no_second_copy(customer: Browser, folder: Path) -> None:
    package = build(categories=["identity"])
    package_id, sha256 = package.id, package.sha256
    with transaction():
        enqueue("exports.build_package", package_id=package_id)
    run_asked_jobs()
    assert db.session.get_one(AnswerPackage, package_id).sha256 == sha256
    assert len(list(folder.iterdir())) == 1
    assert len(events("portal:package:built")) == 1


def test_a_copy_that_cannot_be_made_is_said_to_have_failed(
    customer: Browser, app: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package_id, job_id = request_copy()

    def full(*arguments: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(app.extensions["storage"], "put", full)
        assert run_job(job_id)
        db.session.rollback()
        assert db.session.get_one(AnswerPackage, package_id).status is PackageStatus.BUILDING, "it is tried again"
        with transaction() as session:
            session.execute(update(Job).where(Job.id == job_id).values(attempts=MOST_ATTEMPTS - 1, run_at=clock.now()))
        assert run_job(job_id)
    db.session.rollback()
    assert db.session.get_one(Job, job_id).status is JobStatus.PARKED
    assert db.session.get_one(AnswerPackage, package_id).status is PackageStatus.FAILED
    assert not folder.exists() or list(folder.iterdir()) == []


def test_categories_that_were_not_asked_for_are_not_in_it(customer: Browser) -> None:
    package = build(categories=["contact", "identity"])
    assert package.categories == ["identity", "contact"]
    assert set(package.counts) == {"identity", "contact"}


@pytest.mark.trial
def test_twenty_thousand_records_take_no_more_memory_than_two_hundred() -> None:
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.looking.package_memory", "20000"],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    measured = json.loads(done.stdout)
    assert measured["items"] == 20_000
    grown = measured["after"] - measured["before"]
    assert grown <= 8 * 1024 * 1024, f"{grown / 2**20:.1f} MB more, after {time.monotonic() - started:.0f} s"
