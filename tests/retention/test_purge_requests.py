"""The file of a request goes, whole, when the period told to the person has run out after its answer."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update

from portal import clock
from portal.access.permissions import Role
from portal.audit.verification import verify_chain
from portal.customers.models import Customer, CustomerStatus
from portal.exports.models import AnswerPackage
from portal.identity_checks.models import IdentityCheck
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job
from portal.infrastructure.jobs.queue import enqueue
from portal.infrastructure.jobs.worker import run_due_jobs, run_job
from portal.rights.lifecycle import Right
from portal.rights.models import RequestDecision, RequestEvent, RequestPause, RightsRequest
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.cases import decide, open_case, refusal_values, second, taken_in
from tests.support.filing import file_with_document_later, send_card
from tests.support.keeping import removals
from tests.support.looking.audit_trail import events

FIVE_YEARS = timedelta(days=5 * 365 + 2)
TABLES = (RightsRequest, RequestEvent, RequestDecision, RequestPause, IdentityCheck, AnswerPackage)


@pytest.fixture
def reviewer(people: People) -> Browser:
    return people.signed_in_staff(Role.REVIEWER)


def run_purge(at: datetime) -> None:
    with clock.stopped_at(at):
        with transaction():
            enqueue("retention.request_files")
        job_id = db.session.execute(select(Job.id).order_by(Job.id.desc()).limit(1)).scalar_one()
        assert run_job(job_id)


def rows() -> dict[str, int]:
    db.session.rollback()
    return {
        model.__name__: db.session.execute(select(func.count()).select_from(model)).scalar_one() for model in TABLES
    }


def test_everything_of_a_file_goes_five_years_after_its_answer(app: Flask, people: People, reviewer: Browser) -> None:
    customer = people.signed_in()
    send_card(file_with_document_later(customer).follow_to("/requests/identity/"))
    reference = db.session.execute(select(RightsRequest.reference)).scalar_one()
    page = open_case(reviewer, reference).submit(action="/claim").submit(action="/look")
    ticks = [box["value"] for box in page.tree.select("input[name=checklist]")]
    page.submit({"result": "confirmed", "checklist": ticks}, with_field="result")
    decide(open_case(reviewer, reference), "granted")
    run_due_jobs()
    still_open = taken_in(people, Right.ERASURE, is_proven=False)
    before = rows()
    assert all(before.values()), before
    closed_at = clock.now()
    run_purge(closed_at + FIVE_YEARS - timedelta(days=3))
    assert rows() == before
    run_purge(closed_at + FIVE_YEARS)
    assert rows() == before, "the copy still lies in storage: its bytes go first"
    with clock.stopped_at(closed_at + timedelta(days=15)):
        with transaction():
            enqueue("retention.packages")
        run_due_jobs()
    run_purge(closed_at + FIVE_YEARS)
    after = rows()
    assert after == dict.fromkeys(after, 0) | {"RightsRequest": 1, "RequestEvent": 1}
    assert db.session.execute(select(RightsRequest.reference)).scalar_one() == still_open
    assert removals("request_files") == [1]
    assert [event for event in events("customer:request:answered") if event.facts["reference"] == reference], (
        "the trail stays"
    )
    assert verify_chain().fault is None


def test_the_file_of_a_restricted_customer_stays(people: People, reviewer: Browser) -> None:
    reference = taken_in(people, Right.RESTRICTION)
    decide(open_case(reviewer, reference), "granted")
    assert db.session.execute(select(Customer.status)).scalar_one() is CustomerStatus.RESTRICTED
    run_purge(clock.now() + FIVE_YEARS)
    assert rows()["RightsRequest"] == 1
    with transaction() as session:
        session.execute(update(Customer).values(status=CustomerStatus.ACTIVE))
        session.execute(text("UPDATE keeps SET ended_at = since"))
    run_purge(clock.now() + FIVE_YEARS)
    assert rows()["RightsRequest"] == 0


def test_the_customer_and_the_staff_find_only_that_it_was_destroyed(people: People, reviewer: Browser) -> None:
    customer = people.signed_in()
    reference = taken_in(people, Right.OBJECTION)
    decide(open_case(reviewer, reference), "refused", **refusal_values(Right.OBJECTION))
    second(people.signed_in_staff(Role.OFFICER), reference)
    assert reference in customer.get("/requests").text
    run_purge(clock.now() + FIVE_YEARS)
    assert customer.get(f"/requests/{reference}").status == 410
    assert reference not in customer.get("/requests").text
    assert reviewer.get(f"/staff/requests/{reference}").status == 410
    assert reference not in reviewer.get("/staff/queue?closed=yes").text
    assert customer.get("/access-log").status == 200
