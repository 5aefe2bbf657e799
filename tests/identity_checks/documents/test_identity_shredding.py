"""A document never outlives its use: after the decision, the limit, the withdrawal, a kill, or a virus."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing, suppress
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import clock
from portal.audit.models import AuditEvent
from portal.config import Settings
from portal.identity_checks.documents import shredding
from portal.identity_checks.models import CheckResult, DocumentStatus, IdentityCheck, IdentityDocument
from portal.identity_checks.proof import checking
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job
from portal.infrastructure.jobs.queue import enqueue
from portal.infrastructure.jobs.worker import run_due_jobs, run_job
from portal.infrastructure.scanner import Outcome, ScannerState, Verdict
from portal.infrastructure.storage import StorageFull
from portal.legal_time.clock_state import PauseReason
from portal.retention.clock_guard import REFUSED
from portal.rights.clock import running
from portal.rights.lifecycle import Status
from portal.rights.models import RequestDraft, RightsRequest
from portal.staff.models import StaffMember
from portal.web.incoming.kept_counts import RateCount
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, run_asked_jobs
from tests.support.acting.people import People
from tests.support.cases import take
from tests.support.documents import specimens
from tests.support.filing import (
    all_documents,
    describe_copy,
    file_with_document_later,
    only_request,
    send_card,
    send_sides,
)
from tests.support.keeping import end_now
from tests.support.looking.searching import found_in_files
from tests.support.servers.databases import IS_POSTGRESQL

ROOT = Path(__file__).parents[3]


class Answers:
    """A scanner that gives the verdict it is told to."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome

    def scan(self, document: object) -> Verdict:
        return Verdict(self.outcome)

    def state(self) -> ScannerState:
        return ScannerState(True, "a scanner of the tests")


@pytest.fixture
def folder(settings: Settings) -> Path:
    return Path(settings.storage_url.removeprefix("file://")) / "identity"


@pytest.fixture
def customer(people: People) -> Browser:
    return people.signed_in()


