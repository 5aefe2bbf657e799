"""What staff members do about their own way in, through the real forms."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.permissions import Role
from portal.infrastructure.database import db
from portal.staff.models import StaffSession
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.staff_codes import code_at, to_code_page
from tests.support.cases import form_token
from tests.support.looking.audit_trail import events

EMAIL = "reviewer@example.org"
NEW = "encore quatre mots différents"


@pytest.fixture
def nora(people: People) -> Browser:
    return people.signed_in_staff(Role.REVIEWER)


def sign_in_elsewhere(app: Flask, minutes: int = 1, password: str = PASSWORD) -> Browser:
    with clock.stopped_at(clock.now() + timedelta(minutes=minutes)):
        page = to_code_page(app, EMAIL, password=password).submit({"code": code_at()}, with_field="code")
    assert page.status == 200
    return page.browser


def test_the_page_tells_role_codes_and_sessions(nora: Browser) -> None:
    page = nora.get("/staff/account")

    assert "Vérification" in page.text
    assert "Il reste 0 code" in page.text
    assert "celle-ci" in page.text
    assert len(page.tree.select(".rows li")) == 1


def test_other_sessions_can_be_ended(app: Flask, nora: Browser) -> None:
    elsewhere = sign_in_elsewhere(app)

    page = nora.get("/staff/account").submit(action="/staff/account/sessions")

    assert "1 session est fermée." in page.text
    assert nora.get("/staff/account").status == 200
    assert elsewhere.get("/staff/account").url == "/staff/sign-in"
    assert events("staff:other_sessions:ended")[0].facts == {"sessions": 1}


def test_one_session_is_ended_and_the_others_stay(app: Flask, nora: Browser) -> None:
    elsewhere = [sign_in_elsewhere(app, minutes) for minutes in (1, 2)]

    with clock.stopped_at(clock.now() + timedelta(minutes=3)):
        page = nora.get("/staff/account")
        offered = [str(form["action"]) for form in page.tree.select("form[action$='/end']")]
        assert len(offered) == 2
        (own,) = {row.public_id for row in db.session.execute(select(StaffSession)).scalars()} - {
            action.split("/")[-2] for action in offered
        }
        assert nora.post(f"/staff/account/sessions/{own}/end", {"csrf_token": form_token(page)}).status == 404
        page = page.submit(action=offered[0])
        assert "Cette session est fermée." in page.text
        assert len(page.tree.select("form[action$='/end']")) == 1
        assert nora.get("/staff/account").status == 200
        assert sorted(browser.get("/staff/account").url for browser in elsewhere) == [
            "/staff/account",
            "/staff/sign-in",
        ]
    assert len(events("staff:session:revoked")) == 1


def test_a_colleagues_session_is_not_found(people: People, nora: Browser) -> None:
    people.signed_in_staff("officer")
    theirs = db.session.execute(select(StaffSession.public_id).order_by(StaffSession.id.desc())).scalars().first()
    token = form_token(nora.get("/staff/account/password"))
    assert nora.post(f"/staff/account/sessions/{theirs}/end", {"csrf_token": token}).status == 404


@pytest.mark.parametrize("act", ["new password", "end other sessions"])
def test_a_sign_in_that_waits_for_its_code_ends_too(app: Flask, nora: Browser, act: str) -> None:
    waiting = to_code_page(app, EMAIL)

    if act == "new password":
        nora.get("/staff/account/password").submit({"current": PASSWORD, "password": NEW}, with_field="current")
    else:
        nora.post("/staff/account/sessions", {"csrf_token": nora.form_token("/staff/account")})

    with clock.stopped_at(clock.now() + timedelta(minutes=1)):
        assert waiting.submit({"code": code_at()}, with_field="code").url == "/staff/sign-in"


def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(
    app: Flask, nora: Browser, mailbox: Mailbox
) -> None:
    elsewhere = sign_in_elsewhere(app)
    form = nora.get("/staff/account/password")
    wrong = form.submit({"current": NEW, "password": NEW}, with_field="current")
    assert wrong.errors == ["Ce mot de passe n’est pas le bon. Saisissez-le à nouveau."]
    weak = form.submit({"current": PASSWORD, "password": "court"}, with_field="current")
    assert weak.errors == ["« Nouveau mot de passe » : écrivez au moins 15 caractères."]

    page = form.submit({"current": PASSWORD, "password": NEW}, with_field="current")

    assert page.url == "/staff/account"
    assert elsewhere.get("/staff/account").url == "/staff/sign-in"
    assert nora.get("/staff/account").status == 200
    values = {"email": EMAIL, "password": PASSWORD}
    assert Browser(app).get("/staff/sign-in").submit(values, with_field="password").status == 422
    sign_in_elsewhere(app, minutes=3, password=NEW)
    assert events("staff:password:changed")[0].facts == {"sessions": 1}
    subjects = [mail["Subject"] for mail in mailbox.to(EMAIL)]
    assert "Le mot de passe de votre compte agent a changé" in subjects


def test_present_passwords_cannot_be_tried_for_ever(nora: Browser) -> None:
    form = nora.get("/staff/account/password")
    statuses = [form.submit({"current": "faux", "password": NEW}, with_field="current").status for _try in range(6)]

    assert statuses == [422] * 5 + [429]


def new_codes(nora: Browser) -> list[str]:
    page = nora.get("/staff/account/recovery-codes").submit(action="/recovery-codes")
    assert page.url == "/staff/recovery-codes"
    codes = [code.get_text() for code in page.tree.select(".secret li code")]
    page.submit(action="")
    return codes


def test_new_recovery_codes_replace_the_old_ones(app: Flask, nora: Browser, mailbox: Mailbox) -> None:
    old, new = new_codes(nora), new_codes(nora)

    assert len(set(old + new)) == 16
    assert to_code_page(app, EMAIL).submit({"code": old[0]}, with_field="code").status == 422
    assert to_code_page(app, EMAIL).submit({"code": new[0]}, with_field="code").url == "/staff/queue"
    assert [event.facts["change"] for event in events("staff:second_factor:changed")] == ["codes_renewed"] * 2
    assert sum("second facteur" in mail["Subject"] for mail in mailbox.to(EMAIL)) == 2


def test_recovery_codes_need_a_fresh_password(nora: Browser) -> None:
    page = nora.get("/staff/account/recovery-codes")
    with clock.stopped_at(clock.now() + timedelta(minutes=11)):
        assert page.submit(action="/recovery-codes").url == "/staff/account/confirm-password"
    assert events("staff:second_factor:changed") == []
