"""Full disks and an object store that fails: the person is told to try again, and nothing is half there."""

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import select

from portal.app import create_app
from portal.audit.models import AuditEvent
from portal.audit.verification import verify_chain
from portal.config import Settings
from portal.identity_checks.documents.viewing import DAMAGED
from portal.infrastructure.database import db
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.infrastructure.storage import storage_from_url
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.documents import specimens
from tests.support.filing import all_documents, describe_copy, file_with_document_later, only_request, send_sides
from tests.support.servers.broken_line import Fault, Line, breakable_line
from tests.support.servers.buckets import MISSING, bucket_server, weed_program
from tests.support.servers.databases import IS_POSTGRESQL
from tests.support.servers.disks import disk, filled, read_only
from tests.trial.installation import installation
from tests.trial.waiting import crowd, send_passport, served

pytestmark = pytest.mark.trial

TRY_AGAIN = "Nous ne pouvons pas recevoir votre pièce pour le moment. Envoyez-la à nouveau dans une minute."
JPEG = b"\xff\xd8\xff"


def passport_page(browser: Browser) -> Page:
    return describe_copy(browser).submit({"paper": "passport"}, with_field="paper")


def is_sent(page: Page) -> bool:
    return page.h1 == "Vérifiez votre demande"


def assert_told_to_try_again(page: Page) -> None:
    assert (page.status, page.errors) == (503, [TRY_AGAIN])


def assert_nothing_half_there(folder: Path, kept: int) -> None:
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "ballast"]
    assert len([path for path in files if path.parent.name == "identity"]) == kept
    assert [path for path in files if path.stat().st_size == 0] == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disk(tmp_path / "disk", "size=2m,nr_inodes=32") as folder:
        yield folder


