"""Stopping messages from outside: by one click of a mail program (RFC 8058), by the page, by a link asked for."""

import pytest
from flask import Flask

from portal.config import Settings
from portal.customers.models import CustomerStatus
from portal.infrastructure.database import transaction
from portal.infrastructure.one_time_tokens import write_token
from portal.preferences.choices.consent import Choice, record_choices
from portal.preferences.choices.unsubscribing import EMAIL_FLAGS
from portal.preferences.feed.reading import LINK_PURPOSE
from portal.preferences.models import Origin
from portal.preferences.purposes import FLAG_CODES
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, link_in, text_of
from tests.support.acting.people import People
from tests.support.preferences import FeedClient, customer_of, flags_on, press, proofs, state_of

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
OTHERS = set(FLAG_CODES) - set(EMAIL_FLAGS)


@pytest.fixture
def link(app: Flask, people: People) -> str:
    """The path of Camille's link, as marketing gets it, with everything accepted."""
    people.account()
    accept(list(FLAG_CODES))
    url = FeedClient(app).get("/feed/v1/unsubscribe-links/C-camille").get_json()["url"]
    return str(url).removeprefix("http://localhost:8000")


def accept(flags: list[str]) -> None:
    with transaction():
        choices = [Choice(flag, True, "w", "1") for flag in flags]
        record_choices(customer_of("camille@example.org"), choices, origin=Origin.PORTAL, language="fr")


@pytest.mark.parametrize("content_type", ["multipart/form-data", "application/x-www-form-urlencoded"])
def test_a_mail_program_stops_the_emails(app: Flask, link: str, content_type: str) -> None:
    client = app.test_client(use_cookies=False)
    for _time in range(3):
        response = client.post(link, data=ONE_CLICK, content_type=content_type)
        assert response.status_code == 200
        assert "Set-Cookie" not in response.headers
        assert "Location" not in response.headers
    assert flags_on() == OTHERS
    assert len([proof for proof in proofs() if proof.origin is Origin.MAIL_LINK]) == len(EMAIL_FLAGS)


@pytest.mark.parametrize("end", [b"\r\n", b"\n", b" \r\n\r\n"])
def test_line_ends_after_the_body_do_not_matter(app: Flask, link: str, end: bytes) -> None:
    client = app.test_client(use_cookies=False)
    plain = b"List-Unsubscribe=One-Click" + end
    parts = b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click%s\r\n--b--\r\n' % end
    for body, content_type in [
        (plain, "application/x-www-form-urlencoded"), (parts, "multipart/form-data; boundary=b"),
    ]:  # fmt: skip
        accept(list(FLAG_CODES))
        response = client.post(link, data=body, content_type=content_type)
        assert (response.status_code, response.text) == (200, "Unsubscribed.\n")
        assert flags_on() == OTHERS


URLENCODED = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"List-Unsubscribe=One-Click", None), (b"List-Unsubscribe=One-Click\r\n", "text/plain"),
        (b"\r\nList-Unsubscribe=One-Click", URLENCODED), (b"\xef\xbb\xbfList-Unsubscribe=One-Click", URLENCODED),
        (b"List-Unsubscribe=one-click", URLENCODED), (b'List-Unsubscribe="One-Click"', URLENCODED),
        (b"List-Unsubscribe=&List-Unsubscribe=One-Click", URLENCODED), (b"a=b&List%2DUnsubscribe=One%2DClick&", URLENCODED),
        (b"List-Unsubscribe=One-Click\0", f"{URLENCODED}; charset=UTF-8"),
        (b"--b\nContent-Disposition: form-data; name=List-Unsubscribe\n\nOne-Click\n--b--", 'multipart/form-data; boundary="b"'),
    ],
)  # fmt: skip
def test_mail_programs_write_the_one_line_in_their_own_ways(
    app: Flask, link: str, body: bytes, content_type: str | None
) -> None:
    client = app.test_client(use_cookies=False)
    assert client.post(link, data=body, content_type=content_type).status_code == 200
    assert flags_on() == OTHERS


@pytest.mark.parametrize(
    "body", [{}, {"List-Unsubscribe": "One-Clicks"}, {"List-Unsubscribe": ""}, {"list-unsubscribe": "One-Click"}]
)
def test_what_only_follows_links_stops_nothing(app: Flask, link: str, body: dict[str, str]) -> None:
    assert app.test_client(use_cookies=False).post(link, data=body).status_code == 400
    assert flags_on() == set(FLAG_CODES)


def test_only_the_key_of_this_link_stops_the_emails(app: Flask, link: str, people: People, settings: Settings) -> None:
    client, camille = app.test_client(use_cookies=False), customer_of("camille@example.org")
    public_id, _dot, signature = link.removeprefix("/unsubscribe/").partition(".")
    people.account("jean@example.org")
    of_jean = FeedClient(app).get("/feed/v1/unsubscribe-links/C-jean").get_json()["url"].rpartition("/")[2]
    for token in (
        write_token(settings.secret_key, "reset", public_id),
        write_token(settings.secret_key, LINK_PURPOSE, camille.public_id),
        f"{of_jean.partition('.')[0]}.{signature}",
        f"{public_id}.{of_jean.partition('.')[2]}",
        public_id,
    ):
        client.post(f"/unsubscribe/{token}", data=ONE_CLICK)
    client.post(f"/unsubscribe/{of_jean}", data=ONE_CLICK)
    assert flags_on() == set(FLAG_CODES)
    assert client.post(link, data=ONE_CLICK).status_code == 200
    assert flags_on() == OTHERS


