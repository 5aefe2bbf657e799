"""A signed-in customer changes the password: the current one is asked, other sessions are out."""

import pytest
from flask import Flask

from portal.accounts.models import Account
from portal.infrastructure.database import db
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.visitors import ask_for_reset, is_signed_in, mailed_link, sign_in

EMAIL = "camille@example.org"
NEW = "une nouvelle phrase secrète"


def change(browser: Browser, current: str, new: str):
    page = browser.get("/account").click("Changer le mot de passe")
    return page.submit({"current_password": current, "new_password": new})


def test_the_new_password_replaces_the_old(app: Flask, people: People, mailbox: Mailbox) -> None:
    browser, other = people.signed_in(EMAIL), people.sign_in(EMAIL)
    before = browser.client.get_cookie("session").value
    page = change(browser, PASSWORD, NEW)
    assert page.url == "/account"
    assert "Votre mot de passe est changé. Vos autres sessions sont fermées." in page.text
    assert is_signed_in(browser)
    assert not is_signed_in(other)
    assert browser.client.get_cookie("session").value != before
    assert sign_in(Browser(app), EMAIL, PASSWORD).status == 422
    assert sign_in(Browser(app), EMAIL, NEW).url == "/data"
    assert any(mail["Subject"].startswith("Votre mot de passe a été changé") for mail in mailbox.to(EMAIL))


@pytest.mark.parametrize(
    ("current", "new", "message"),
    [
        ("un mauvais mot de passe", NEW, "Ce mot de passe n’est pas le bon. Saisissez-le à nouveau."),
        ("", NEW, "Saisissez votre mot de passe actuel."),
        (PASSWORD, "", "Choisissez un mot de passe."),
        (PASSWORD, "court", "« Nouveau mot de passe » : écrivez au moins 12 caractères."),
        (
            PASSWORD,
            "camille@example.org",
            "Choisissez un mot de passe qui n’est tiré ni de votre nom, ni de votre adresse e-mail, ni de notre nom.",
        ),
    ],
)
def test_a_refused_change_changes_nothing(people: People, current: str, new: str, message: str) -> None:
    browser = people.signed_in(EMAIL)
    before = db.session.query(Account).one().password_hash
    page = change(browser, current, new)
    assert (page.status, page.errors) == (422, [message])
    assert db.session.query(Account).one().password_hash == before
    assert is_signed_in(browser)


def test_a_wrong_current_password_and_a_short_new_one_are_told_at_once(people: People) -> None:
    page = change(people.signed_in(EMAIL), "un mauvais mot de passe", "court")
    assert page.errors == [
        "Ce mot de passe n’est pas le bon. Saisissez-le à nouveau.",
        "« Nouveau mot de passe » : écrivez au moins 12 caractères.",
    ]


def test_an_open_reset_link_dies_with_the_old_password(people: People, mailbox: Mailbox) -> None:
    browser = people.signed_in(EMAIL)
    ask_for_reset(browser, EMAIL)
    link = mailed_link(mailbox, EMAIL, "/password/reset/")
    change(browser, PASSWORD, NEW)
    assert browser.get(link).status == 410


def test_tries_of_the_current_password_are_bounded(people: People) -> None:
    browser = people.signed_in(EMAIL)
    statuses = [change(browser, "un mauvais mot de passe", NEW).status for _ in range(11)]
    assert statuses == [422] * 10 + [429]


def test_nobody_changes_it_without_signing_in(browser: Browser) -> None:
    assert browser.get("/account/password").url == "/sign-in"
