"""Registration: one answer, one kind of write and one time for any address."""

import pytest
from flask import Flask
from sqlalchemy import select

from portal.accounts.models import Account, AccountToken
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.infrastructure.jobs.models import Job
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.people import People
from tests.support.acting.visitors import come_from, count, register, statements, writes_of


def test_a_registration_is_answered_by_a_mail(browser: Browser, mailbox: Mailbox) -> None:
    page = register(browser, "Nadia@Example.org")
    assert page.h1 == "Consultez votre messagerie"
    assert "Nadia@Example.org" in page.text
    account = db.session.query(Account).one()
    assert account.email_normalised == "nadia@example.org"
    assert account.customer_id is None
    assert account.email_confirmed_at is None
    assert "Nadia" not in text_of(mailbox.last_to("Nadia@Example.org"))
    assert mailbox.last_to("Nadia@Example.org")["Subject"] == "Confirmer votre adresse – Netkin"


def test_an_unconfirmed_account_makes_no_customer(browser: Browser, mailbox: Mailbox) -> None:
    register(browser, "nadia@example.org")
    mailbox.all()
    assert count(Customer) == 0


def test_a_known_address_gets_the_same_answer_and_another_mail(app: Flask, people: People, mailbox: Mailbox) -> None:
    people.account("camille@example.org")
    known, unknown = (register(Browser(app), email) for email in ("camille@example.org", "nadia@example.org"))
    assert known.text.replace("camille@", "nadia@") == unknown.text
    mail = mailbox.last_to("camille@example.org")
    assert mail["Subject"] == "Vous avez déjà un compte – Netkin"
    assert "/confirm/" not in text_of(mail)
    assert "Bonjour Camille," in text_of(mail)
    assert count(AccountToken) == 1, "the known address got no link"


def test_a_registration_runs_the_same_statements_for_any_address(app: Flask, people: People) -> None:
    people.account("camille@example.org")
    runs = []
    for email in ("warm-up@example.org", "camille@example.org", "nadia@example.org"):
        page = Browser(app).get("/register")
        values = {"given_name": "A", "family_name": "B", "email": email, "password": "quatre mots au hasard"}
        with statements() as seen:
            page.submit(values, with_field="given_name", follow=False)
        runs.append(seen)
    assert runs[1] == runs[2]
    assert [text for text in runs[1] if "INSERT INTO accounts" in text]


def test_the_browser_cannot_tell_a_known_address_from_its_cookie(app: Flask, people: People) -> None:
    people.account("camille@example.org")
    shapes = []
    for email in ("camille@example.org", "nadia@example.org"):
        browser = Browser(app)
        register(browser, email)
        with browser.client.session_transaction() as form_session:
            shapes.append(sorted((key, type(value).__name__) for key, value in form_session.items()))
    assert shapes[0] == shapes[1]


def test_the_page_after_a_registration_survives_reload_and_resends(browser: Browser, mailbox: Mailbox) -> None:
    register(browser, "nadia@example.org")
    page = browser.get("/register/sent").submit(action="/register/resend")
    assert "Un nouvel e-mail est en route." in page.text
    assert page.url == "/register/sent"
    assert len(mailbox.to("nadia@example.org")) == 2


def test_without_a_registration_there_is_nothing_to_resend(browser: Browser) -> None:
    assert browser.get("/register/sent").url == "/register"


def test_one_address_gets_five_mails_an_hour_and_always_the_same_page(app: Flask, mailbox: Mailbox) -> None:
    pages = [register(come_from(Browser(app), f"192.0.2.{number}"), "nadia@example.org").text for number in range(1, 9)]
    assert len(set(pages)) == 1
    assert len(mailbox.to("nadia@example.org")) == 5


