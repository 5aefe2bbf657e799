"""Rows and stored bytes are compared both ways: each fault planted by hand is found and shown, and no other."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import clock
from portal.audit.models import AuditEvent
from portal.cli import doctor
from portal.config import Settings
from portal.identity_checks.documents import reconciliation
from portal.identity_checks.models import CheckResult, DocumentStatus, IdentityDocument, StoreFault, StoreFinding
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs import worker
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.infrastructure.jobs.queue import enqueue
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.infrastructure.scanner import Outcome
from portal.infrastructure.sealing.keys import OpeningKeys, new_sealing_pair
from portal.infrastructure.storage import StorageUnavailable
from tests.identity_checks.documents.test_identity_shredding import Answers, decide, stored
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import run_asked_jobs
from tests.support.acting.people import People
from tests.support.documents import specimens
from tests.support.filing import (
    all_documents,
    describe_copy,
    file_with_document_later,
    only_request,
    send_card,
    send_sides,
)


@pytest.fixture
def folder(settings: Settings) -> Path:
    return Path(settings.storage_url.removeprefix("file://")) / "identity"


@pytest.fixture
def documents(people: People) -> list[IdentityDocument]:
    """The page of a passport, sent for a request."""
    people.staff("reviewer")
    page = file_with_document_later(people.signed_in()).follow_to("/requests/identity/")
    send_sides(page.submit({"paper": "passport"}, with_field="paper"), page=specimens.passport())
    return all_documents()


@pytest.fixture
def officer(documents: list[IdentityDocument], people: People) -> Browser:
    return people.signed_in_staff("officer", "dpo@example.org")


def reconcile(**later: float) -> dict[str, StoreFault]:
    """Run the job, now or later; return what is noted then, by storage key."""
    with clock.stopped_at(clock.now() + timedelta(**later)):
        with transaction():
            enqueue("identity.reconcile")
        run_asked_jobs()
    db.session.rollback()
    return {finding.storage_key: finding.fault for finding in db.session.execute(select(StoreFinding)).scalars()}


def examined(app: Flask) -> str:
    return next(line for line in app.test_cli_runner().invoke(doctor).output.splitlines() if "documents: " in line)


def remove(folder: Path, document: IdentityDocument) -> None:
    (folder.parent / document.storage_key).unlink()


def flip(folder: Path, document: IdentityDocument) -> None:
    path = folder.parent / document.storage_key
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def break_header(folder: Path, document: IdentityDocument) -> None:
    path = folder.parent / document.storage_key
    path.write_bytes(b"\x07" + path.read_bytes()[1:])


def break_key(folder: Path, document: IdentityDocument) -> None:
    key = bytearray(document.sealed_key or b"")
    key[-1] ^= 1
    with transaction() as session:
        session.execute(
            update(IdentityDocument).where(IdentityDocument.id == document.id).values(sealed_key=bytes(key))
        )


FAULTS = [
    (remove, StoreFault.FILE_MISSING, "Fichier absent"),
    (flip, StoreFault.FILE_ALTERED, "Fichier modifié"),
    (break_header, StoreFault.FILE_ALTERED, "Fichier modifié"),
    (break_key, StoreFault.KEY_UNUSABLE, "Clé inutilisable"),
]


def test_what_is_wrong_with_a_document_is_found_and_shown(
    app: Flask, officer: Browser, documents: list[IdentityDocument], folder: Path
) -> None:
    assert reconcile() == {}
    assert examined(app) == "well   documents: 1 kept, rows and stored bytes agree"
    whole = (folder.parent / documents[0].storage_key).read_bytes()
    for hours, (spoil, fault, tag) in enumerate(FAULTS, start=1):
        spoil(folder, documents[0])
        assert reconcile(hours=hours) == {documents[0].storage_key: fault}
        page = officer.get("/staff/documents")
        assert tag in page.text
        assert only_request().reference in page.text
        assert examined(app).startswith(f"FAULT  documents: 1 {fault}; see /staff/documents")
        (folder.parent / documents[0].storage_key).write_bytes(whole)
    told = [event for event in db.session.execute(select(AuditEvent)).scalars() if event.tag == reconciliation.FOUND]
    assert [event.facts["fault"] for event in told] == ["file_missing", "file_altered", "key_unusable"]
    decide(CheckResult.ASKED_AGAIN)
    run_asked_jobs()
    assert reconcile(hours=14) == {}
    assert "Tout concorde" in officer.get("/staff/documents").text


def test_a_file_of_no_document_is_shown_for_a_day_then_removed(app: Flask, officer: Browser, folder: Path) -> None:
    stranger = folder / "put-here-by-hand"
    stranger.write_bytes(b"sealed, perhaps")
    assert reconcile() == {}, "its row may be about to come"
    assert reconcile(hours=2) == reconcile(hours=25) == {"identity/put-here-by-hand": StoreFault.FILE_UNKNOWN}
    page = officer.get("/staff/documents")
    assert "Fichier sans pièce" in page.text
    assert "Le portail le supprime après le" in page.text
    assert reconcile(hours=27) == {}
    assert "put-here-by-hand" not in {path.name for path in stored(folder)}
    assert len(stored(folder)) == 1


@pytest.mark.trial
def test_old_files_put_back_before_their_rows_are_not_removed_at_once(officer: Browser, folder: Path) -> None:
    with transaction() as session:
        for document in session.execute(select(IdentityDocument)).scalars():
            session.delete(document)
    assert len(reconcile(days=40)) == 1
    assert len(stored(folder)) == 1


def test_bytes_that_could_not_be_removed_are_gone_after_again(
    app: Flask, documents: list[IdentityDocument], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide(CheckResult.CONFIRMED)
    with transaction() as session:
        session.execute(update(IdentityDocument).values(key_destroyed_at=clock.now() - timedelta(hours=2)))
    storage = app.extensions["storage"]
    with monkeypatch.context() as patched:
        patched.setattr(type(storage), "delete", _fail)
        assert set(reconcile().values()) == {StoreFault.BYTES_LEFT}
    assert "1 bytes_left" in examined(app)
    with transaction() as session:
        session.execute(update(Job).where(Job.name == "identity.remove_bytes").values(status=JobStatus.PARKED))
    with clock.stopped_at(clock.now() + timedelta(hours=1)):
        run_due_jobs()  # the one that comes by the clock finds what was parked
    assert (stored(folder), all_documents()) == ([], [])
    assert reconcile(hours=2) == {}


def _fail(*arguments: object) -> None:
    raise StorageUnavailable("down")


def test_a_store_that_is_down_is_no_finding(
    app: Flask, documents: list[IdentityDocument], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(app.extensions["storage"]), "open", _fail)
    assert reconcile() == {}
    assert "documents: cannot be examined (StorageUnavailable)" in examined(app)


@pytest.mark.trial
def test_a_held_document_has_two_files_to_compare(
    app: Flask, people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "scanner", Answers(Outcome.HELD))
    send_card(describe_copy(people.signed_in()))
    document = all_documents()[0]
    assert document.status is DocumentStatus.HELD
    assert reconcile() == {}
    (folder.parent / str(document.original_storage_key)).unlink()
    assert reconcile(hours=1) == {document.original_storage_key: StoreFault.FILE_MISSING}


@pytest.mark.trial
def test_nothing_is_found_while_documents_come_and_go(app: Flask, people: People) -> None:
    customer, stop, found = people.signed_in(), threading.Event(), []

    def compare_again_and_again() -> None:
        with app.app_context():
            while not stop.is_set():
                found.extend(reconciliation.compare())

    watcher = threading.Thread(target=compare_again_and_again)
    watcher.start()
    try:
        for _ in range(3):
            page = describe_copy(customer).submit({"paper": "passport"}, with_field="paper")
            send_sides(page, page=specimens.passport())
            customer.get("/requests").submit(action="/discard")
            run_asked_jobs()
    finally:
        stop.set()
        watcher.join()
    assert all_documents() == []
    assert found == []


def test_who_may_see_the_page_and_ask_for_a_comparison(documents: list[IdentityDocument], people: People) -> None:
    administrator = people.signed_in_staff("administrator")
    page = administrator.get("/staff/documents")
    assert "Pas encore" in page.text
    page = page.submit(action="/staff/documents")
    assert "La comparaison commence" in page.text
    assert "Une comparaison est en cours" in page.text
    run_asked_jobs()
    assert "Tout concorde" in administrator.get("/staff/documents").text
    assert people.signed_in_staff("support").get("/staff/documents").status == 403


def test_workers_that_start_together_compare_once(app: Flask) -> None:
    run_due_jobs()
    with clock.stopped_at(clock.now()):
        worker.enqueue_at_start()
        worker.enqueue_at_start()
        asked = select(Job.id).where(Job.name == "identity.reconcile", Job.status == JobStatus.WAITING)
        assert len(db.session.execute(asked).all()) == 1


@pytest.mark.trial
def test_a_process_without_opening_keys_compares_too(
    app: Flask, documents: list[IdentityDocument], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _sealing, others = new_sealing_pair()
    monkeypatch.setitem(app.extensions, "opening_keys", OpeningKeys.parse(others))
    assert set(reconcile().values()) == {StoreFault.KEY_UNUSABLE}
    monkeypatch.setitem(app.extensions, "opening_keys", None)
    flip(folder, documents[0])
    reconcile(hours=7)
    found = set(db.session.execute(select(StoreFinding.fault)).scalars())
    assert found == {StoreFault.KEY_UNUSABLE, StoreFault.FILE_ALTERED}
