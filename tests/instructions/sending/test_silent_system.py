"""A system that never answers holds up the calls to systems alone: other jobs go on while it is waited for."""

from collections.abc import Callable
from threading import Event, Thread
from typing import Any

import pytest
from flask import Flask
from werkzeug.wrappers import Response

from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Lane
from portal.infrastructure.jobs.worker import _serve_until, due_jobs, run_job
from portal.infrastructure.mail.outbox import queue_mail
from portal.instructions.models import Operation
from portal.instructions.queue import instruct
from portal.instructions.sending import channels
from portal.rights.lifecycle import Right
from portal.rights.models import RightsRequest
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import People
from tests.support.acting.systems import SYSTEM, FakeSystem, told_by_webhook
from tests.support.cases import case, taken_in

PATIENCE = 20


class Silent(FakeSystem):
    """Takes a call and answers nothing until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.called, self.let_go = Event(), Event()

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.called.set()
        assert self.let_go.wait(PATIENCE)
        return Response(status=204)(environ, start_response)


def main_lane(app: Flask) -> None:
    """Run what is due in the main lane, as a worker's sweep does."""
    with app.app_context():
        for job_id in due_jobs(Lane.MAIN):
            run_job(job_id)
        db.session.remove()


def meet(app: Flask, people: People, run: Callable[[], object], mailbox: Mailbox) -> bool:
    """Tell a silent system, run the main lane meanwhile, and return whether a mail left before the call was over."""
    system = Silent()
    with told_by_webhook(app, system):
        reference = taken_in(people, Right.ERASURE)
        with transaction() as session:
            request = session.get_one(RightsRequest, case(reference).id)
            instruct(request, Operation.ERASE, {"systems": [SYSTEM]})
        stop = Event()
        lane = Thread(target=_serve_until, args=(app, Lane.SYSTEMS, stop))
        lane.start()
        main = Thread(target=run)
        main.start()
        assert system.called.wait(PATIENCE)
        with transaction():
            queue_mail(
                "staff/password_changed", "luc@example.org", "fr", first_name="Luc", at="2026-11-30T10:00:00+00:00"
            )
        db.session.remove()
        second = Thread(target=main_lane, args=(app,))
        if main.is_alive():
            main.join(2)  # the one thread of the main lane is busy: whoever comes next waits for it
        has_left = False
        if not main.is_alive():
            second.start()
            second.join(PATIENCE)
            has_left = bool(mailbox.to("luc@example.org"))
        stop.set()
        system.let_go.set()
        for thread in (lane, main):
            thread.join(PATIENCE)
        return has_left


def test_a_mail_leaves_while_a_system_is_silent(app: Flask, people: People, mailbox: Mailbox) -> None:
    assert meet(app, people, lambda: None, mailbox)


def test_the_control_in_the_main_lane_it_waits(
    app: Flask, people: People, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    enqueue = channels.enqueue
    monkeypatch.setattr(channels, "enqueue", lambda name, *, lane, **named: enqueue(name, lane=Lane.MAIN, **named))
    assert not meet(app, people, lambda: main_lane(app), mailbox)