def test_one_network_may_register_twenty_times_an_hour(app: Flask) -> None:
    browser = Browser(app)
    pages = [register(browser, f"person{number}@example.org") for number in range(21)]
    assert [page.status for page in pages[:20]] == [200] * 20
    assert pages[20].status == 429
    assert int(pages[20].response.headers["Retry-After"]) > 0
    assert count(Account) == 20


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"email": ""}, "Saisissez votre adresse e-mail."),
        ({"email": "nadia"}, "adresse e-mail"),
        ({"password": ""}, "Choisissez un mot de passe."),
        ({"password": "court"}, "écrivez au moins 12 caractères."),
        ({"password": "motdepasse123456"}, "Ce mot de passe est parmi les premiers"),
        ({"password": "nadia@example.org!"}, "Choisissez un mot de passe qui n’est tiré ni"),
        (
            {"email": "x@example.org", "password": "Nadia-Benali-2026", "family_name": "Benali"},
            "n’est tiré ni de votre nom",
        ),
        ({"password": "x" * 129}, "écrivez 128 caractères au plus"),
        ({"given_name": "n" * 201}, "200"),
    ],
)
def test_a_refused_registration_keeps_what_was_typed(browser: Browser, changed: dict[str, str], message: str) -> None:
    page = register(browser, **({"email": "nadia@example.org"} | changed))
    assert page.status == 422
    assert page.tree.title
    if message != "adresse e-mail":  # that text belongs to another catalogue
        assert any(message in error for error in page.errors), page.errors
    assert len(page.errors) == 1
    if "family_name" not in changed:
        assert page.form().find(attrs={"name": "family_name"})["value"] == "Benali"
    assert not page.form().find(attrs={"name": "password"}).get("value")
    assert count(Account) == 0


def test_one_name_is_enough_and_none_is_not(browser: Browser) -> None:
    assert register(browser, "nadia@example.org", given_name="Suharto", family_name="").status == 200
    assert register(browser, "other@example.org", given_name="", family_name="Suharto").status == 200
    for nothing in (" ", "\u200b", "\u3164", "\u2800\ufe0f", "\ufeff\u00ad"):
        page = register(browser, "none@example.org", given_name=nothing, family_name=nothing)
        assert page.errors == ["Saisissez votre prénom.", "Saisissez votre nom."], nothing
    assert count(Account) == 2


@pytest.mark.parametrize(
    "pasted",
    [
        "mailto:nadia@example.org", "<nadia@example.org>", "Nadia Benali <nadia@example.org>,", "nadia@example.org.",
        "\u200bnadia@example\u200b.org\ufeff", "MAILTO:nadia@example.org?subject=x", "« nadia@example.org »", '"nadia@example.org"',
        "\u00a0nadia@example.org\u202f", "nadia\u00ad@example.org;", "(nadia@example.org)",
    ],
)  # fmt: skip
def test_an_address_is_read_as_it_is_pasted(browser: Browser, pasted: str) -> None:
    assert register(browser, pasted).status == 200
    account = db.session.execute(select(Account)).scalar_one()
    assert account.email == account.email_normalised == "nadia@example.org"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("Jean.Dupont.@docomo.ne.jp", "jean.dupont.@docomo.ne.jp"),
        ("jean..dupont@docomo.ne.jp", "jean..dupont@docomo.ne.jp"),
        ('"jean dupont"@example.org', '"jean dupont"@example.org'),
        ("jörg@müller.de", "jörg@xn--mller-kva.de"),
        ("o'neil+tag@example.org", "o'neil+tag@example.org"),
    ],
)
def test_an_unusual_address_registers_and_gets_its_mail(
    browser: Browser, mailbox: Mailbox, typed: str, kept: str
) -> None:
    assert register(browser, typed).status == 200
    assert db.session.execute(select(Account.email_normalised)).scalar_one() == kept
    assert len(mailbox.all()) == 1


def test_names_lose_control_characters_and_nothing_else(browser: Browser) -> None:
    register(browser, "nadia@example.org", given_name=" Na\x00dia\r\nB ", family_name="O’Neil-d’Été <b>{{7*7}}")
    account = db.session.query(Account).one()
    assert account.given_name == "Na dia B"
    assert account.family_name == "O’Neil-d’Été <b>{{7*7}}"


def test_nothing_is_sent_before_the_commit(app: Flask, browser: Browser) -> None:
    writes = writes_of(lambda: register(browser, "nadia@example.org"))
    assert sum("INSERT INTO jobs" in text for text in writes) == 1
    assert db.session.query(Job).one().arguments == {"account_id": db.session.query(Account).one().id}
