"""Handing a copy over: to its customer alone, after fresh proof, whole or not at all, and no longer than promised."""

import io
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from portal import clock
from portal.config import Settings
from portal.exports.models import AnswerPackage, PackageStatus
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import enqueue
from portal.infrastructure.storage import StorageUnavailable
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, run_asked_jobs, text_of
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.visitors import mailed_link, register
from tests.support.cases import form_token
from tests.support.looking.audit_trail import events
from tests.support.packages import build
from tests.support.servers.facebook import link_facebook


@pytest.fixture
def customer(people: People) -> Browser:
    return people.signed_in()


@pytest.fixture
def address(customer: Browser) -> str:
    """Where the page of a ready package is."""
    return f"/answers/{build(categories=['identity']).public_id}"


def fetch(browser: Browser, address: str) -> TestResponse:
    """Press the button of the package's page, as a browser does, and return the bare response."""
    answer = press(browser, address)
    return browser.client.get(answer.location) if "/file/" in answer.headers.get("Location", "") else answer


def press(browser: Browser, address: str) -> TestResponse:
    token = form_token(browser.get("/account"))
    return browser.client.post(address, data={"csrf_token": token})


def only_package() -> AnswerPackage:
    db.session.rollback()
    return db.session.execute(select(AnswerPackage)).scalar_one()


def stored(settings: Settings) -> Path:
    return Path(settings.storage_url.removeprefix("file://")) / str(only_package().storage_key)


def test_a_ready_copy_is_downloaded_counted_and_audited(customer: Browser, address: str) -> None:
    assert "Téléchargements déjà faits 0" in customer.get(address).text
    for number in (1, 2):
        answer = fetch(customer, address)
        assert answer.status_code == 200
        assert answer.mimetype == "application/zip"
        assert int(answer.headers["Content-Length"]) == len(answer.data) == only_package().size
        name = answer.headers["Content-Disposition"]
        assert name == f'attachment; filename="netkin-access-{clock.today().isoformat()}.zip"'
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert zipfile.ZipFile(io.BytesIO(answer.data)).testzip() is None
        assert only_package().downloads == number
    assert [event.facts["download"] for event in events("customer:package:downloaded")] == [1, 2]
    assert {event.facts["package"] for event in events("customer:package:downloaded")} == {only_package().public_id}


def test_a_broken_download_goes_on_and_counts_once(customer: Browser, address: str) -> None:
    place = press(customer, address).location
    whole = customer.client.get(place)
    assert whole.headers["Accept-Ranges"] == "bytes"
    tag = whole.headers["ETag"]
    for asked in (f"bytes=100-{len(whole.data) - 1}", "bytes=100-", f"bytes=-{len(whole.data) - 100}"):
        rest = customer.client.get(place, headers={"Range": asked, "If-Range": tag})
        assert rest.status_code == 206
        assert rest.headers["Content-Range"] == f"bytes 100-{len(whole.data) - 1}/{len(whole.data)}"
        assert int(rest.headers["Content-Length"]) == len(rest.data)
        assert rest.data == whole.data[100:]
    assert customer.client.head(place, headers={"Range": "bytes=0-9"}).data == b""
    other = customer.client.get(place, headers={"Range": "bytes=100-", "If-Range": '"another file"'})
    assert (other.status_code, other.data) == (200, whole.data)
    assert customer.client.get(place, headers={"Range": f"bytes={len(whole.data)}-"}).status_code == 416
    assert only_package().downloads == 1
    assert len(events("customer:package:downloaded")) == 1


def test_only_the_session_that_asked_goes_on_and_for_an_hour(people: People, customer: Browser, address: str) -> None:
    place = press(customer, address).location
    for browser in (people.sign_in("camille@example.org"), people.signed_in("other@example.org")):
        answer = browser.client.get(place, headers={"Range": "bytes=100-"})
        assert answer.status_code in {303, 404}
        assert answer.headers.get("Location") in {address, None}
    assert customer.client.get(f"{address}/file/forged").location == address
    begun = clock.now()
    for minutes, status in ((29, 200), (58, 200), (61, 303)):
        with clock.stopped_at(begun + timedelta(minutes=minutes)):
            assert customer.client.get(place).status_code == status
    assert only_package().downloads == 1


def test_looking_at_the_page_downloads_nothing(customer: Browser, address: str) -> None:
    assert customer.get(address).status == 200
    assert customer.client.get(address + "/progress").get_json() == {"status": "ready", "progress": 100}
    assert only_package().downloads == 0


def test_a_download_needs_a_form_token(customer: Browser, address: str) -> None:
    assert customer.client.post(address).status_code in {400, 419}
    assert only_package().downloads == 0


def test_an_old_sign_in_gives_the_password_again(customer: Browser, address: str) -> None:
    with clock.stopped_at(clock.now() + timedelta(minutes=10, seconds=5)):
        page = customer.get(address).submit(action=address)
        assert page.h1 == "Est-ce bien vous ?"
        assert only_package().downloads == 0
        page = page.submit({"password": "pas le bon mot de passe"}, with_field="password")
        assert page.status == 422
        assert fetch(customer, address).status_code == 303
        page = page.submit({"password": PASSWORD}, with_field="password")
        assert page.url == address
        assert fetch(customer, address).status_code == 200
    assert only_package().downloads == 1


