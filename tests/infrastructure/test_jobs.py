"""Jobs: rows of the fact's transaction, run once in effect, taken over after a death, parked when hopeless."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event, Timer

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from portal import clock
from portal.infrastructure.counters import Counter, next_number
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.infrastructure.jobs.queue import (
    LEASE,
    MOST_ATTEMPTS,
    JobRefused,
    JobRun,
    LeaseLost,
    enqueue,
    handlers,
    job,
    periodic,
)
from portal.infrastructure.jobs.worker import _take, run_due_jobs, run_job, sweep


class Dead(BaseException):
    """The worker's process ended here."""


@pytest.fixture(autouse=True)
def registered(app: Flask):
    before, before_periodic = dict(handlers), dict(periodic)
    periodic.clear()
    yield
    handlers.clear()
    handlers.update(before)
    periodic.update(before_periodic)


def counted() -> int:
    db.session.rollback()
    row = db.session.get(Counter, "tried")
    return row.value if row else 0


def add_job(name: str = "test.count", **options: object) -> int:
    with transaction() as session:
        enqueue(name, **options)  # type: ignore[arg-type]
        return session.execute(select(Job.id).order_by(Job.id.desc()).limit(1)).scalar_one()


def the_job(job_id: int) -> Job:
    db.session.rollback()
    return db.session.get_one(Job, job_id)


def count(run: JobRun) -> None:
    with run.finish():
        next_number("tried")


def test_a_job_of_a_rolled_back_fact_never_was() -> None:
    job("test.count")(count)
    with pytest.raises(ZeroDivisionError), transaction():
        enqueue("test.count")
        _ = 1 / 0
    assert run_due_jobs() == 0


def test_a_job_runs_once_however_often_it_is_woken() -> None:
    job("test.count")(count)
    job_id = add_job()
    assert run_job(job_id)
    assert not run_job(job_id)
    assert counted() == 1
    assert the_job(job_id).status is JobStatus.DONE


def test_an_unknown_name_cannot_be_enqueued_and_a_forged_row_is_parked() -> None:
    with pytest.raises(LookupError), transaction():
        enqueue("test.nothing")
    with transaction() as session:
        session.add(Job(name="os.system", arguments={"command": "id"}, run_at=clock.now()))
    run_due_jobs()
    row = db.session.execute(select(Job)).scalar_one()
    assert row.status is JobStatus.PARKED
    assert row.last_error == "JobRefused"


def test_a_worker_that_died_before_its_commit_leaves_the_job_to_the_next() -> None:
    @job("test.count")
    def die_first(run: JobRun) -> None:
        if the_job(run.job_id).attempts == 1:
            raise Dead
        count(run)

    job_id = add_job()
    with pytest.raises(Dead):
        run_job(job_id)
    assert sweep() == [], "the dead worker's lease still holds"
    with clock.stopped_at(clock.now() + LEASE + timedelta(seconds=1)):
        assert run_due_jobs() == 1
    assert counted() == 1


def test_a_worker_that_was_paused_past_its_lease_changes_nothing() -> None:
    job("test.count")(count)
    job_id = add_job()
    paused = _take(job_id)
    assert paused is not None
    with clock.stopped_at(clock.now() + LEASE + timedelta(seconds=1)):
        assert run_job(job_id)
    with pytest.raises(LeaseLost):
        count(paused)
    assert counted() == 1


def test_effects_and_end_commit_together() -> None:
    @job("test.count")
    def fail_inside(run: JobRun) -> None:
        with run.finish():
            next_number("tried")
            raise OSError("the disk is full of secrets")

    job_id = add_job()
    run_job(job_id)
    row = the_job(job_id)
    assert counted() == 0
    assert row.status is JobStatus.WAITING
    assert row.run_at > clock.now()
    assert row.last_error == "OSError", "the type is kept, never the words"


def test_a_hopeless_job_is_parked_at_once_and_a_failing_one_in_the_end() -> None:
    @job("test.hopeless")
    def refuse(run: JobRun) -> None:
        raise JobRefused("never")

    @job("test.failing")
    def fail(run: JobRun) -> None:
        raise OSError

    hopeless, failing = add_job("test.hopeless"), add_job("test.failing")
    run_job(hopeless)
    assert the_job(hopeless).status is JobStatus.PARKED
    for _ in range(MOST_ATTEMPTS):
        with transaction() as session:
            session.execute(update(Job).where(Job.id == failing).values(run_at=clock.now()))
        run_job(failing)
    assert the_job(failing).status is JobStatus.PARKED


def test_a_unique_key_adds_one_job() -> None:
    job("test.count")(count)
    add_job(unique_key="once")
    add_job(unique_key="once")
    assert db.session.query(Job).count() == 1


def test_a_later_job_waits_for_its_time() -> None:
    job("test.count")(count)
    add_job(run_at=clock.now() + timedelta(hours=1))
    assert run_due_jobs() == 0
    with clock.stopped_at(clock.now() + timedelta(hours=2)):
        assert run_due_jobs() == 1


def test_a_renewed_lease_keeps_the_job() -> None:
    job("test.count")(count)
    run = _take(add_job())
    assert run is not None
    with clock.stopped_at(clock.now() + LEASE - timedelta(seconds=1)):
        run.renew()
    with clock.stopped_at(clock.now() + LEASE + timedelta(seconds=5)):
        assert sweep() == []


@pytest.mark.postgresql
def test_two_who_enqueue_one_key_at_once_make_one_job(app: Flask) -> None:
    job("test.count")(count)
    has_enqueued, may_commit = Event(), Event()

    def first() -> None:
        with app.app_context(), transaction():
            enqueue("test.count", unique_key="once")
            has_enqueued.set()
            may_commit.wait(20)

    def second() -> None:
        with app.app_context(), transaction():
            enqueue("test.count", unique_key="once")

    with ThreadPoolExecutor(2) as pool:
        ones = [pool.submit(first)]
        assert has_enqueued.wait(20)
        ones.append(pool.submit(second))
        Timer(0.3, may_commit.set).start()  # if the second has not asked by then, it asks later and finds the job
        for one in ones:
            one.result(20)
    assert db.session.execute(select(func.count(Job.id)).where(Job.unique_key == "once")).scalar_one() == 1
