"""The history: every choice with the text shown, in pages and as a file."""

import csv
import io
from datetime import UTC, datetime

from portal.infrastructure.database import transaction
from portal.preferences.choices.consent import Choice, record_choices
from portal.preferences.choices.imported import take_imported_choice
from portal.preferences.models import Origin
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.preferences import customer_of


def choose(count: int) -> None:
    for number in range(count):
        with transaction():
            choice = Choice("offers.email", number % 2 == 0, f"Text {number}", f"v{number}")
            record_choices(customer_of("camille@example.org"), [choice], origin=Origin.PORTAL, language="fr")


def test_without_choices_it_says_so(people: People) -> None:
    assert "Vous n’avez encore fait aucun choix." in people.signed_in().get("/preferences/history").text


def test_a_choice_shows_when_where_and_what_was_shown(people: People) -> None:
    browser = people.signed_in()
    with transaction():
        take_imported_choice(
            customer_of("camille@example.org"), "surveys.phone", True,
            datetime(2025, 2, 1, 9, tzinfo=UTC), "Oui, je souhaite…", "shop checkout", "fr",
        )  # fmt: skip
    page = browser.get("/preferences/history")
    assert "Sondages, par téléphone 1er février 2025 à 10 h 00 Accepté" in page.text
    assert "dans un autre de nos services (shop checkout)" in page.text
    assert page.tree.select_one("details .words").get_text() == "Oui, je souhaite…"
    assert "Ce choix nous est parvenu le" in page.text


def test_pages_follow_each_other_without_a_gap(people: People) -> None:
    browser = people.signed_in()
    choose(60)
    page = browser.get("/preferences/history")
    texts = []
    while True:
        texts += [words.get_text() for words in page.tree.select("details .words")]
        following = page.tree.find("a", attrs={"rel": "next"})
        if following is None:
            break
        page = browser.get(str(following["href"]))
    assert texts == [f"Text {number}" for number in reversed(range(60))]
    page = browser.get(str(page.tree.find("a", attrs={"rel": "prev"})["href"]))
    assert len(page.tree.select("details .words")) == 25


def test_the_file_holds_everything_and_no_formula(people: People) -> None:
    browser = people.signed_in()
    with transaction():
        choice = Choice("offers.email", False, '=HYPERLINK("http://evil.example","x")', "1")
        record_choices(
            customer_of("camille@example.org"), [choice], origin=Origin.STAFF, language="fr", source="@SUM(A1)"
        )
    response = browser.client.get("/preferences/history.csv", headers={"Accept-Language": "fr"})
    assert response.mimetype == "text/csv"
    assert "attachment" in response.headers["Content-Disposition"]
    text = response.get_data(as_text=True)
    assert text.startswith("\ufeffDate,"), "or Excel takes it for another encoding"
    header, row = csv.reader(io.StringIO(text))
    assert row[header.index("Code")] == "offers.email"
    assert row[header.index("Texte affiché")].startswith("'=HYPERLINK")
    assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@"))]


def test_another_customers_history_cannot_be_reached(people: People) -> None:
    people.signed_in()
    choose(30)
    theirs = people.sign_in("camille@example.org").get("/preferences/history").tree.find("a", attrs={"rel": "next"})
    other: Browser = people.signed_in("jean@example.org")
    page = other.get(str(theirs["href"]))
    assert page.status == 400
    assert "Text" not in page.text
