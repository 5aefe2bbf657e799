"""A passport, from the browser to shredded: readable top to bottom, with an outside look at every byte left behind."""

import re
import tempfile
from io import BytesIO
from pathlib import Path

import pytest
from flask import Flask
from PIL import Image

from portal.audit.verification import verify_chain
from portal.config import Settings
from portal.infrastructure.database import db
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.infrastructure.storage import storage_from_url
from portal.rights.lifecycle import Status
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.people import People
from tests.support.documents.planted import planted_passport
from tests.support.filing import all_documents, file_with_document_later, only_request, send_sides
from tests.support.looking.remnants import assert_no_trace


@pytest.fixture(params=["files", pytest.param("bucket", marks=pytest.mark.trial)])
def places(
    request: pytest.FixtureRequest, app: Flask, tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> list[Path]:  # fmt: skip
    """Have documents kept in files or in a bucket; return the folders beside the portal's where bytes may lie."""
    temporary = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    if request.param == "files":
        return [temporary]
    url: str = request.getfixturevalue("bucket_url")
    monkeypatch.setitem(app.extensions, "storage", storage_from_url(url.replace("s3://portal", "s3://portal/journey")))
    return [temporary, tmp_path_factory.getbasetemp()]


def test_a_passport_from_the_browser_to_shredded(
    app: Flask, people: People, settings: Settings, mailbox: Mailbox, places: list[Path]
) -> None:
    planted, storage = planted_passport(), app.extensions["storage"]

    # A customer on a new device asks for a copy; the request is received, its clock waits for the document.
    customer = people.signed_in()
    page = file_with_document_later(customer)
    reference = only_request().reference
    assert only_request().status is Status.IDENTITY_PENDING
    assert "Le délai est en pause depuis" in page.text

    # The passport is sent. Nothing of the original is on any disk, in clear or as it came.
    page = page.follow_to("/requests/identity/").submit({"paper": "passport"}, with_field="paper")
    page = send_sides(page, page=planted.passport)
    assert "Page reçue le" in page.text
    assert only_request().due_on is not None
    assert_no_trace(settings, [*planted.traces, b"\xff\xd8\xff\xe0\x00\x10JFIF"], places[0])
    document = all_documents()[0]
    assert [found.key for found in storage.list("identity")] == [document.storage_key]

    # A reviewer takes the case and sees a picture rebuilt from pixels, with nothing else in it.
    reviewer = people.signed_in_staff("reviewer", name="Nora Petit")
    case = reviewer.get(f"/staff/requests/{reference}").submit(action="/claim").submit(action="/look")
    picture = reviewer.client.get(f"/staff/documents/{document.public_id}/1")
    assert picture.status_code == 200
    assert Image.open(BytesIO(picture.data)).size == (1480, 1040)
    assert planted.words not in picture.data
    assert b"Exif" not in picture.data

    # The decision destroys the key in the same act, and the bytes next.
    ticks = [box["value"] for box in case.tree.select("input[name=checklist]")]
    case = reviewer.get(f"/staff/requests/{reference}")
    case = case.submit({"checklist": ticks, "result": "confirmed"}, with_field="result")
    assert case.status == 200, case.errors
    assert all_documents()[0].sealed_key is None
    assert reviewer.client.get(f"/staff/documents/{document.public_id}/1").status_code in (404, 410)
    run_due_jobs()
    assert all_documents() == []

    # Nothing is left anywhere: no byte of the picture, no planted word, no stored object; and no key either, but in
    # the log of PostgreSQL, where it is sealed and has nothing left to open.
    assert_no_trace(settings, planted.traces, *places)
    if db.engine.dialect.name == "sqlite":
        assert_no_trace(settings, [document.sealed_key or b"never empty", document.storage_key.encode()])
    assert list(storage.list()) == []
    assert not list((settings.instance / "rendering").rglob("*.jpg"))

    # The customer sees when it was destroyed and who looked at it, and the trail is whole.
    page = customer.get(f"/requests/{reference}")
    assert re.search(r"Votre pièce d’identité a été détruite le \d+", page.text)
    assert "Vérifier votre identité" in customer.get("/access-log").text
    assert "détruite" in " ".join(text_of(mail) for mail in mailbox.to("camille@example.org"))
    assert verify_chain().fault is None
