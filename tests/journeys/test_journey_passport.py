"""A passport, from the browser to shredded: readable top to bottom, with an outside look at every byte left behind."""

import re
from io import BytesIO
from pathlib import Path

from PIL import Image

from portal.audit.verification import verify_chain
from portal.config import Settings
from portal.infrastructure.database import db
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.rights.lifecycle import Status
from tests.support import specimens
from tests.support.filing import all_documents, file_with_document_later, only_request, send_sides
from tests.support.mailbox import Mailbox, text_of
from tests.support.people import People

COMMENT = b"comment planted by the journey 7f3k92"
MAKER = "maker planted by the journey 4w8d51"


def planted_passport() -> bytes:
    """The passport's page with words in its EXIF and its comment, as a phone might write them."""
    picture = Image.open(BytesIO(specimens.passport()))
    exif = Image.Exif()
    exif[0x010F] = MAKER
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=92, exif=exif, comment=COMMENT)
    return buffer.getvalue()


def bytes_left(settings: Settings) -> dict[str, bytes]:
    """Return every file that the portal has written, the database with its journals among them."""
    folders = {settings.instance}
    if db.engine.dialect.name == "sqlite":
        folders.add(Path(db.engine.url.database or "").parent)
    return {str(path): path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


def assert_no_trace(settings: Settings, *traces: bytes) -> None:
    for name, content in bytes_left(settings).items():
        for trace in traces:
            assert trace not in content, f"{name} holds {trace[:40]!r}"


def test_a_passport_from_the_browser_to_shredded(people: People, settings: Settings, mailbox: Mailbox) -> None:
    passport = planted_passport()
    pixels = passport[len(passport) // 2 : len(passport) // 2 + 64]
    traces = (COMMENT, MAKER.encode(), pixels)

    # A customer on a new device asks for a copy; the request is received, its clock waits for the document.
    customer = people.signed_in()
    page = file_with_document_later(customer)
    reference = only_request().reference
    assert only_request().status is Status.IDENTITY_PENDING
    assert "Le délai est en pause depuis" in page.text

    # The passport is sent. Nothing of the original is on any disk, in clear or as it came.
    page = page.click("Envoyer la pièce").submit({"paper": "passport"}, with_field="paper")
    page = send_sides(page, page=passport)
    assert "Page reçue le" in page.text
    assert only_request().due_on is not None
    assert_no_trace(settings, *traces, b"\xff\xd8\xff\xe0\x00\x10JFIF")
    document = all_documents()[0]

    # A reviewer takes the case and sees a picture rebuilt from pixels, with nothing else in it.
    reviewer = people.signed_in_staff("reviewer", name="Nora Petit")
    case = reviewer.get(f"/staff/requests/{reference}").submit(action="/claim")
    picture = reviewer.client.get(f"/staff/documents/{document.public_id}/1")
    assert picture.status_code == 200
    assert Image.open(BytesIO(picture.data)).size == (1480, 1040)
    assert not [trace for trace in (COMMENT, MAKER.encode()) if trace in picture.data]
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

    # Nothing is left anywhere: no byte of the picture, no key, no stored object.
    assert_no_trace(settings, *traces, document.sealed_key or b"never empty", document.storage_key.encode())
    assert not list((settings.instance / "storage").rglob("*/*"))
    assert not list((settings.instance / "rendering").rglob("*.jpg"))

    # The customer sees when it was destroyed and who looked at it, and the trail is whole.
    page = customer.get(f"/requests/{reference}")
    assert re.search(r"Votre pièce d’identité a été détruite le \d+", page.text)
    assert "Vérifier votre identité" in customer.get("/access-log").text
    assert "détruite" in " ".join(text_of(mail) for mail in mailbox.to("camille@example.org"))
    assert verify_chain().fault is None
