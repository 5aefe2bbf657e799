"""Documents before a real clamd, through the form and the case's page: what it has not called clean is never opened."""

import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.audit.models import AuditEvent
from portal.cli import doctor
from portal.config import Settings
from portal.doctor import _held_documents
from portal.identity_checks.documents import refusals
from portal.identity_checks.models import DocumentStatus, IdentityDocument
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import enqueue
from portal.infrastructure.scanner import scanner_from_url
from portal.rights.lifecycle import Status
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox, run_asked_jobs
from tests.support.acting.people import People
from tests.support.cases import form_token, take
from tests.support.documents import specimens
from tests.support.filing import all_documents, file_with_document_later, only_request, post_files, send_sides
from tests.support.servers.clamd import EICAR, LARGEST_STREAM, Daemon
from tests.support.servers.clamd import clamd as clamd_daemon

HELD = "l’antivirus ne l’a pas déclarée saine"
REFUSED = ["Notre antivirus n’accepte pas ce fichier. Prenez une nouvelle photo et envoyez-la."]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with clamd_daemon(tmp_path_factory.mktemp("clamd")) as daemon:
        yield daemon


@pytest.fixture
def daemon(app: Flask, running: Daemon, monkeypatch: pytest.MonkeyPatch) -> Daemon:
    """The scanner of the app: real and well."""
    running.start()
    monkeypatch.setitem(app.extensions, "scanner", scanner_from_url(running.url()))
    return running


@pytest.fixture
def upload_page(people: People) -> Page:
    """Where a customer whose request waits for a passport sends it."""
    page = file_with_document_later(people.signed_in()).follow_to("/requests/identity/")
    return page.submit({"paper": "passport"}, with_field="paper")


def infected_jpeg() -> bytes:
    return specimens.jpeg(specimens.picture_of(specimens.front()), comment=EICAR)


def infected_pdf() -> bytes:
    """A page with an attachment, packed, so that only a scanner that unpacks finds it."""
    attachment = specimens.stream(zlib.compress(EICAR), b"/Type /EmbeddedFile /Filter /FlateDecode")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Names << /EmbeddedFiles << /Names [ (card.txt) 5 0 R ] >> >> >>",
        b"<< /Type /Pages /Kids [ 3 0 R ] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 420 595] /Contents 4 0 R >>",
        specimens.stream(specimens.RED),
        b"<< /Type /Filespec /F (card.txt) /EF << /F 6 0 R >> >>",
        attachment,
    ]
    return specimens.pdf(objects)


def stored(settings: Settings) -> list[Path]:
    return list((Path(settings.storage_url.removeprefix("file://")) / "identity").rglob("*"))


def scan_again() -> None:
    with transaction():
        enqueue("identity.rescan")
    run_asked_jobs()


def statuses() -> list[DocumentStatus]:
    return [document.status for document in all_documents()]


def test_what_the_scanner_knows_is_refused_whatever_it_is_wrapped_in(
    daemon: Daemon, upload_page: Page, settings: Settings
) -> None:
    assert EICAR not in infected_pdf()
    for document in (infected_jpeg(), infected_pdf()):
        page = send_sides(upload_page, page=document)
        assert (page.status, page.errors) == (422, REFUSED)
    page = send_sides(upload_page, page=EICAR)
    assert page.status == 422
    assert "ni une image JPEG" in page.errors[0]
    assert (statuses(), stored(settings)) == ([], [])
    db.session.rollback()
    events = db.session.execute(select(AuditEvent).where(AuditEvent.tag == refusals.REFUSED)).scalars()
    assert sorted(event.facts["reason"] for event in events) == ["infected", "infected", "wrong_type"]


FAULTS: dict[str, Callable[[Daemon], None]] = {
    "stopped": Daemon.stop,
    "paused": Daemon.pause,
    "erroring": Daemon.break_down,
}


