"""Nothing typed is lost: whatever became of the session, people come back to the form with everything they wrote."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from wtforms import PasswordField

from portal import clock
from portal.accounts.models import AccountToken
from portal.infrastructure.database import db
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.lookups.models import AccessLogEntry
from portal.rights.models import RequestDraft
from portal.web.fields import CodeField
from portal.web.forms import PortalForm
from portal.web.typed_forms.models import KeptForm
from portal.web.typed_forms.sent import is_secret
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.staff_codes import code_at
from tests.support.cases import open_case, taken_in
from tests.support.filing import trust_device

EMAIL, OTHER = "camille@example.org", "dominique@example.org"
WORDS = "Toutes mes factures de 2024, s’il vous plaît :\n« et celles d’avant »."
ASK = "/requests/new/access"


@pytest.fixture
def camille(people: People) -> Browser:
    browser = people.signed_in(EMAIL)
    trust_device(EMAIL)
    return browser


def typed(page: Page, name: str = "details") -> str:
    field = page.form(with_field=name).find(attrs={"name": name})
    assert field is not None
    return str(field["value"]) if field.name == "input" else field.get_text().removeprefix("\n")


def sign_in(page: Page, email: str = EMAIL) -> Page:
    assert page.h1 == "Se connecter", page.text
    return page.submit({"email": email, "password": PASSWORD}, with_field="password")


def sign_out(browser: Browser) -> None:
    """Sign out in another tab."""
    browser.post("/sign-out", {"csrf_token": browser.form_token("/account")})


def drafts() -> int:
    return db.session.query(RequestDraft).count()


def test_a_session_that_ends_while_a_form_is_filled_loses_nothing(camille: Browser) -> None:
    form = camille.get(ASK)
    with clock.stopped_at(clock.now() + timedelta(minutes=31)):
        door = form.submit({"scope": "some", "categories": ["contact"], "details": WORDS}, with_field="details")
        assert "Ce que vous avez écrit est gardé" in door.text
        page = sign_in(door)
        assert page.status == 200
        assert page.url == ASK
        assert typed(page) == WORDS
        assert page.form(with_field="details").find(attrs={"value": "contact", "checked": True})
        assert "Rien n’est encore envoyé" in page.text
        assert drafts() == 0
        sent = page.submit(with_field="details")
        assert sent.status == 200
        assert drafts() == 1


def test_a_form_opened_before_signing_in_again_comes_back_filled(camille: Browser) -> None:
    form = camille.get(ASK)
    sign_out(camille)
    sign_in(camille.get("/sign-in"))
    page = form.submit({"details": WORDS}, with_field="details")
    assert page.status == 419
    assert typed(page) == WORDS
    assert drafts() == 0
    assert page.submit(with_field="details").status == 200
    assert drafts() == 1


def test_a_form_sent_after_another_tab_signed_out_comes_back_after_signing_in(camille: Browser) -> None:
    form = camille.get(ASK)
    sign_out(camille)
    page = sign_in(form.submit({"details": WORDS}, with_field="details"))
    assert (page.url, typed(page)) == (ASK, WORDS)


def test_nobody_else_sees_what_was_typed(app: Flask, people: People, camille: Browser) -> None:
    people.account(OTHER)
    form = camille.get(ASK)
    sign_out(camille)
    sign_in(camille.get("/sign-in"), OTHER)
    page = form.submit({"details": WORDS}, with_field="details")
    assert page.status == 419
    assert page.h1 == "Un autre compte est connecté"
    assert "factures" not in str(page.tree)
    own = page.form(action="/sign-out").find(attrs={"name": "next"})["value"]  # type: ignore[index]
    assert "factures" not in camille.get(str(own)).response.text
    assert camille.get(str(own)).url == ASK
    back = sign_in(page.submit(action="/sign-out"))
    assert (back.url, typed(back)) == (ASK, WORDS)
    stranger = people.sign_in(OTHER)
    assert "factures" not in stranger.get(str(own)).response.text


def test_a_sign_in_tab_used_twice_leads_to_the_form(camille: Browser) -> None:
    form = camille.get(ASK)
    with clock.stopped_at(clock.now() + timedelta(minutes=31)):
        door = form.submit({"details": WORDS}, with_field="details")
        assert typed(sign_in(door)) == WORDS
        assert typed(sign_in(door)) == WORDS


def test_an_address_typed_in_a_stale_sign_in_form_stays(people: People, camille: Browser) -> None:
    door = Browser(people.app).get("/sign-in")
    with door.browser.client.session_transaction() as own:
        own["csrf_token"] = "another"
    page = sign_in(door, OTHER)
    assert page.status == 419
    assert typed(page, "email") == OTHER
    assert PASSWORD not in str(page.tree)


def test_a_staff_note_survives_beside_the_other_forms_of_its_page(people: People) -> None:
    reference = taken_in(people)
    reviewer = people.signed_in_staff("reviewer")
    form = open_case(reviewer, reference)
    with clock.stopped_at(clock.now() + timedelta(minutes=16)):
        door = form.submit({"note-text": "Appelée mardi."}, with_field="note-text")
        assert door.h1 == "Connexion à l’espace agents"
        code = door.submit({"email": "reviewer@example.org", "password": PASSWORD}, with_field="password")
        page = code.submit({"code": code_at(clock.now())}, with_field="code")
        assert page.status == 200
        assert typed(page, "note-text") == "Appelée mardi.", page.text


def test_a_page_that_is_logged_shows_a_form_again_and_is_logged(people: People) -> None:
    reference = taken_in(people)
    reviewer = people.signed_in_staff("reviewer")
    form = open_case(reviewer, reference)
    with clock.stopped_at(clock.now() + timedelta(days=1)):
        door = form.submit({"note-text": "Appelée mardi."}, with_field="note-text")
        code = door.submit({"email": "reviewer@example.org", "password": PASSWORD}, with_field="password")
        before = db.session.query(AccessLogEntry).count()
        assert typed(code.submit({"code": code_at(clock.now())}, with_field="code"), "note-text") == "Appelée mardi."
        assert db.session.query(AccessLogEntry).count() == before + 1
        assert "Appelée" not in open_case(reviewer, reference).text


def test_what_was_typed_survives_the_password_that_is_asked_again(camille: Browser) -> None:
    form = camille.get("/account/address")
    with clock.stopped_at(clock.now() + timedelta(minutes=11)):
        door = form.submit({"email": OTHER}, with_field="email")
        assert door.url == "/account/confirm-password"
        page = door.submit({"password": PASSWORD}, with_field="password")
        assert typed(page, "email") == OTHER
        assert db.session.query(AccountToken).count() == 0


def test_preferences_come_back_as_they_were_set(camille: Browser) -> None:
    form = camille.get("/preferences")
    with clock.stopped_at(clock.now() + timedelta(minutes=31)):
        page = sign_in(form.submit({"offers.email": "accept"}, with_field="offers.email"))
        accepted = page.form(with_field="offers.email").find(attrs={"name": "offers.email", "value": "accept"})
        assert accepted is not None
        assert accepted.has_attr("checked")


def test_blocked_cookies_are_named(app: Flask, camille: Browser) -> None:
    for path in ("/sign-in", "/register"):
        blocking = Browser(app)
        form = blocking.get(path)
        blocking.client.delete_cookie("form")
        blocking.headers = blocking.headers | {"Sec-Fetch-Site": "same-origin"}
        page = form.submit({"email": OTHER}, with_field="email")
        assert page.status == 419
        assert "cookies" in page.h1
        assert typed(page, "email") == OTHER
        blocking.headers = blocking.headers | {"Sec-Fetch-Site": "cross-site"}
        assert OTHER not in str(form.submit({"email": OTHER}, with_field="email").tree)


def test_a_form_of_another_site_is_neither_kept_nor_shown(camille: Browser) -> None:
    form = camille.get(ASK)
    camille.headers = camille.headers | {"Sec-Fetch-Site": "cross-site"}
    camille.client.delete_cookie("form")
    page = form.submit({"details": WORDS}, with_field="details")
    assert page.status == 419
    assert "factures" not in str(page.tree)
    assert db.session.query(KeptForm).count() == 0


def test_what_is_kept_is_sealed_holds_no_secret_and_ends(camille: Browser, caplog: pytest.LogCaptureFixture) -> None:
    form = camille.get(ASK)
    with clock.stopped_at(clock.now() + timedelta(minutes=31)):
        door = form.submit({"details": WORDS}, with_field="details", follow=False)
        row = db.session.query(KeptForm).one()
        assert "factures" not in row.sealed + door.response.headers["Location"]
        assert "factures" not in json.dumps([*map(str, camille.client._cookies or {})]) + caplog.text
    with clock.stopped_at(clock.now() + timedelta(minutes=92)):
        page = sign_in(camille.get(door.response.headers["Location"]))
        assert page.url == ASK
        assert typed(page) == ""
        run_due_jobs()
        assert db.session.query(KeptForm).count() == 0


def test_keeping_is_bounded(camille: Browser) -> None:
    form = camille.get(ASK)
    with clock.stopped_at(clock.now() + timedelta(minutes=31)):
        form.submit({"details": "é" * 300_000}, with_field="details")
        assert db.session.query(KeptForm).count() == 0
        for _time in range(35):
            form.submit({"details": WORDS}, with_field="details", follow=False)
        assert db.session.query(KeptForm).count() == 30


def every_form() -> Iterator[type[PortalForm]]:
    waiting: list[Any] = [PortalForm]
    while waiting:
        form = waiting.pop()
        yield form
        waiting += form.__subclasses__()


def test_every_secret_field_has_a_name_that_tells(app: Flask) -> None:
    found = 0
    for form in every_form():
        for name in dir(form):
            kind = getattr(getattr(form, name), "field_class", None)
            if kind and issubclass(kind, PasswordField | CodeField):
                assert is_secret(name), (form, name)
                assert is_secret(f"prefix-{name}")
                found += 1
    assert found > 8
