"""An erasure from its decision to its certificate: what each step leaves, what waits, what sends it back."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from portal import clock
from portal.accounts.entry.sign_in import Verdict, check_password
from portal.audit.models import AuditEvent
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.infrastructure.mail.outbox import queue_mail
from portal.infrastructure.one_time_tokens import write_token
from portal.personal_data.erasure import steps
from portal.personal_data.erasure.certificate import certificate_of
from portal.personal_data.erasure.checking.invariants import broken
from portal.personal_data.erasure.contact import contact_of
from portal.personal_data.erasure.listeners import hold
from portal.personal_data.erasure.models import ErasedSpan, ErasureState, Tombstone
from portal.personal_data.erasure.own_rows import OwnPart
from portal.personal_data.erasure.scheduling import (
    STATUS,
    Stopped,
    TooLate,
    cancel,
    find_by_token,
    find_cancel,
    issue_cancel,
    runs_at,
    status_token_id,
)
from portal.personal_data.erasure.scope import Extent, Scope
from portal.personal_data.holds.models import HoldGround
from portal.personal_data.holds.placing import ErasureUnderWay, Held, lift_hold, place_hold
from portal.records.archive.models import ArchivedRecord
from portal.records.models import Record
from tests.support.acting.people import PASSWORD, People
from tests.support.erasing.erasures import carried_out, confirm_ledger, cooled, found, scheduled, to_the_end, until
from tests.support.packages import take_in
from tests.support.records import invoice, record, visit

EMAIL = "camille@example.org"
USAGE = Scope(Extent.CATEGORIES, ("usage",))


@pytest.fixture
def camille(app: Flask, people: People) -> int:
    """Return the id of a customer with an account, three visits and an invoice of 2026."""
    account = people.account(EMAIL, external_id="C-1001")
    take_in(*(visit(number) for number in range(3)), invoice())
    assert account.customer_id is not None
    return account.customer_id


def kinds_of(model: type[Record | ArchivedRecord]) -> list[str]:
    return sorted(db.session.execute(select(model.kind)).scalars())


def tags() -> list[str]:
    rows = db.session.execute(select(AuditEvent.tag).order_by(AuditEvent.sequence)).scalars()
    return [tag for tag in rows if ":erasure:" in tag]


def test_everything_goes_and_the_law_keeps_its_invoice(camille: int) -> None:
    """Vector 9: what the law keeps is archived, the rest is gone, and the certificate says both."""
    erasure = carried_out(scheduled(camille))
    assert (erasure.state, erasure.step, erasure.cause) == (ErasureState.DONE, "over", None)
    customer = db.session.get_one(Customer, camille)
    assert (customer.status, customer.email, customer.given_name) == (CustomerStatus.ERASED, None, "")
    assert (customer.external_id, customer.birth_date) == ("C-1001", None)
    assert (kinds_of(Record), kinds_of(ArchivedRecord)) == ([], ["invoice"])
    certificate = certificate_of(erasure)
    assert certificate is not None
    assert {line["kind"]: line["count"] for line in certificate.erased}["page_visit"] == 3
    assert [(line["kind"], line["until"]) for line in certificate.archived] == [("invoice", "2036-12-31")]
    assert not certificate.is_clean
    assert certificate.entry is not None
    assert len(certificate.entry["hash"]) == 64
    assert certificate.systems == ["billing", "website"]
    assert EMAIL not in str(erasure.certificate)
    assert "Camille" not in str(erasure.certificate)
    erased = ["scheduled", "sealed", "carried_out"]
    assert tags() == [f"customer:erasure:{verb}" for verb in erased]
    assert broken() == {}


def test_tombstones_outlast_the_archive(camille: int) -> None:
    carried_out(scheduled(camille))
    tombstones = db.session.execute(select(Tombstone)).scalars().all()
    assert sorted(each.what for each in tombstones) == ["address", "reference", "reference"]
    assert {each.ends_on for each in tombstones} == {date(2036, 12, 31)}


def test_nothing_is_destroyed_before_the_ledger_has_its_line(camille: int) -> None:
    erasure_id = scheduled(camille)
    with cooled():
        for _turn in range(5):
            assert steps.go_on(erasure_id) is not None
        waiting = found(erasure_id)
        assert (waiting.state, waiting.step, waiting.done) == (ErasureState.RUNNING, "seal", 0)
        assert db.session.get_one(Customer, camille).status is CustomerStatus.ACTIVE
        assert kinds_of(Record) == ["invoice", "page_visit", "page_visit", "page_visit"]
        confirm_ledger()
        steps.go_on(erasure_id)
        assert found(erasure_id).step != "seal"


def test_the_seal_shuts_every_way_in_at_once(app: Flask, camille: int, people: People) -> None:
    people.sign_in(EMAIL)
    assert open_sessions() == 1
    erasure_id = scheduled(camille)
    with cooled():
        erasure = until(erasure_id, "keys")
        assert open_sessions() == 0
        assert check_password(EMAIL, PASSWORD).verdict is Verdict.WRONG
        row = db.session.execute(text("SELECT is_suppressed, reason FROM preference_states")).one()
        assert (bool(row.is_suppressed), row.reason) == (True, "erased")
        contact = contact_of(erasure)
        assert contact is not None
        assert (contact.address, contact.language, contact.first_name) == (EMAIL, "fr", "Camille")
        assert EMAIL.encode() not in (erasure.sealed_contact or b"")


def open_sessions() -> int:
    db.session.rollback()
    open_ones = text("SELECT count(*) FROM account_sessions WHERE ended_at IS NULL")
    return int(db.session.execute(open_ones).scalar_one())


@pytest.mark.parametrize(
    ("due_on", "begins"),
    [
        (None, datetime(2026, 12, 3, 9, tzinfo=UTC)),
        (date(2026, 12, 15), datetime(2026, 12, 3, 9, tzinfo=UTC)),
        (date(2026, 12, 2), datetime(2026, 12, 1, 23, tzinfo=UTC)),
        (date(2026, 11, 30), datetime(2026, 12, 1, 9, tzinfo=UTC)),
    ],
)
def test_when_it_begins(app: Flask, due_on: date | None, begins: datetime) -> None:
    assert runs_at(datetime(2026, 11, 30, 9, tzinfo=UTC), due_on) == begins


def test_cancelled_in_time_nothing_changes(camille: int) -> None:
    """Vector 7: seconded on 30 November at 10:00, cancelled on 3 December at 9:59."""
    with clock.stopped_at(datetime(2026, 11, 30, 9, tzinfo=UTC)):
        erasure_id = scheduled(camille, due_on=date(2026, 12, 15))
    with clock.stopped_at(datetime(2026, 12, 3, 8, 59, tzinfo=UTC)):
        with transaction():
            cancel(found(erasure_id))
        assert steps.go_on(erasure_id) is None
    assert found(erasure_id).state is ErasureState.CANCELLED
    assert kinds_of(Record) == ["invoice", "page_visit", "page_visit", "page_visit"]
    assert tags()[-1] == "customer:erasure:cancelled"


def test_after_its_start_nobody_cancels_it(camille: int) -> None:
    erasure_id = scheduled(camille)
    with cooled():
        until(erasure_id, "seal")
        with pytest.raises(TooLate), transaction():
            cancel(found(erasure_id))
    assert found(erasure_id).state is ErasureState.RUNNING


def test_links_are_kept_as_hashes_alone(app: Flask, camille: int) -> None:
    erasure_id = scheduled(camille)
    with transaction():
        cancel_id = issue_cancel(found(erasure_id))
    secret = app.config["SECRET_KEY"]
    status = write_token(secret, STATUS, status_token_id(found(erasure_id)))
    link = write_token(secret, "erasure_cancel", cancel_id)
    opened, cancels = find_by_token(status), find_cancel(link)
    assert opened is not None
    assert cancels is not None
    assert (opened.id, cancels[0].id) == (erasure_id, erasure_id)
    assert find_by_token(link) is None
    assert cancel_id not in str(db.session.execute(text("SELECT * FROM erasure_cancel_links")).all())
    with clock.stopped_at(clock.now() + timedelta(days=34)):
        assert find_by_token(status) is None


def test_another_plan_sends_it_back_to_review(camille: int) -> None:
    erasure_id = scheduled(camille)
    take_in(record("support_exchange", "E-1", {"channel": "phone", "direction": "in"}, source="support"))
    with cooled():
        assert steps.go_on(erasure_id) is None
    returned = found(erasure_id)
    assert (returned.state, returned.cause, returned.entry) == (ErasureState.RETURNED, "plan_changed", None)
    assert "page_visit" in kinds_of(Record)


def test_more_of_the_same_does_not_send_it_back(camille: int) -> None:
    erasure_id = scheduled(camille)
    take_in(visit(7), invoice("F-2"))
    erasure = carried_out(erasure_id)
    assert erasure.state is ErasureState.DONE
    certificate = certificate_of(erasure)
    assert certificate is not None
    assert certificate.archived[0]["count"] == 2


def test_a_hold_on_everything_stops_it_and_lets_it_run_when_lifted(camille: int) -> None:
    """Vector 14."""
    with transaction() as session:
        customer = session.get_one(Customer, camille)
        review = clock.today() + timedelta(days=60)
        placed = place_hold(customer, Held(), HoldGround.LITIGATION, "x", review_on=review, actor="command").public_id
    with pytest.raises(Stopped) as stopped:
        scheduled(camille)
    assert stopped.value.stops == ("hold",)
    with transaction():
        lift_hold(placed, "command")
    assert carried_out(scheduled(camille)).state is ErasureState.DONE


@pytest.mark.parametrize(("is_secret", "ground"), [(False, "hold"), (True, "untold_hold")])
def test_a_hold_on_one_kind_keeps_it_and_says_so(camille: int, *, is_secret: bool, ground: str) -> None:
    hold_visit(camille, is_secret=is_secret)
    erasure = carried_out(scheduled(camille))
    assert (erasure.state, erasure.cause) == (ErasureState.DONE, None)
    assert kinds_of(Record) == ["page_visit"]
    certificate = certificate_of(erasure)
    assert certificate is not None
    assert [(line["kind"], line["ground"], line["count"]) for line in certificate.kept] == [("page_visit", ground, 1)]
    assert broken() == {}


def hold_visit(customer_id: int, *, is_secret: bool = False) -> str:
    """Place a hold on one of the visits; return its public id."""
    held, review = Held(kind="page_visit", category="usage", external_id="V-1"), clock.today() + timedelta(days=60)
    with transaction() as session:
        customer = session.get_one(Customer, customer_id)
        placed = place_hold(
            customer, held, HoldGround.FRAUD, "x", review_on=review, actor="command", is_secret=is_secret
        )  # fmt: skip
        return placed.public_id


def test_once_it_has_begun_no_hold_stops_it_half_way(camille: int) -> None:
    erasure_id = scheduled(camille)
    with cooled():
        until(erasure_id, "keys")
        with pytest.raises(ErasureUnderWay):
            hold_visit(camille)
        to_the_end(erasure_id)
    assert found(erasure_id).state is ErasureState.DONE


def test_a_part_leaves_account_file_and_choices_alone(camille: int) -> None:
    erasure = carried_out(scheduled(camille, USAGE))
    assert erasure.state is ErasureState.DONE
    assert kinds_of(Record) == ["invoice"]
    customer = db.session.get_one(Customer, camille)
    assert (customer.status, customer.email) == (CustomerStatus.ACTIVE, EMAIL)
    assert db.session.execute(text("SELECT reason FROM preference_states")).scalar_one() is None
    assert db.session.execute(select(ErasedSpan.kind)).scalars().all() == ["page_visit"]
    assert check_password(EMAIL, PASSWORD).verdict is Verdict.RIGHT
    assert (erasure.sealed_contact, certificate_of(erasure).tombstones_until) == (None, None)  # type: ignore[union-attr]
    assert broken() == {}


def test_a_second_one_waits_for_the_first(camille: int) -> None:
    first, second = scheduled(camille, USAGE), scheduled(camille)
    assert found(second).state is ErasureState.WAITING
    with clock.stopped_at(clock.now() + timedelta(days=4)):
        to_the_end(first)
        assert found(second).state is ErasureState.COOLING
        begins = found(second).runs_at
        assert begins - clock.now() == timedelta(hours=72)
    with clock.stopped_at(clock.now() + timedelta(days=8)):
        assert steps.go_on(second) is None
    # A plan that was decided with the visits is another one without them: the reviewer looks again.
    assert found(second).state is ErasureState.RETURNED


def test_a_recount_that_finds_something_halts_until_somebody_looked(
    camille: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    forgets = OwnPart.erase
    with transaction() as session:
        session.execute(
            text(
                'INSERT INTO request_drafts (public_id, customer_id, "right", intent, answers, created_at, updated_at,'
                " expires_at, is_document_later) VALUES ('d', :id, 'access', 'copy', '{}', :at, :at, :at, false)"
            ),
            {"id": camille, "at": "2040-01-01 00:00:00"},
        )
    monkeypatch.setattr(OwnPart, "erase", lambda part, *each: 0 if part.code == "drafts" else forgets(part, *each))
    erasure_id = scheduled(camille)
    halted = carried_out(erasure_id)
    assert (halted.state, halted.cause, halted.position) == (ErasureState.HALTED, "remnants", "request_drafts: 1")
    assert halted.certificate is None
    event = db.session.execute(select(AuditEvent).where(AuditEvent.tag == "portal:erasure:halted")).scalar_one()
    assert event.facts | {"step": "verify", "cause": "remnants"} == event.facts
    monkeypatch.setattr(OwnPart, "erase", forgets)
    with transaction():
        erasure = hold(erasure_id)
        assert erasure is not None
        steps.resume(erasure, "command")
    assert carried_out(erasure_id).state is ErasureState.DONE


def test_a_step_that_fails_for_good_is_seen_and_halts(camille: int) -> None:
    erasure_id = scheduled(camille)
    with cooled():
        until(erasure_id, "keys")
        with transaction() as session:
            session.execute(update(Job).where(Job.name == "erasure.step").values(status=JobStatus.PARKED))
        run_due_jobs()
    assert (found(erasure_id).state, found(erasure_id).cause) == (ErasureState.HALTED, "failed")


def test_a_job_that_was_lost_is_asked_for_again(camille: int) -> None:
    erasure_id = scheduled(camille)
    with transaction() as session:
        session.execute(text("DELETE FROM jobs WHERE name = 'erasure.step'"))
    for day in range(4, 8):
        with clock.stopped_at(clock.now() + timedelta(days=day)):
            run_due_jobs()
    assert found(erasure_id).state is ErasureState.DONE


def test_the_answer_is_sent_before_its_address_is_forgotten(camille: int) -> None:
    with transaction() as session:
        session.execute(text("DELETE FROM records WHERE kind = 'invoice'"))
    erasure_id = scheduled(camille)
    with cooled():
        answered = until(erasure_id, "forget")
        assert answered.state is ErasureState.DONE
        with transaction():
            queue_mail(
                "accounts/password_changed", EMAIL, "fr", customer_id=camille, first_name="Camille", at="2026-12-04"
            )
        steps._advance(erasure_id)
        assert found(erasure_id).step == "forget"
        assert found(erasure_id).sealed_contact is not None
        with transaction() as session:
            session.execute(text("UPDATE mails SET status = 'sent'"))
        steps._advance(erasure_id)
    over = found(erasure_id)
    assert (over.step, over.sealed_contact) == ("over", None)
    assert db.session.execute(text("SELECT count(*) FROM mails")).scalar_one() == 0
    assert broken() == {}