@pytest.mark.parametrize("fault", ["stopped", "paused", pytest.param("erroring", marks=pytest.mark.trial)])
def test_without_a_clean_verdict_a_document_is_held_and_staff_see_that_it_is(
    daemon: Daemon, app: Flask, upload_page: Page, people: People, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    FAULTS[fault](daemon)
    patient = app.extensions["scanner"]
    monkeypatch.setitem(app.extensions, "scanner", scanner_from_url(daemon.url(seconds=1)))
    page = send_sides(upload_page, page=specimens.front())
    assert "analyse antivirus en cours" in page.text
    (document,) = all_documents()
    assert (document.status, document.verdict) == (DocumentStatus.HELD, "held")
    reviewer = people.signed_in_staff()
    assert_closed(reviewer)
    scan_again()
    assert_closed(reviewer)
    monkeypatch.setitem(app.extensions, "scanner", patient)
    daemon.start()
    scan_again()
    assert (statuses(), all_documents()[0].verdict) == ([DocumentStatus.READY], "clean")
    assert all_documents()[0].original_sealed_key is None
    shown = take(reviewer, only_request().reference)
    assert HELD not in shown.text
    (picture,) = shown.tree.select("figure.document img")
    assert reviewer.client.get(picture["src"]).mimetype == "image/jpeg"


def assert_closed(reviewer: Browser) -> None:
    """Assert that the case shows the document as held, and that neither its picture nor a finding can be had."""
    (document,) = all_documents()
    page = take(reviewer, only_request().reference)
    assert HELD in page.text
    assert page.tree.select("figure.document img") == []
    assert reviewer.client.get(f"/staff/documents/{document.public_id}/1").status_code == 409
    points = [str(box["value"]) for box in page.tree.select("input[name=checklist]")]
    data = {
        "csrf_token": form_token(page),
        "version": str(only_request().version),
        "result": "confirmed",
        "checklist": points,
    }
    assert reviewer.post(f"/staff/requests/{only_request().reference}/identity", data).status == 422
    assert statuses() == [DocumentStatus.HELD]


@pytest.mark.trial
def test_a_document_over_the_scanners_limit_stays_held(daemon: Daemon, upload_page: Page, people: People) -> None:
    large = specimens.passport() + bytes(LARGEST_STREAM)
    assert "analyse antivirus en cours" in post_files(upload_page, page=large).text
    scan_again()
    assert_closed(people.signed_in_staff())


def test_doctor_counts_what_is_held_and_calls_an_hour_a_fault(daemon: Daemon, app: Flask, upload_page: Page) -> None:
    daemon.stop()
    send_sides(upload_page, page=specimens.front())
    sent_at = all_documents()[0].created_at
    waiting = "documents: 1 held for want of a clean verdict, the first since"
    assert list(_held_documents()) == [(True, f"{waiting} {sent_at:%Y-%m-%d %H:%M} UTC")]
    with transaction() as session:
        session.execute(update(IdentityDocument).values(created_at=sent_at - timedelta(hours=2)))
    assert f"FAULT  {waiting}" in app.test_cli_runner().invoke(doctor).output
    daemon.start()
    scan_again()
    assert list(_held_documents()) == [(True, "documents: none waits for the scanner")]


def test_a_virus_sent_while_the_scanner_was_down_never_reaches_a_reviewer(
    daemon: Daemon, upload_page: Page, settings: Settings, mailbox: Mailbox
) -> None:
    daemon.stop()
    send_sides(upload_page, page=infected_pdf())
    assert statuses() == [DocumentStatus.HELD]
    daemon.start()
    scan_again()
    assert (statuses(), stored(settings)) == ([], [])
    assert only_request().status is Status.IDENTITY_PENDING
    assert "antivirus" in mailbox.last_to("camille@example.org").get_body(("plain",)).get_content()


def test_neither_a_daemon_that_is_down_nor_one_damaged_document_keeps_the_job_from_the_others(
    daemon: Daemon, app: Flask, people: People, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.stop()
    for name in ("camille", "noah"):
        page = file_with_document_later(people.signed_in(f"{name}@example.org")).follow_to("/requests/identity/")
        send_sides(page.submit({"paper": "passport"}, with_field="paper"), page=specimens.front())
    first, _second = all_documents()
    assert first.original_storage_key
    original = Path(settings.storage_url.removeprefix("file://")) / first.original_storage_key
    original.write_bytes(original.read_bytes()[:-1] + b"x")

    asked: list[object] = []
    with monkeypatch.context() as patched:
        patched.setattr(type(app.extensions["scanner"]), "scan", lambda _, document: asked.append(document))
        scan_again()
    assert (asked, statuses()) == ([], [DocumentStatus.HELD] * 2), (
        "a daemon that hangs takes its time for each document"
    )

    daemon.start()
    scan_again()
    assert statuses() == [DocumentStatus.HELD, DocumentStatus.READY]


@pytest.mark.parametrize("hours", [25, 1])
def test_signatures_older_than_a_day_are_a_fault(
    hours: int, tmp_path: Path, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_at = datetime.now(UTC) - timedelta(hours=hours)
    with clamd_daemon(tmp_path, signatures_at=made_at) as daemon:
        monkeypatch.setitem(app.extensions, "scanner", scanner_from_url(daemon.url()))
        told = app.test_cli_runner().invoke(doctor).output
    assert "well   scanner: ClamAV 1." in told
    fault = f"FAULT  scanner: its signatures are of {made_at:%Y-%m-%d}; run freshclam"
    assert (fault in told) is (hours > 24)
