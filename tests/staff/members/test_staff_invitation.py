"""An invitation from the link to the first page, through the real forms."""

from datetime import timedelta
from xml.etree import ElementTree

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.permissions import Role
from portal.config import Settings
from portal.infrastructure.database import db, transaction
from portal.infrastructure.one_time_tokens import write_token
from portal.staff.members.invitation import invite, link_of
from portal.staff.models import RecoveryCode, StaffMember
from tests.support.acting.browser import Browser, Page
from tests.support.acting.staff_codes import code_at, to_code_page, told
from tests.support.looking.audit_trail import events

PASSWORD = "quatre mots sans aucun rapport"


@pytest.fixture
def link(app: Flask, settings: Settings) -> str:
    """The path of the link of an invited reviewer."""
    with transaction():
        invitation = invite("nora@example.org", "Nora Petit", Role.REVIEWER, actor="command")
        return link_of(invitation, settings).removeprefix(settings.public_url)


def the_member() -> StaffMember:
    db.session.rollback()
    return db.session.execute(select(StaffMember)).scalar_one()


def secret_on(page: Page) -> str:
    return page.tree.select_one("code.secret").get_text().replace(" ", "").strip()


def to_second_factor(browser: Browser, link: str, password: str = PASSWORD) -> Page:
    page = browser.get(link).submit({"password": password}, with_field="password")
    assert page.url == "/staff/invitation/second-factor", page.text
    return page


def test_the_whole_way_in(app: Flask, link: str) -> None:
    page = to_second_factor(Browser(app), link)
    secret = secret_on(page)
    page = page.submit({"code": code_at(secret=secret)}, with_field="code")

    assert page.url == "/staff/recovery-codes"
    codes = [code.get_text() for code in page.tree.select(".secret li code")]
    assert len(set(codes)) == 8
    assert page.browser.get("/staff/recovery-codes").text.count(codes[0]) == 1
    page = told(page.submit(action=""))
    assert page.url == "/staff/queue"
    assert codes[0] not in page.browser.get("/staff/recovery-codes").text

    assert Browser(app).get(link).status == 410
    assert [event.tag for event in events("staff:member:activated")] == ["staff:member:activated"]
    with clock.stopped_at(clock.now() + timedelta(minutes=1)):
        page = to_code_page(app, "nora@example.org", password=PASSWORD)
        assert page.submit({"code": code_at(secret=secret)}, with_field="code").url == "/staff/queue"
    page = to_code_page(app, "nora@example.org", password=PASSWORD)
    assert page.submit({"code": codes[7]}, with_field="code").url == "/staff/queue"


def test_the_language_of_the_way_in_is_kept(app: Flask, link: str) -> None:
    page = to_second_factor(Browser(app, "en"), link)
    page = page.submit({"code": code_at(secret=secret_on(page))}, with_field="code")

    assert page.h1 == "Your recovery codes"
    assert the_member().language == "en"


def test_nothing_of_it_stands_in_the_database_in_clear(app: Flask, link: str) -> None:
    page = to_second_factor(Browser(app), link)
    secret = secret_on(page)
    page = page.submit({"code": code_at(secret=secret)}, with_field="code")
    codes = [code.get_text() for code in page.tree.select(".secret li code")]
    db.session.rollback()
    tables = db.metadata.sorted_tables
    stored = " ".join(str(row) for table in tables for row in db.session.execute(select(table)))

    assert "nora@example.org" in stored
    for word in (link.rpartition(".")[2], secret, PASSWORD, codes[0], codes[0].replace("-", "")):
        assert word not in stored
    cookies = " ".join(page.response.headers.getlist("Set-Cookie"))
    assert codes[0] not in cookies
    hashes = db.session.execute(select(RecoveryCode.code_hash)).scalars().all()
    assert all(text.startswith("$argon2id$") for text in hashes)


def test_abandoned_half_way_the_same_link_starts_again(app: Flask, link: str) -> None:
    first = to_second_factor(Browser(app), link)
    second = to_second_factor(Browser(app), link, password="une toute autre suite de mots")

    assert secret_on(first) != secret_on(second)
    assert first.submit({"code": code_at(secret=secret_on(first))}, with_field="code").status == 422
    done = second.submit({"code": code_at(secret=secret_on(second))}, with_field="code")
    assert done.url == "/staff/recovery-codes"