@pytest.mark.parametrize("what", ["full", "almost full", "read-only", "out of inodes"])
def test_a_disk_of_documents_that_takes_nothing_more(
    app: Flask, people: People, small_disk: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setitem(app.extensions, "storage", storage_from_url(f"file://{small_disk}/storage"))
    first = people.signed_in("first@example.org")
    assert is_sent(send_sides(passport_page(first), page=specimens.passport()))
    page = passport_page(people.signed_in())
    kept = len(all_documents())
    if what == "read-only":
        with read_only(small_disk):
            refused = send_sides(page, page=specimens.passport())
    elif what == "out of inodes":
        taken = []
        with pytest.raises(OSError, match="No space left"):
            while True:
                taken.append(small_disk / f"file{len(taken)}")
                taken[-1].write_bytes(b"x")
        refused = send_sides(page, page=specimens.passport())
        for path in taken:
            path.unlink(missing_ok=True)
    else:
        with filled(small_disk, room=0 if what == "full" else 40_000):
            refused = send_sides(page, page=specimens.passport())
            assert_nothing_half_there(small_disk, kept)
    assert_told_to_try_again(refused)
    assert len(all_documents()) == kept
    assert_nothing_half_there(small_disk, kept)
    assert is_sent(send_sides(refused, page=specimens.passport()))
    document = all_documents()[0]
    assert sum(map(len, app.extensions["storage"].open(document.storage_key))) > 10_000


def test_a_full_disk_of_temporary_files_is_no_matter(
    app: Flask, people: People, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = passport_page(people.signed_in())
    monkeypatch.setenv("TMPDIR", str(small_disk))
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    with filled(small_disk):
        assert is_sent(send_sides(page, page=specimens.passport()))


@contextmanager
def database_on(folder: Path, settings: Settings) -> Iterator[Flask]:
    """Yield a portal whose database lies in a folder, and its documents elsewhere."""
    url = f"sqlite:///{folder / 'portal.sqlite'}"
    storage = f"file://{folder.parent}/storage"
    app = create_app(settings.model_copy(update={"database_url": url, "storage_url": storage}))
    with app.app_context():
        upgrade()
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.mark.skipif(IS_POSTGRESQL, reason="the files of SQLite")
def test_a_full_disk_of_the_database(settings: Settings, tmp_path: Path) -> None:
    with disk(tmp_path / "disk", "size=24m") as folder, database_on(folder, settings) as app:
        people = People(app)
        first = people.signed_in("first@example.org")
        assert is_sent(send_sides(passport_page(first), page=specimens.passport()))
        page = passport_page(people.signed_in())
        kept = [document.public_id for document in all_documents()]
        with filled(folder):
            refused = send_sides(page, page=specimens.passport())
            assert refused.status == 503
            assert "pas enregistré" in refused.text
            assert people.app.test_client().get("/healthz").status_code == 200
        assert [document.public_id for document in all_documents()] == kept
        assert is_sent(send_sides(page, page=specimens.passport()))
        assert verify_chain().fault is None


@pytest.mark.skipif(IS_POSTGRESQL, reason="the files of SQLite")
@pytest.mark.parametrize("fault", [filled, read_only])
def test_what_cannot_be_written_down_is_neither_shown_nor_decided(
    settings: Settings, tmp_path: Path, fault: Callable[[Path], AbstractContextManager[None]]
) -> None:
    with disk(tmp_path / "disk", "size=24m") as folder, database_on(folder, settings) as app:
        people = People(app)
        customer = people.signed_in()
        page = (
            file_with_document_later(customer)
            .follow_to("/requests/identity/")
            .submit({"paper": "passport"}, with_field="paper")
        )
        send_sides(page, page=specimens.passport())
        reviewer = people.signed_in_staff("reviewer")
        case = reviewer.get(f"/staff/requests/{only_request().reference}").submit(action="/look")
        address = f"/staff/documents/{all_documents()[0].public_id}/1"
        decision = {"result": "rejected", "reason": "altered"}
        db.session.remove()
        db.engine.dispose()  # a disk in use cannot be made read-only
        with fault(folder):
            look = reviewer.client.get(address)
            decided = case.submit(decision, with_field="result")
            assert (look.status_code, decided.status) == (503, 503)
            assert JPEG not in look.data
        assert all_documents()[0].sealed_key
        assert reviewer.client.get(address).data.startswith(JPEG)
        assert case.submit(decision, with_field="result").status == 200
        assert [document.sealed_key for document in all_documents()] == [None]
        assert verify_chain().fault is None


def test_a_full_disk_of_the_log(tmp_path: Path) -> None:
    with disk(tmp_path / "disk", "size=1m") as folder, installation() as portal, portal.app.app_context():
        before, meanwhile, after = crowd(portal.app, 3)
        with (folder / "log").open("ab") as log:
            portal.log = log
            with served(portal) as server:
                assert send_passport(server, before, specimens.passport()).error == ""
                processes = server.processes()
                with filled(folder):
                    assert send_passport(server, meanwhile, specimens.passport()).error == ""
                    assert len(all_documents()) == 2
                written = (folder / "log").stat().st_size
                assert send_passport(server, after, specimens.passport()).error == ""
                assert server.processes() == processes
        assert len(all_documents()) == 3
        assert (folder / "log").stat().st_size > written, "nothing was logged any more"
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    program = weed_program()
    if program is None:
        pytest.skip(MISSING)
    with bucket_server(program, tmp_path_factory.mktemp("seaweedfs")) as url:
        endpoint = re.search(r"endpoint=(http://[^&]+)", url)
        assert endpoint
        with breakable_line(endpoint[1]) as broken:
            broken.url = url.replace(endpoint[1], broken.url)
            yield broken


@pytest.fixture
def bucket(app: Flask, line: Line, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Line:
    """Have documents kept in a real bucket, at the other end of a line that can break."""
    line.fault = None
    folder = re.sub(r"[^a-z0-9]", "-", tmp_path.name)
    monkeypatch.setitem(
        app.extensions, "storage", storage_from_url(line.url.replace("s3://portal", f"s3://portal/{folder}"))
    )
    return line


@pytest.mark.parametrize("fault", ["refused", "error", "lost"])
def test_an_upload_while_the_store_fails(app: Flask, people: People, bucket: Line, fault: Fault) -> None:
    page = passport_page(people.signed_in())
    bucket.fault = fault
    refused = send_sides(page, page=specimens.passport())
    bucket.fault = None
    assert_told_to_try_again(refused)
    assert all_documents() == []
    assert is_sent(send_sides(refused, page=specimens.passport()))
    (document,) = all_documents()
    stored = {found.key: found.size for found in app.extensions["storage"].list("identity")}
    assert stored[document.storage_key] > 10_000
    assert 0 not in stored.values()


def test_an_upload_while_the_store_is_slow(people: People, bucket: Line) -> None:
    page = passport_page(people.signed_in())
    bucket.fault = "slow"
    assert is_sent(send_sides(page, page=specimens.passport()))


@pytest.mark.parametrize(
    ("fault", "status"), [("refused", 503), ("error", 503), ("half", 503), ("lost", 503), ("wrong", 500), ("slow", 200)]
)
def test_a_look_while_the_store_fails(app: Flask, people: People, bucket: Line, fault: Fault, status: int) -> None:
    customer = people.signed_in()
    page = (
        file_with_document_later(customer)
        .follow_to("/requests/identity/")
        .submit({"paper": "passport"}, with_field="paper")
    )
    send_sides(page, page=specimens.passport())
    reviewer = people.signed_in_staff("reviewer")
    reviewer.get(f"/staff/requests/{only_request().reference}").submit(action="/look")
    address = f"/staff/documents/{all_documents()[0].public_id}/1"
    bucket.fault = fault
    answer = reviewer.client.get(address, headers={"Accept-Language": "fr"})
    bucket.fault = None
    assert answer.status_code == status
    assert (JPEG in answer.data) is (status == 200)
    if status == 503:
        assert "Réessayez dans quelques minutes" in answer.text
    db.session.rollback()
    damaged = [event for event in db.session.execute(select(AuditEvent)).scalars() if event.tag == DAMAGED]
    assert len(damaged) == (1 if status == 500 else 0)
    assert reviewer.client.get(address).status_code == 200


def test_a_destruction_while_the_store_is_down(app: Flask, people: People, bucket: Line) -> None:
    customer = people.signed_in()
    send_sides(passport_page(customer), page=specimens.passport())
    customer.get("/requests").submit(action="/discard")
    bucket.fault = "refused"
    run_due_jobs()
    (document,) = all_documents()
    assert document.sealed_key is None
    bucket.fault = None
    assert [found.key for found in app.extensions["storage"].list("identity")] == [document.storage_key]