def stored(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.exists() else []


def only_check() -> IdentityCheck:
    db.session.rollback()
    check = db.session.execute(select(IdentityCheck)).scalar_one()
    db.session.expunge(check)
    return check


def run_periodic(name: str) -> None:
    with transaction():
        enqueue(name)
    run_asked_jobs()


def decide(result: CheckResult) -> None:
    with transaction() as session:
        check = session.execute(select(IdentityCheck)).scalar_one()
        member = session.execute(select(StaffMember).limit(1)).scalar_one()
        checking.decide(check, result, reason="unreadable", member=member)


@pytest.mark.parametrize("result", [CheckResult.CONFIRMED, CheckResult.REJECTED, CheckResult.ASKED_AGAIN])
def test_every_decision_destroys_key_and_bytes(
    people: People, customer: Browser, folder: Path, result: CheckResult
) -> None:
    people.staff("reviewer")
    page = send_card(file_with_document_later(customer).follow_to("/requests/identity/"))
    keys = [document.sealed_key for document in all_documents()]
    assert len(stored(folder)) == 2
    assert len({key for key in keys if key}) == 2
    decide(result)
    assert [document.sealed_key for document in all_documents()] == [None, None]
    assert only_check().destroyed_at is None
    run_asked_jobs()
    assert all_documents() == []
    assert stored(folder) == []
    check = only_check()
    assert (check.result, check.checked_by) == (result, "reviewer")
    assert check.destroyed_at is not None
    assert "Votre pièce d’identité a été détruite le" in customer.get(page.url).text
    if not IS_POSTGRESQL:
        database = Path(db.engine.url.database or "")
        assert found_in_files([database.parent], [key for key in keys if key]) == []


def test_a_check_is_decided_once(people: People, customer: Browser) -> None:
    people.staff("reviewer")
    send_card(file_with_document_later(customer).follow_to("/requests/identity/"))
    decide(CheckResult.CONFIRMED)
    with pytest.raises(checking.AlreadyChecked):
        decide(CheckResult.REJECTED)
    assert only_check().result is CheckResult.CONFIRMED


def test_withdrawing_destroys_the_document(customer: Browser, folder: Path) -> None:
    page = send_card(file_with_document_later(customer).follow_to("/requests/identity/"))
    page.click("Annuler la demande").submit(action="/withdraw")
    run_asked_jobs()
    assert (stored(folder), all_documents()) == ([], [])
    check = only_check()
    assert check.result is CheckResult.ABANDONED
    assert check.destroyed_at is not None


def test_discarding_or_outliving_a_draft_destroys_the_document(customer: Browser, folder: Path) -> None:
    send_sides(describe_copy(customer).submit({"paper": "passport"}, with_field="paper"), page=specimens.passport())
    customer.get("/requests").submit(action="/discard")
    run_asked_jobs()
    assert (stored(folder), all_documents()) == ([], [])
    send_sides(describe_copy(customer).submit({"paper": "passport"}, with_field="paper"), page=specimens.passport())
    with transaction() as session:
        session.execute(update(RequestDraft).values(expires_at=clock.now() - timedelta(minutes=1)))
    end_now("drafts")
    assert (stored(folder), all_documents()) == ([], [])
    assert db.session.execute(select(RequestDraft)).first() is None


def test_the_limit_destroys_without_a_decision(customer: Browser, folder: Path) -> None:
    page = send_card(file_with_document_later(customer).follow_to("/requests/identity/"))
    limit = clock.now() + timedelta(days=15)
    assert all(abs(document.shred_after - limit) < timedelta(hours=2) for document in all_documents())
    with transaction() as session:
        session.execute(update(IdentityDocument).values(shred_after=clock.now()))
    end_now("identity_documents")
    assert (stored(folder), all_documents()) == ([], [])
    check = only_check()
    assert check.result is CheckResult.PENDING
    assert check.destroyed_at is not None
    assert only_request().status is Status.IN_REVIEW
    assert "détruite" in customer.get(page.url).text


@pytest.mark.trial
def test_after_the_limit_the_reviewer_can_ask_for_another(people: People, customer: Browser, folder: Path) -> None:
    page = send_card(file_with_document_later(customer).follow_to("/requests/identity/"))
    with transaction() as session:
        session.execute(update(IdentityDocument).values(shred_after=clock.now()))
    end_now("identity_documents")
    case = take(people.signed_in_staff("reviewer"), only_request().reference)
    assert "La pièce a atteint sa limite" in case.text
    case.submit({"doubt-text": "La première pièce a été détruite avant la vérification."}, action="/doubt")
    assert only_request().status is Status.IDENTITY_PENDING
    send_card(customer.get(page.url).follow_to("/requests/identity/"))
    assert only_request().status is Status.IN_REVIEW
    checks = db.session.execute(select(IdentityCheck).order_by(IdentityCheck.id)).scalars().all()
    assert [check.result for check in checks] == [CheckResult.ABANDONED, CheckResult.PENDING]
    assert checks[0].destroyed_at is not None
    assert len(all_documents()) == 2


@pytest.mark.parametrize(("days_ago", "ends_with_due_day"), [(2, False), (20, True), (40, False)])
def test_the_due_day_ends_a_document_that_would_outlast_it(
    customer: Browser, folder: Path, days_ago: int, ends_with_due_day: bool
) -> None:
    """What came late goes with the day of the answer; once that day is over, the check is still owed its time."""
    page = file_with_document_later(customer)
    with transaction() as session:
        request = session.execute(select(RightsRequest)).scalar_one()
        running.start_clock(request, clock.now() - timedelta(days=days_ago))
    page = send_card(page.follow_to("/requests/identity/"))
    due_on = only_request().due_on
    assert due_on is not None
    end = datetime.combine(due_on + timedelta(days=1), time.min, clock.PARIS)
    expected = end if ends_with_due_day else clock.now() + timedelta(days=15)
    assert all(abs(document.shred_after - expected) < timedelta(hours=2) for document in all_documents())
    with clock.stopped_at(expected + timedelta(minutes=5)):
        end_now("identity_documents")
        run_asked_jobs()
    assert (stored(folder), all_documents()) == ([], [])
    assert only_check().destroyed_at is not None
    assert "Votre pièce d’identité a été détruite le" in customer.get(page.url).text


@pytest.mark.usefixtures("asleep_meanwhile")
@pytest.mark.parametrize("jump", [timedelta(days=20), pytest.param(timedelta(hours=-1), marks=pytest.mark.trial)])
def test_a_clock_that_jumped_destroys_no_document_before_seven_even_days(
    customer: Browser, folder: Path, jump: timedelta
) -> None:
    run_due_jobs()
    send_card(describe_copy(customer))
    later = clock.now() + jump
    with transaction() as session:
        session.execute(update(IdentityDocument).values(shred_after=later))
    with clock.stopped_at(later):
        run_due_jobs()
        assert REFUSED in db.session.execute(select(AuditEvent.tag)).scalars().all()
    for hours in (2, 48, 94, 140):
        assert [document.status for document in all_documents()] == [DocumentStatus.STAGED] * 2
        with clock.stopped_at(later + timedelta(hours=hours)):
            run_due_jobs()
    with clock.stopped_at(later + timedelta(days=7)):
        run_due_jobs()
    assert (stored(folder), all_documents()) == ([], [])


def test_the_limit_follows_the_day_of_the_answer_when_that_is_put_off(customer: Browser, folder: Path) -> None:
    """What is asked for two further months to look at must not be gone first; no document stays longer than its own time."""
    page = file_with_document_later(customer)
    with transaction() as session:
        running.start_clock(session.execute(select(RightsRequest)).scalar_one(), clock.now() - timedelta(days=20))
    send_card(page.follow_to("/requests/identity/"))
    own_time = {document.public_id: document.created_at + timedelta(days=15) for document in all_documents()}
    limits: list[bool] = []
    acts = (
        lambda request: None,
        lambda request: running.pause(request, PauseReason.SCOPE_CLARIFICATION),
        running.resume,
        running.extend,
    )
    for act in acts:
        with transaction() as session:
            act(session.execute(select(RightsRequest)).scalar_one())
        left = [own_time[document.public_id] - document.shred_after for document in all_documents()]
        limits.append(all(abs(rest) < timedelta(hours=2) for rest in left))
    assert limits == [False, True, False, True]


KILLED = """
import os, signal
from portal.app import create_app
from portal.config import Settings
from portal.identity_checks.documents import intake
from portal.identity_checks.proof.errands import Errand
from portal.identity_checks.proof.papers import Paper, Side
from tests.support.documents import specimens

intake._keep = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)
app = create_app(Settings.from_environment())
with app.test_request_context():
    errand = Errand("", "", int(os.environ["CUSTOMER"]), (), "", "", draft_id=int(os.environ["DRAFT"]))
    intake.take_in(errand, Paper.PASSPORT, Side.PAGE, specimens.passport())
"""


def test_a_real_kill_leaves_sealed_bytes_that_are_shown_for_a_day_and_removed(
    customer: Browser, folder: Path, settings: Settings
) -> None:
    page = describe_copy(customer).submit({"paper": "passport"}, with_field="paper")
    draft = db.session.execute(select(RequestDraft)).scalar_one()
    environment = os.environ | {
        f"PORTAL_{name.upper()}": str(value)
        for name, value in settings.model_dump().items()
        if isinstance(value, str | Path) and value
    }
    environment |= {"CUSTOMER": str(draft.customer_id), "DRAFT": str(draft.id)}
    db.session.remove()
    ended = subprocess.run([sys.executable, "-c", KILLED], env=environment, cwd=ROOT, timeout=60, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert all_documents() == []
    (orphan,) = stored(folder)
    assert orphan.stat().st_mode & 0o777 == 0o600
    assert send_sides(page, page=specimens.passport()).h1 == "Vérifiez votre demande"
    for hours, is_there in ((2, True), (24, True), (26, False)):
        with clock.stopped_at(clock.now() + timedelta(hours=hours)):
            run_periodic("identity.reconcile")
        assert (orphan in stored(folder)) is is_there, hours
    assert len(stored(folder)) == 1


def test_a_crash_while_bytes_are_removed_is_made_up_for(
    people: People, customer: Browser, folder: Path, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.staff("reviewer")
    send_card(file_with_document_later(customer).follow_to("/requests/identity/"))
    decide(CheckResult.CONFIRMED)
    storage = app.extensions["storage"]
    with monkeypatch.context() as patched:
        patched.setattr(type(storage), "delete", _fail)
        run_asked_jobs()
    assert len(stored(folder)) == 2
    assert all(document.sealed_key is None for document in all_documents())
    with clock.stopped_at(clock.now() + timedelta(minutes=1)):
        run_asked_jobs()
    assert (stored(folder), all_documents()) == ([], [])


@pytest.mark.trial
def test_two_sides_removed_at_once_are_destroyed_at_an_instant(
    app: Flask, people: People, customer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.staff("reviewer")
    send_card(file_with_document_later(customer).follow_to("/requests/identity/"))
    decide(CheckResult.CONFIRMED)
    jobs = [job.id for job in db.session.execute(select(Job).where(Job.name == "identity.remove_bytes")).scalars()]
    assert len(jobs) == 2
    db.session.rollback()

    def remove(job_id: int) -> None:
        with app.app_context():
            run_job(job_id)

    def stamp_later(check_id: int, is_over: bool) -> None:
        # The row of this side is deleted, and not committed yet.
        with suppress(threading.BrokenBarrierError):
            both.wait(3)
        stamp(check_id, is_over)

    stamp, both = shredding._stamp, threading.Barrier(2)
    monkeypatch.setattr(shredding, "_stamp", stamp_later)
    removals = [threading.Thread(target=remove, args=(job_id,)) for job_id in jobs]
    for removal in removals:
        removal.start()
    for removal in removals:
        removal.join()
    assert all_documents() == []
    assert only_check().destroyed_at is not None


def _fail(*arguments: object) -> None:
    raise OSError("input/output error")


@pytest.mark.skipif(IS_POSTGRESQL, reason="the write-ahead log of SQLite")
def test_emptying_the_journal_waits_for_readers_and_keeps_no_writer_out(app: Flask) -> None:
    database = Path(db.engine.url.database or "")
    journal = database.with_name(database.name + "-wal")

    def empty() -> None:
        with app.app_context():
            shredding.forget_journal()

    with closing(sqlite3.connect(database)) as reader, closing(sqlite3.connect(database, timeout=60)) as writer:
        writer.execute("INSERT INTO counters (name, value) VALUES ('tried', 0)")
        writer.commit()
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM counters").fetchone()
        emptying = threading.Thread(target=empty)
        emptying.start()
        for _ in range(10):
            writer.execute("UPDATE counters SET value = value + 1 WHERE name = 'tried'")
            writer.commit()
            emptying.join(0.1)  # it takes its turn between two writers
        assert journal.stat().st_size > 0
        reader.rollback()
        emptying.join()
        empty()
    assert not journal.exists() or journal.stat().st_size == 0


def test_a_job_that_is_told_of_a_document_in_use_does_nothing(customer: Browser, folder: Path) -> None:
    send_card(describe_copy(customer))
    document_id = all_documents()[0].id
    with transaction():
        enqueue("identity.remove_bytes", document_id=document_id)
    run_asked_jobs()
    assert len(stored(folder)) == 2
    assert all_documents()[0].sealed_key


def test_an_infected_file_is_never_kept(
    app: Flask, customer: Browser, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "scanner", Answers(Outcome.INFECTED))
    page = describe_copy(customer).submit({"paper": "passport"}, with_field="paper")
    page = send_sides(page, page=specimens.passport())
    assert page.errors == ["Notre antivirus n’accepte pas ce fichier. Prenez une nouvelle photo et envoyez-la."]
    assert (stored(folder), all_documents()) == ([], [])


def test_without_a_verdict_the_document_is_held_until_the_scanner_is_back(
    app: Flask, customer: Browser, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "scanner", Answers(Outcome.HELD))
    page = send_card(file_with_document_later(customer).follow_to("/requests/identity/"))
    assert "analyse antivirus en cours" in page.text
    assert only_request().status is Status.IN_REVIEW
    assert [document.status for document in all_documents()] == [DocumentStatus.HELD] * 2
    assert len(stored(folder)) == 4
    for path in stored(folder):
        assert specimens.front()[500:700] not in path.read_bytes()
    run_periodic("identity.rescan")
    assert [document.status for document in all_documents()] == [DocumentStatus.HELD] * 2
    monkeypatch.setitem(app.extensions, "scanner", Answers(Outcome.CLEAN))
    run_periodic("identity.rescan")
    documents = all_documents()
    assert [document.status for document in documents] == [DocumentStatus.READY] * 2
    assert not any(document.original_sealed_key or document.original_storage_key for document in documents)
    assert len(stored(folder)) == 2


def test_a_virus_found_later_destroys_the_document_and_asks_again(
    app: Flask, customer: Browser, folder: Path, monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox
) -> None:
    monkeypatch.setitem(app.extensions, "scanner", Answers(Outcome.HELD))
    page = send_card(file_with_document_later(customer).follow_to("/requests/identity/"))
    monkeypatch.setitem(app.extensions, "scanner", Answers(Outcome.INFECTED))
    run_periodic("identity.rescan")
    assert (stored(folder), all_documents()) == ([], [])
    request = only_request()
    assert request.status is Status.IDENTITY_PENDING
    assert request.paused_on == clock.today()
    assert "antivirus" in mailbox.last_to("camille@example.org").get_body(("plain",)).get_content()
    monkeypatch.setitem(app.extensions, "scanner", Answers(Outcome.CLEAN))
    send_card(customer.get(page.url).follow_to("/requests/identity/"))
    assert only_request().status is Status.IN_REVIEW


@pytest.mark.parametrize(
    ("status", "after"),
    [
        (Status.CLARIFICATION_PENDING, Status.IDENTITY_PENDING),
        pytest.param(Status.SECOND_OPINION, Status.SECOND_OPINION, marks=pytest.mark.trial),
    ],
)
def test_a_virus_is_destroyed_wherever_its_request_stands_by_then(
    app: Flask, customer: Browser, folder: Path, monkeypatch: pytest.MonkeyPatch, status: Status, after: Status
) -> None:
    monkeypatch.setitem(app.extensions, "scanner", Answers(Outcome.HELD))
    send_card(file_with_document_later(customer).follow_to("/requests/identity/"))
    with transaction() as session:
        session.execute(update(RightsRequest).values(status=status))
    monkeypatch.setitem(app.extensions, "scanner", Answers(Outcome.INFECTED))
    run_periodic("identity.rescan")
    assert (stored(folder), all_documents()) == ([], [])
    assert only_request().status is after


def test_a_process_without_opening_keys_leaves_held_documents_alone(
    app: Flask, customer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "scanner", Answers(Outcome.HELD))
    send_card(describe_copy(customer))
    monkeypatch.setitem(app.extensions, "opening_keys", None)
    run_periodic("identity.rescan")
    assert [document.status for document in all_documents()] == [DocumentStatus.HELD] * 2


def test_the_store_being_down_keeps_the_draft_and_says_to_try_again(
    app: Flask, customer: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = describe_copy(customer).submit({"paper": "passport"}, with_field="paper")
    storage = app.extensions["storage"]
    with monkeypatch.context() as patched:
        patched.setattr(type(storage), "put", _full)
        refused = send_sides(page, page=specimens.passport())
    assert refused.status == 503
    assert refused.errors == [
        "Nous ne pouvons pas recevoir votre pièce pour le moment. Envoyez-la à nouveau dans une minute."
    ]
    assert all_documents() == []
    db.session.rollback()
    counts = [row.count for row in db.session.execute(select(RateCount)).scalars() if "identity-upload:" in row.key]
    assert counts == [0], "a file that we could not keep was counted as a try of the day"
    assert send_sides(refused, page=specimens.passport()).h1 == "Vérifiez votre demande"


def _full(*arguments: object) -> None:
    raise StorageFull("no room")


def test_the_sweep_can_run_while_nothing_is_there(app: Flask) -> None:
    end_now("identity_documents")
    run_periodic("identity.sweep")
    run_periodic("identity.rescan")