def test_nobody_signs_in_before_the_end(app: Flask, link: str) -> None:
    to_second_factor(Browser(app), link)
    values = {"email": "nora@example.org", "password": PASSWORD}

    assert Browser(app).get("/staff/sign-in").submit(values, with_field="password").status == 422


def test_the_link_lives_for_a_day(app: Flask, link: str) -> None:
    browser = Browser(app)
    page = browser.get(link)
    with clock.stopped_at(clock.now() + timedelta(hours=23, minutes=59)):
        assert Browser(app).get(link).status == 200
    with clock.stopped_at(clock.now() + timedelta(hours=24, seconds=1)):
        assert Browser(app).get(link).status == 410
        assert page.submit({"password": PASSWORD}, with_field="password").status == 410
    assert the_member().password_hash is None


def test_a_garbled_link_opens_nothing(app: Flask, link: str) -> None:
    altered = link[:-1] + ("0" if link[-1] != "0" else "1")

    for path in (altered, link.partition(".")[0], "/staff/invitation/x", "/staff/invitation/" + "a" * 5000):
        page = Browser(app).get(path)
        assert page.status == 410
        assert page.h1 == "Ce lien ne fonctionne plus"


def test_the_second_page_needs_the_first(app: Flask, link: str) -> None:
    browser = Browser(app)
    browser.get(link)

    assert browser.get("/staff/invitation/second-factor").status == 410
    assert browser.get("/staff/invitation/second-factor.svg").status == 404


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "Choisissez un mot de passe."),
        ("quatorze lettr", "écrivez au moins 15 caractères."),
        ("mot de passe " * 10, "128"),
        ("passwordpassword", "parmi les premiers que d’autres essaieraient"),
        ("123456789012345678", "parmi les premiers que d’autres essaieraient"),
        ("azertyuiopqsdfghj", "parmi les premiers que d’autres essaieraient"),
        ("correct horse battery staple", "parmi les premiers que d’autres essaieraient"),
        ("nora.petit@example.org", "tiré ni de votre nom"),
        ("NoraPetitNetkin2026", "tiré ni de votre nom"),
    ],
)
def test_a_weak_password_is_refused_with_its_cure(app: Flask, link: str, password: str, words: str) -> None:
    page = Browser(app).get(link).submit({"password": password}, with_field="password")

    assert page.status == 422
    assert words in page.errors[0]
    assert the_member().password_hash is None


@pytest.mark.parametrize(
    "password",
    [
        "quinze lettres!",
        "  espaces   devant et derrière  ",
        "日本語の長いパスフレーズです、はい",
        "xw" * 60 + "abcdefgh",
    ],
)
def test_any_characters_make_a_password(app: Flask, link: str, password: str) -> None:
    to_second_factor(Browser(app), link, password)


def test_a_wrong_code_keeps_the_secret_and_tries_are_limited(app: Flask, link: str) -> None:
    page = to_second_factor(Browser(app), link)
    secret = secret_on(page)
    for _try in range(10):
        page = page.browser.get("/staff/invitation/second-factor").submit({"code": "000000"}, with_field="code")
        assert page.status == 422
    assert secret_on(page) == secret
    assert page.submit({"code": "000000"}, with_field="code").status == 429


def test_the_picture_is_a_clean_uncached_drawing(app: Flask, link: str) -> None:
    page = to_second_factor(Browser(app), link)
    picture = page.tree.select_one("img.qr")
    response = page.browser.client.get(picture["src"])

    assert response.mimetype == "image/svg+xml"
    assert response.headers["Cache-Control"] == "no-store"
    drawing = response.get_data(as_text=True)
    assert "style" not in drawing
    assert "script" not in drawing
    assert ElementTree.fromstring(drawing).tag == "{http://www.w3.org/2000/svg}svg"


def test_the_link_is_not_told_to_the_next_site(app: Flask, link: str) -> None:
    response = Browser(app).get(link).response

    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "no-store"


def test_a_link_of_another_kind_is_no_invitation(app: Flask, link: str, settings: Settings) -> None:
    public_id = link.rpartition("/")[2].partition(".")[0]
    other = write_token(settings.secret_key, "second_factor", public_id)

    assert Browser(app).get(f"/staff/invitation/{other}").status == 410
