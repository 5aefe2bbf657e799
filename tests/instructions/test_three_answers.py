"""The link of a mail, the system itself and a member of the team say at the same moment that it is done: one counts."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.access.tokens import OF_ONE_SYSTEM, create_token
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.instructions import acknowledging
from portal.instructions.models import Disclosure, Instruction, Operation
from portal.instructions.queue import instruct
from portal.organisation import Told
from portal.rights.lifecycle import Right, Status
from portal.rights.models import RightsRequest
from tests.instructions.test_feed import SHORT, at_once
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import People
from tests.support.acting.systems import SYSTEM, with_address
from tests.support.acting.visitors import mailed_link
from tests.support.cases import case, taken_in
from tests.support.looking.audit_trail import events

OWNER = "site@example.org"


@pytest.fixture
def three(app: Flask, people: People, mailbox: Mailbox) -> Iterator[list[Callable[[], Any]]]:
    """Return the three ways to confirm one instruction, each ready to be pressed."""
    organisation = installed.organisation.of(app)
    installed.organisation.put(app, with_address(organisation, "", Told.MAIL, email=OWNER))
    reference = taken_in(people, Right.ERASURE)
    with transaction() as session:
        request = session.get_one(RightsRequest, case(reference).id)
        (row,) = instruct(request, Operation.ERASE, {"systems": [SYSTEM]})
        request.status, public_id = Status.ANSWERED, row.public_id
        _row, token = create_token("test", [OF_ONE_SYSTEM], system=SYSTEM)
    run_due_jobs()
    page = Browser(app).get(mailed_link(mailbox, OWNER, "/instruction/"))
    staff = people.signed_in_staff().get(f"/staff/instructions/{public_id}")
    address, bearer = f"/feed/v1/instructions/{public_id}/ack", {"Authorization": f"Bearer {token}"}
    yield [
        lambda: page.submit({"result": "done"}, with_field="result").status,
        lambda: app.test_client().post(address, json={"result": "done"}, headers=bearer).status_code,
        lambda: staff.submit(action="/acknowledge").status,
    ]
    installed.organisation.put(app, organisation)


def meet(app: Flask, three: list[Callable[[], Any]], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Press all three, each standing still before it closes the instruction; return what each got."""
    all_of_them, close = Barrier(3), acknowledging._close

    def slowly(*given: Any, **named: Any) -> None:
        with suppress(BrokenBarrierError):
            all_of_them.wait(SHORT)
        close(*given, **named)

    monkeypatch.setattr(acknowledging, "_close", slowly)
    return at_once(app, *three)


def test_one_of_three_counts_and_the_request_is_closed_once(
    app: Flask, three: list[Callable[[], Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    mail, feed, staff = meet(app, three, monkeypatch)
    assert (mail, staff) == (200, 200)
    assert feed in {200, 409}, "409 where another one was first"
    assert len(events("portal:instruction:acknowledged")) == 1
    db.session.rollback()
    assert db.session.execute(select(RightsRequest.status)).scalar_one() is Status.CLOSED
    assert db.session.execute(select(Disclosure.id)).all() == [], "a system of the company is the company"


@pytest.mark.postgresql
def test_the_control_without_the_lock_all_three_count(
    app: Flask, three: list[Callable[[], Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acknowledging, "lock_person", lambda _customer_id: None)
    monkeypatch.setattr(acknowledging, "_read_again", lambda row_id: db.session.get_one(Instruction, row_id))
    monkeypatch.setattr(acknowledging, "_on_settled", [])
    meet(app, three, monkeypatch)
    assert len(events("portal:instruction:acknowledged")) == 3