def test_nobody_else_finds_it(people: People, customer: Browser, address: str, app: Flask) -> None:
    other = people.signed_in("other@example.org")
    assert other.get(address).status == 404
    assert other.client.get(address + "/progress").status_code == 404
    assert fetch(other, address).status_code == 404
    assert fetch(other, "/answers/" + "0" * 32).status_code == 404
    nobody = Browser(app).client.get(address)
    assert nobody.status_code == 303
    assert nobody.location.startswith("/sign-in?next=/answers/")
    reviewer = people.signed_in_staff("reviewer")
    assert reviewer.client.get(address).location.startswith("/sign-in")
    assert only_package().downloads == 0


def test_an_expired_copy_is_gone_and_so_are_its_bytes(customer: Browser, address: str, settings: Settings) -> None:
    path, over = stored(settings), only_package().expires_at
    assert over is not None
    assert timedelta(days=13) < over - clock.now() <= timedelta(days=14)
    with transaction() as session:
        session.execute(update(AnswerPackage).values(expires_at=clock.now()))
    assert fetch(customer, address).status_code == 410, "before the worker came round"
    assert path.exists()
    words = customer.get(address).text
    assert "Cette copie a pris fin le" in words
    assert "détruite" not in words, "its bytes are still there"
    with transaction():
        enqueue("retention.packages")
    run_asked_jobs()
    package = only_package()
    assert (package.status, package.wrapped_key, package.storage_key) == (PackageStatus.EXPIRED, None, None)
    assert not path.exists()
    assert list(path.parent.iterdir()) == []
    assert fetch(customer, address).status_code == 410
    page = customer.get(address)
    assert "Le délai est passé : cette copie est détruite." in page.text
    assert page.click("Demander une nouvelle copie").status == 200
    assert package.downloads == 0


@pytest.mark.parametrize("place", ["first", "middle", "last", "cut", "gone"])
def test_one_flipped_byte_and_not_one_byte_leaves(
    customer: Browser, address: str, settings: Settings, place: str
) -> None:
    path = stored(settings)
    content = bytearray(path.read_bytes())
    path.chmod(0o600)
    if place == "gone":
        path.unlink()
    else:
        if place == "cut":
            del content[-1]
        else:
            content[{"first": 0, "middle": len(content) // 2, "last": -1}[place]] ^= 1
        path.write_bytes(bytes(content))
    answer = fetch(customer, address)
    assert answer.status_code == 500
    assert answer.mimetype == "text/html"
    assert b"PK\x03\x04" not in answer.data
    assert only_package().downloads == 0
    assert events("customer:package:downloaded") == []
    assert len(events("portal:package:found_damaged")) == 1


def test_while_storage_is_away_the_copy_waits(
    customer: Browser, address: str, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*arguments: Any) -> Any:
        raise StorageUnavailable("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(app.extensions["storage"], "open", away)
        assert fetch(customer, address).status_code == 503
    assert only_package().downloads == 0
    assert fetch(customer, address).status_code == 200


def test_a_copy_that_is_being_made_says_how_far_it_is(customer: Browser) -> None:
    package = build(categories=["identity"])
    address = f"/answers/{package.public_id}"
    for status, words in (
        (PackageStatus.QUEUED, "Nous la préparons"), (PackageStatus.BUILDING, "40"), (PackageStatus.FAILED, "Notre équipe"),
    ):  # fmt: skip
        with transaction() as session:
            session.execute(update(AnswerPackage).values(status=status, progress=40))
        assert words in customer.get(address).text
        assert fetch(customer, address).status_code == 410
        assert customer.client.get(address + "/progress").get_json()["status"] == status


def change_password(browser: Browser) -> None:
    values = {"current_password": PASSWORD, "new_password": "un tout autre mot de passe long"}
    assert browser.get("/account/password").submit(values, with_field="new_password").status == 200


def test_after_a_new_password_the_copy_waits_for_three_days(customer: Browser, address: str, mailbox: Mailbox) -> None:
    change_password(customer)
    page = customer.get(address)
    opens = clock.now() + timedelta(hours=72)
    assert "Téléchargement possible à partir du" in page.text
    assert not page.tree.select(f"form[action='{address}']")
    answer = fetch(customer, address)
    assert answer.status_code == 303
    assert (only_package().downloads, events("customer:package:downloaded")) == (0, [])
    assert "aucune copie de vos données" in text_of(mailbox.last_to("camille@example.org"))
    with clock.stopped_at(opens + timedelta(minutes=1)):
        browser = Browser(customer.client.application)
        values = {"email": "camille@example.org", "password": "un tout autre mot de passe long"}
        browser.get("/sign-in").submit(values, with_field="password")
        assert fetch(browser, address).status_code == 200


def test_after_a_new_link_with_facebook_the_copy_waits_too(customer: Browser, address: str) -> None:
    link_facebook("camille@example.org")
    assert "Un accès à votre compte, mot de passe ou Facebook, a changé" in customer.get(address).text
    assert fetch(customer, address).status_code == 303
    assert only_package().downloads == 0


def test_the_password_of_a_registration_freezes_nothing(app: Flask, mailbox: Mailbox) -> None:
    browser = Browser(app)
    register(browser, "nadia@example.org")
    page = browser.get(mailed_link(mailbox, "nadia@example.org", "/confirm/")).submit()
    assert page.url == "/data"
    address = f"/answers/{build(categories=['identity']).public_id}"
    assert fetch(browser, address).status_code == 200
