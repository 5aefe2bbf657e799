"""The pages that anybody may open."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from portal import clock
from portal.accounts.models import Account
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.organisation import GapCode
from portal.personal_data.organisation_gaps import gaps
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.complete_organisation import nothing_missing

TEMPLATES = Path(__file__).parents[2] / "templates"


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("path", ["/", "/accessibility", "/sign-in", "/register", "/password/forgotten"])
def test_each_page_opens_in_both_languages(app: Flask, path: str, language: str) -> None:
    page = Browser(app, language).get(path)
    assert page.status == 200
    assert page.tree.html["lang"] == language
    assert "Netkin" in page.tree.title.get_text()


def test_the_home_page_tells_what_one_can_do_without_an_account(browser: Browser) -> None:
    page = browser.get("/")
    assert page.h1 == "Vos données chez Netkin"
    assert page.link("Se connecter") == "/sign-in"
    assert page.link("Créer un compte") == "/register"
    assert page.tree.find("a", href="mailto:support@netkin.fr")
    assert "28 rue Sainte Foy" in page.text
    assert "délai d’un mois" in page.text
    assert page.tree.find("a", href="https://www.cnil.fr/fr/plaintes")


def test_the_home_page_leads_whoever_is_signed_in_to_their_data(people: People) -> None:
    page = people.signed_in().get("/")
    assert page.link("Voir vos données") == "/data"
    assert not page.tree.select("main a[href='/sign-in']")


@pytest.mark.skipif(not (TEMPLATES / "policies/policy_fr.html").exists(), reason="the policy's text is not there")
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", "Version 1, en vigueur depuis le 22 novembre 2026"),
        ("en", "Version 1, in force since 22 November 2026"),
    ],
)
def test_the_policy_says_its_version_and_date(app: Flask, language: str, words: str) -> None:
    page = Browser(app, language).get("/policy")
    assert page.status == 200
    assert words in page.text
    assert len(page.tree.select("main h2")) > 3


def test_the_accessibility_statement_is_dated_and_says_whom_to_turn_to(browser: Browser) -> None:
    page = browser.get("/accessibility")
    assert "Personne n’a encore audité ce site" in page.text
    assert "conformité partielle" not in page.text
    assert "Accessibilité : pas encore auditée" in page.text.replace("\u00a0", " ")
    assert "22 novembre 2026" in page.text
    assert "Défenseur des droits" in page.text
    assert page.tree.find("a", href="mailto:support@netkin.fr")


def test_what_is_still_to_come_is_not_said_to_be(app: Flask, browser: Browser) -> None:
    with nothing_missing(app):
        day = installed.organisation().accessibility.audited_on  # type: ignore[union-attr]
        with clock.stopped_at(clock.start_of(day)):
            assert "Selon un audit" in browser.get("/accessibility").text
        with clock.stopped_at(clock.start_of(day) - timedelta(seconds=1)):
            page = browser.get("/accessibility")
            assert "Personne n’a encore audité ce site" in page.text
            assert "Accessibilité : pas encore auditée" in page.text.replace("\u00a0", " ")
            assert GapCode.ACCESSIBILITY_AUDIT in {gap.code for gap in gaps(installed.organisation())}
            policy = browser.get("/policy").text
    assert "applicable à partir du 22 novembre 2026" in policy.replace("\u00a0", " ")
    assert "en vigueur depuis" not in policy


def test_the_language_changes_and_comes_back_to_the_page(browser: Browser) -> None:
    page = browser.get("/accessibility")
    data = {"csrf_token": _token(page), "language": "en", "next": "/accessibility"}
    page = browser.post("/language", data)
    assert (page.url, page.h1) == ("/accessibility", "Accessibility statement")
    assert browser.get("/").h1 == "Your data at Netkin"


def test_an_unknown_language_changes_nothing(browser: Browser) -> None:
    page = browser.get("/")
    for language in ("de", "", "../en"):
        browser.post("/language", {"csrf_token": _token(page), "language": language})
    assert browser.get("/").tree.html["lang"] == "fr"


def test_the_language_switch_leads_nowhere_else(browser: Browser) -> None:
    data = {"csrf_token": _token(browser.get("/")), "language": "en", "next": "//evil.example"}
    assert browser.post("/language", data, follow=False).response.headers["Location"] == "/"


def test_a_signed_in_customer_keeps_the_language_for_pages_and_mails(app: Flask, people: People) -> None:
    browser = people.signed_in()
    page = browser.get("/account").submit({"language": "en"}, with_field="language")
    assert page.h1 == "Your account"
    account = db.session.query(Account).one()
    assert account.language == "en"
    assert account.customer
    assert account.customer.language == "en"
    assert people.sign_in(account.email, language="fr").get("/account").h1 == "Your account"


def test_health_and_well_known_files(browser: Browser) -> None:
    assert browser.client.get("/healthz").get_json() == {"status": "ok"}
    text = browser.client.get("/.well-known/security.txt").get_data(as_text=True)
    assert "Contact: mailto:support@netkin.fr" in text
    assert "Expires: " in text
    assert browser.client.get("/.well-known/gpc.json").get_json()["gpc"] is True


def _token(page) -> str:
    return str(page.tree.find(attrs={"name": "csrf_token"})["value"])


def test_a_day_that_stands_in_a_page_is_in_the_language_of_each_reader(app: Flask) -> None:
    """Jinja works out what depends on constants alone once, in the language of whoever came first, unless it is told not to."""
    for language, words in (("fr", "22 novembre 2026"), ("en", "22 November 2026"), ("fr", "22 novembre 2026")):
        assert words in Browser(app, language).get("/accessibility").text
