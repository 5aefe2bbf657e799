"""The cleaned picture of a side: shown to the session that sent it until the request is sent, and openable by no one else."""

from io import BytesIO
from itertools import product
from pathlib import Path

import pytest
from flask import current_app
from PIL import Image

from portal.config import Settings
from portal.identity_checks.documents.previews import preview_id
from portal.infrastructure.jobs.worker import run_job, sweep
from portal.infrastructure.sealing.keys import KeyBroken, OpeningKeys, SessionKey
from portal.infrastructure.sealing.streams import open_whole
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.documents import specimens
from tests.support.filing import all_documents, describe_copy, file_with_document_later, send_sides


@pytest.fixture
def previews(settings: Settings) -> Path:
    return settings.instance / "storage" / "previews"


def send_front(browser: Browser) -> Page:
    page = describe_copy(browser).submit({"paper": "identity_card"}, with_field="paper")
    return send_sides(page, front=specimens.phone_jpeg())


def pictures(page: Page) -> list[str]:
    return [str(image["src"]) for image in page.tree.select(".previews img")]


def stored(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def run_jobs() -> None:
    for job_id in sweep():
        run_job(job_id)


def test_the_sender_sees_what_the_reviewer_will_see(people: People) -> None:
    browser = people.signed_in()
    (address,) = pictures(send_front(browser))
    answer = browser.client.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    picture = Image.open(BytesIO(answer.data))
    assert max(picture.size) <= 1000
    # Upright, and nothing of what the phone wrote beside the pixels.
    assert picture.width > picture.height
    assert specimens.CANARY not in answer.data
    assert not picture.getexif()
    for tail in ("/2", "/0", "/x"):
        assert browser.client.get(address.rpartition("/")[0] + tail).status_code == 404


def test_nobody_else_sees_it(people: People) -> None:
    browser = people.signed_in()
    (address,) = pictures(send_front(browser))
    other = people.signed_in("noah@example.org", given_name="Noah")
    assert other.client.get(address).status_code == 404
    elsewhere = people.sign_in("camille@example.org")
    assert elsewhere.client.get(address).status_code == 404
    shown = elsewhere.get(address.rpartition("/document/")[0] + "/document?paper=identity_card")
    assert "Recto reçu le" in shown.text
    assert "que pendant la session qui l’a envoyée" in shown.text
    assert pictures(shown) == []
    assert browser.client.get(address).status_code == 200


def test_no_key_of_the_portal_opens_it(people: People, settings: Settings, previews: Path) -> None:
    browser = people.signed_in()
    send_front(browser)
    (document,) = all_documents()
    assert document.preview_key
    (sealed,) = stored(previews)
    cookie = browser.client.get_cookie("session")
    assert cookie is not None
    context = preview_id(document.public_id).encode()
    key = SessionKey.of(cookie.value).unwrap(document.preview_key, context)
    assert open_whole(key, [sealed.read_bytes()], preview_id(document.public_id))
    assert settings.opening_keys
    with pytest.raises(KeyBroken):
        OpeningKeys.parse(settings.opening_keys).open(document.preview_key, context)
    with pytest.raises(KeyBroken):
        current_app.extensions["master_keys"].unwrap(document.preview_key, context)


def test_it_ends_when_the_request_is_sent(people: People, previews: Path) -> None:
    browser = people.signed_in()
    page = send_sides(send_front(browser), back=specimens.back())
    assert len(stored(previews)) == 2
    page.submit(action="/send")
    documents = all_documents()
    assert [(document.preview_key, document.preview_storage_key) for document in documents] == [(None, None)] * 2
    assert all(document.sealed_key for document in documents)
    run_jobs()
    assert stored(previews) == []


def test_it_ends_when_its_side_is_replaced_or_the_document_is_complete(people: People, previews: Path) -> None:
    browser = people.signed_in()
    page = send_sides(send_front(browser), front=specimens.front())
    replaced, fresh = all_documents()
    assert (replaced.preview_key, bool(fresh.preview_key)) == (None, True)
    page.submit(action="/remove")
    assert all(document.preview_key is None for document in all_documents())
    run_jobs()
    assert stored(previews) == []
    page = (
        file_with_document_later(browser)
        .follow_to("/requests/identity/")
        .submit({"paper": "passport"}, with_field="paper")
    )
    send_sides(page, page=specimens.passport())
    assert all(document.preview_key is None for document in all_documents())


def test_an_altered_preview_shows_nothing(people: People, previews: Path) -> None:
    browser = people.signed_in()
    (address,) = pictures(send_front(browser))
    (sealed,) = stored(previews)
    whole = sealed.read_bytes()
    for place, bit in product([0, 8, 2000, -1], [1, 128]):
        content = bytearray(whole)
        content[place] ^= bit
        sealed.write_bytes(content)
        answer = browser.client.get(address)
        assert (answer.status_code, answer.mimetype) == (500, "text/html")
    sealed.write_bytes(whole)
    assert browser.client.get(address).status_code == 200