def test_opening_the_link_changes_nothing(link: str, browser: Browser) -> None:
    sequence = state_of().sequence
    page = browser.get(link)
    assert page.status == 200
    assert "Offres de partenaires, par e-mail" in page.text
    assert browser.client.head(link).status_code == 200
    assert state_of().sequence == sequence
    assert flags_on() == set(FLAG_CODES)


def test_the_page_stops_them_in_one_click_without_signing_in(link: str, browser: Browser, mailbox: Mailbox) -> None:
    page = press(browser.get(link), "Arrêter ces e-mails")
    assert page.h1 == "Nos e-mails sont arrêtés"
    assert page.url.endswith("/done")
    assert flags_on() == OTHERS
    assert "Remettre ces e-mails" not in page.text
    assert page.link("Se connecter et les remettre") == "/preferences"
    assert "Nous ne vous envoyons plus" in text_of(mailbox.last_to("camille@example.org"))
    press(browser.get(link), "Arrêter ces e-mails")
    assert len(mailbox.to("camille@example.org")) == 1, "the second click is no news"


def test_the_done_page_is_true(link: str, browser: Browser) -> None:
    page = browser.get(f"{link}/done")
    assert page.url == link, "nothing was stopped yet"
    assert page.h1 == "Arrêter nos e-mails"


def test_the_signed_in_customer_puts_back_what_was_on(people: People, link: str) -> None:
    with transaction():
        choice = Choice("surveys.email", False, "w", "2")
        record_choices(customer_of("camille@example.org"), [choice], origin=Origin.PORTAL, language="fr")
    browser = people.sign_in("camille@example.org")
    page = press(browser.get(link), "Arrêter ces e-mails")
    page = press(page, "Remettre ces e-mails")
    assert page.url == "/preferences"
    assert flags_on() == set(FLAG_CODES) - {"surveys.email"}


def test_somebody_else_signed_in_cannot_put_back(people: People, link: str) -> None:
    browser = people.signed_in("jean@example.org")
    page = press(browser.get(link), "Arrêter ces e-mails")
    assert "Remettre ces e-mails" not in page.text
    assert flags_on() == OTHERS


@pytest.mark.parametrize("damage", [lambda link: link[:-1], lambda link: link + "0", lambda link: "/unsubscribe/x"])
def test_a_damaged_link_still_helps(browser: Browser, link: str, damage: object) -> None:
    bad = damage(link)  # type: ignore[operator]
    page = browser.get(bad)
    assert page.status == 404
    assert "Nous ne connaissons pas ce lien." in page.text
    assert page.form(with_field="email")
    assert browser.post(bad, ONE_CLICK).status == 404
    assert flags_on() == set(FLAG_CODES)


def test_a_link_is_sent_to_the_address_and_the_answer_is_the_same(
    browser: Browser, link: str, mailbox: Mailbox
) -> None:
    page = browser.get("/unsubscribe")
    known = page.submit({"email": " Camille@example.org "}, with_field="email")
    unknown = browser.get("/unsubscribe").submit({"email": "nobody@example.org"}, with_field="email")
    assert known.text == unknown.text
    assert known.url == unknown.url == "/unsubscribe/asked"
    assert mailbox.to("nobody@example.org") == []
    mail = mailbox.last_to("camille@example.org")
    assert link_in(mail) == link
    page = press(browser.get(link_in(mail)), "Arrêter ces e-mails")
    assert flags_on() == OTHERS


def test_what_is_no_address_is_said_to_be_none(browser: Browser) -> None:
    page = browser.get("/unsubscribe").submit({"email": "camille"}, with_field="email")
    assert page.status == 422
    assert page.errors
    page = page.submit({"email": ""}, with_field="email")
    assert page.errors == ["Saisissez votre adresse e-mail."]


def test_nobody_is_flooded_with_links(browser: Browser, link: str, mailbox: Mailbox) -> None:
    for _time in range(8):
        page = browser.get("/unsubscribe").submit({"email": "camille@example.org"}, with_field="email")
        assert page.status == 200
    assert len(mailbox.to("camille@example.org")) == 5


def test_the_link_of_an_erased_person_is_harmless(app: Flask, browser: Browser, link: str) -> None:
    with transaction():
        customer_of("camille@example.org").status = CustomerStatus.ERASED
    assert browser.post(link, ONE_CLICK).status == 200
    assert "Nous n’envoyons plus rien" in browser.get(link).text
    assert len(proofs()) == len(FLAG_CODES)


def test_it_speaks_english(app: Flask, link: str) -> None:
    page = Browser(app, "en").get(link)
    assert page.h1 == "Stop our e-mails"
    page = press(page, "Stop these e-mails")
    assert page.h1 == "Our e-mails are stopped"
    assert {proof.language for proof in proofs() if proof.origin is Origin.MAIL_LINK} == {"en"}
