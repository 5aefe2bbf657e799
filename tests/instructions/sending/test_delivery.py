"""Signed calls to a system: what leaves, what comes of each answer, and what is tried again until the list takes over."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from standardwebhooks import Webhook

from portal import clock
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job, JobStatus, Lane
from portal.infrastructure.jobs.worker import run_due_jobs, run_job
from portal.instructions.acknowledging import Result, answer
from portal.instructions.models import Instruction, InstructionChannel, InstructionState, Operation
from portal.instructions.queue import instruct
from portal.instructions.sending import delivery
from portal.instructions.sending.endpoints import has_ended
from portal.rights.lifecycle import Right
from portal.rights.models import RightsRequest
from tests.support.acting.people import People
from tests.support.acting.systems import OLD_SECRET, SECRET, SYSTEM, FakeSystem, told_by_webhook
from tests.support.cases import case, taken_in
from tests.support.looking.audit_trail import events


def told(people: People) -> Instruction:
    """Tell the website to erase, and return its instruction."""
    reference = taken_in(people, Right.ERASURE)
    with transaction() as session:
        request = session.get_one(RightsRequest, case(reference).id)
        instruct(request, Operation.ERASE, {"systems": [SYSTEM], "records": [["page_visit", "V-1"]], "sources": {}})
    return standing()


def standing() -> Instruction:
    db.session.rollback()
    row = db.session.execute(select(Instruction).where(Instruction.target == SYSTEM)).scalar_one()
    db.session.expunge(row)
    return row


def newest_job() -> Job:
    db.session.rollback()
    named = select(Job).where(Job.name == "instructions.call").order_by(Job.id.desc()).limit(1)
    return db.session.execute(named).scalar_one()


def test_a_call_is_signed_and_names_nobody(app: Flask, people: People) -> None:
    """The library of the specification itself verifies it."""
    system = FakeSystem()
    with told_by_webhook(app, system):
        row = told(people)
        assert newest_job().lane is Lane.SYSTEMS
        run_due_jobs()
    ((headers, body),) = system.calls
    content = Webhook(SECRET).verify(body, headers)
    assert content["data"] == {"instruction": row.public_id, "operation": "erase"}
    assert set(content) == {"type", "timestamp", "data"}
    assert headers["Webhook-Id"] == row.public_id
    with pytest.raises(Exception, match="No matching signature"):
        Webhook(SECRET).verify(body + b" ", headers)
    assert (standing().state, standing().attempts) == (InstructionState.SENT, 1)


def test_while_a_secret_is_replaced_either_verifies(app: Flask, people: People) -> None:
    system = FakeSystem()
    with told_by_webhook(app, system, f"{SYSTEM}={SECRET},{SYSTEM}={OLD_SECRET}"):
        told(people)
        run_due_jobs()
    ((headers, body),) = system.calls
    for secret in (SECRET, OLD_SECRET):
        assert Webhook(secret).verify(body, headers)
    assert len(headers["Webhook-Signature"].split()) == 2


@pytest.mark.parametrize("status", [500, 503, 404, 301, 429])
def test_what_does_not_answer_is_tried_again_for_three_days(app: Flask, people: People, status: int) -> None:
    system = FakeSystem(status, headers={"Location": "http://127.0.0.1:9/"} if status == 301 else {})
    with told_by_webhook(app, system):
        told(people)
        began, waits = clock.now(), []
        while standing().state is InstructionState.QUEUED:
            job = newest_job()
            assert job.status is JobStatus.WAITING
            waits.append(job.run_at - began)
            with clock.stopped_at(job.run_at + timedelta(milliseconds=1)):
                delivery_of(job)
    assert standing().state is InstructionState.FAILED
    assert len(system.calls) == len(delivery.WAITS) + 1
    assert waits == sorted(waits)
    assert timedelta(days=2, hours=23) < waits[-1] <= timedelta(days=3, minutes=1)


def delivery_of(job: Job) -> None:
    job_id = job.id
    db.session.rollback()
    assert run_job(job_id)


def test_gone_ends_the_address_until_another_is_named(app: Flask, people: People) -> None:
    system = FakeSystem(410)
    with told_by_webhook(app, system) as url:
        told(people)
        run_due_jobs()
        assert standing().state is InstructionState.FAILED
        assert has_ended(SYSTEM, url)
        reference = taken_in(people, Right.ERASURE, email="luc@example.org")
        with transaction() as session:
            request = session.get_one(RightsRequest, case(reference).id)
            (row,) = instruct(request, Operation.ERASE, {"systems": [SYSTEM]})
            assert row.channel is InstructionChannel.LIST
    with told_by_webhook(app, FakeSystem()) as other:
        assert other != url
        assert not has_ended(SYSTEM, other)
    assert len(system.calls) == 1


def test_a_private_address_that_nobody_allowed_is_never_called(app: Flask, people: People) -> None:
    system = FakeSystem()
    with told_by_webhook(app, system, is_allowed=False):
        told(people)
        run_due_jobs()
    assert system.calls == []
    assert standing().attempts >= 1


def test_without_a_secret_it_goes_to_the_list(app: Flask, people: People) -> None:
    system = FakeSystem()
    with told_by_webhook(app, system, ""):
        assert told(people).channel is InstructionChannel.LIST
        run_due_jobs()
    assert system.calls == []


def test_an_answer_that_came_first_ends_the_tries(app: Flask, people: People) -> None:
    system = FakeSystem(500)
    with told_by_webhook(app, system):
        row = told(people)
        run_due_jobs()
        with transaction():
            answer(row.public_id, Result.DONE, "")
        with clock.stopped_at(clock.now() + timedelta(days=1)):
            run_due_jobs()
    assert len(system.calls) == 1
    assert standing().state is InstructionState.ACKNOWLEDGED


class Killed(BaseException):
    """The end of a process, as far as one can have it within one."""


def test_killed_between_the_call_and_its_note_it_is_sent_again_with_the_same_id(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, status = FakeSystem(), delivery._status

    def dies(*given: Any) -> int:
        status(*given)
        raise Killed

    with told_by_webhook(app, system):
        row, job = told(people), newest_job()
        monkeypatch.setattr(delivery, "_status", dies)
        with pytest.raises(Killed):
            delivery_of(job)
        monkeypatch.setattr(delivery, "_status", status)
        assert (standing().state, len(system.calls)) == (InstructionState.QUEUED, 1)
        with clock.stopped_at(clock.now() + timedelta(hours=1)):
            run_due_jobs()
    assert [headers["Webhook-Id"] for headers, _body in system.calls] == [row.public_id] * 2
    assert (standing().state, len(events("portal:instruction:sent"))) == (InstructionState.SENT, 1)


class Hasty(FakeSystem):
    """Confirms before it has answered the call."""

    app: Flask

    def __call__(self, environ: Any, start_response: Any) -> Any:
        with self.app.app_context(), transaction():
            answer(environ["HTTP_WEBHOOK_ID"], Result.DONE, "")
        return super().__call__(environ, start_response)


def test_what_is_confirmed_before_the_call_is_noted_was_sent_all_the_same(app: Flask, people: People) -> None:
    system = Hasty()
    system.app = app
    with told_by_webhook(app, system):
        told(people)
        run_due_jobs()
        with clock.stopped_at(clock.now() + timedelta(days=8)):
            run_due_jobs()
    row = standing()
    assert (row.state, row.sent_at is not None, len(system.calls)) == (InstructionState.ACKNOWLEDGED, True, 1)
    assert [len(events(f"portal:instruction:{verb}")) for verb in ("sent", "acknowledged")] == [1, 1]


def test_what_is_too_slow_costs_the_bound_and_no_more(
    app: Flask, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    system, post = FakeSystem(seconds=2), delivery.pinned_calls.post

    def hurried(*given: Any, **named: Any) -> Any:
        return post(*given, **named, seconds=0.2)

    monkeypatch.setattr(delivery.pinned_calls, "post", hurried)
    with told_by_webhook(app, system):
        told(people)
        delivery_of(newest_job())
    assert (standing().state, standing().attempts) == (InstructionState.QUEUED, 1)
