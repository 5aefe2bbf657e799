"""What an answer says: what the portal has done by itself, and what remains, by whom; nothing is called done before."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import delete

from portal import clock
from portal.access.permissions import Role
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.preferences.choices.consent import Choice, record_choices
from portal.preferences.models import Origin, PreferenceState
from portal.preferences.purposes import FLAG_CODES, MARKETING_FLAG_CODES
from portal.records.imports.ingest import start_run
from portal.rights.lifecycle import Outcome, Right, Status
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.people import People
from tests.support.cases import case, decide, open_case, second, taken_in
from tests.support.filing import trust_device
from tests.support.records import invoice, ndjson

CAMILLE = "camille@example.org"
DONE = re.compile(
    r"c’est fait|est faite? |tout est fait|sont effacées|ont été effacées|a été faite|nous avons (fait|effacé|corrigé)",
    re.IGNORECASE,
)


@pytest.fixture
def browser(people: People) -> Browser:
    return people.signed_in(CAMILLE)


def answered(people: People, right: Right, **values: Any) -> str:
    reference = taken_in(people, right)
    reviewer = people.signed_in_staff(Role.REVIEWER)
    decide(open_case(reviewer, reference), "granted", "Nous acceptons.", **values)
    if case(reference).status is Status.SECOND_OPINION:
        second(people.signed_in_staff(Role.OFFICER, name="Hélène Aubry"), reference)
    assert case(reference).outcome is Outcome.GRANTED
    return reference


def effects(page: Page) -> list[str]:
    found = page.tree.select("section[aria-labelledby=effects] li")
    return [" ".join(item.get_text(" ").replace("\u00a0", " ").split()) for item in found]


def test_what_our_teams_still_have_to_do_is_not_called_done(people: People, browser: Browser, mailbox: Mailbox) -> None:
    reference = answered(people, Right.RECTIFICATION)
    page = browser.get(f"/requests/{reference}")
    assert "La correction n’est pas encore confirmée. Nos équipes doivent la faire." in effects(page)
    mail = text_of(mailbox.last_to(CAMILLE))
    assert "dit ce qui est fait, ce qui reste à faire et par qui" in mail
    for text in (
        page.text.replace("Ce qui est fait, et", ""),
        mail.replace("ce qui est fait, ce", ""),
        browser.get("/requests").text,
    ):
        assert not DONE.search(text), DONE.search(text)


def test_a_restriction_says_what_is_locked_here_and_nothing_of_elsewhere(people: People, browser: Browser) -> None:
    reference = answered(people, Right.RESTRICTION)
    page = browser.get(f"/requests/{reference}")
    page = page.click("Continuer") if page.h1 == "Vos données sont en pause" else page
    here, *others = effects(page)
    assert here.startswith("Dans ce portail, ces données sont en pause depuis le")
    assert not [each for each in others if DONE.search(each) or "confirmé" in each]


def test_the_systems_that_hold_something_are_named(people: People, browser: Browser) -> None:
    lines = enumerate(ndjson(invoice(of="C-camille")).splitlines(), start=1)
    start_run(pytest.fail).run(lines, actor="command", channel="command")
    reference = answered(people, Right.RECTIFICATION)
    page = browser.get(f"/requests/{reference}")
    assert effects(page) == [
        "La correction n’est pas encore confirmée. Nos équipes doivent la faire dans : Facturation.",
        "Facturation (corriger) : ce n’est pas encore demandé, notre équipe doit s’en charger.",
    ]
    assert case(reference).status is Status.ANSWERED, "it is closed once the system has followed"


def test_advertising_is_said_to_be_stopped_by_the_row_that_marketing_reads(people: People, browser: Browser) -> None:
    reference = answered(people, Right.RESTRICTION)
    browser.get(f"/requests/{reference}")  # says first that the data are on hold
    assert any("La publicité est arrêtée pour vous" in text for text in effects(browser.get(f"/requests/{reference}")))
    with transaction() as session:
        session.execute(delete(PreferenceState))
    said = effects(browser.get(f"/requests/{reference}"))
    assert "L’arrêt de la publicité n’est pas encore confirmé." in said
    assert not any("est arrêtée" in text for text in said)


def test_a_partial_erasure_suppresses_nobody(people: People, browser: Browser) -> None:
    choose_everything()
    trust_device()
    page = browser.get("/requests/new").click("Effacer")
    page = page.submit({"scope": "some", "categories": ["usage"]}, with_field="scope").submit(action="/send")
    reference = page.url.rpartition("/")[2]
    reviewer = people.signed_in_staff(Role.REVIEWER)
    decide(open_case(reviewer, reference), "granted", "Nous acceptons.")
    second(people.signed_in_staff(Role.OFFICER, name="Hélène Aubry"), reference)
    state = flags()
    assert not state.is_suppressed
    assert all(state.flags.values())


@pytest.mark.parametrize(("use", "off"), [("profiling", "marketing_profiling"), ("statistics", "audience_statistics")])
def test_an_objection_to_a_use_that_was_chosen_acts_when_it_arrives(
    people: People, browser: Browser, use: str, off: str
) -> None:
    choose_everything()
    page = browser.get("/requests/new/objection").submit({"use": use}, with_field="use").submit(action="/send")
    reference = page.url.rpartition("/")[2]
    assert case(reference).is_open, "somebody still looks at the rest"
    assert flags().flags[off] is False
    assert flags().flags["offers.email"] is True


@pytest.mark.parametrize(
    ("use", "off"), [("marketing", MARKETING_FLAG_CODES), ("advertising_profiling", ["marketing_profiling"])]
)
def test_an_objection_to_advertising_that_came_by_telephone_acts_at_take_in(
    people: People, browser: Browser, use: str, off: Sequence[str]
) -> None:
    choose_everything()
    support = people.signed_in_staff(Role.SUPPORT)
    form = support.get("/staff/requests/take-in")
    today = clock.today()
    values = {
        "email": CAMILLE, "channel": "phone", "right": "objection", "words": "Plus de publicité.",
        "received_on-day": str(today.day), "received_on-month": str(today.month), "received_on-year": str(today.year),
    }  # fmt: skip
    page = form.submit(values, with_field="words")
    assert page.status == 422
    assert "Choisissez ce à quoi le client s’oppose" in page.text
    page = page.submit(values | {"use": use}, with_field="words")
    assert page.status == 200, page.text
    assert not any(flags().flags[flag] for flag in off)
    assert flags().flags["audience_statistics"] is True
    found = case(page.url.rpartition("/")[2])
    assert (found.status, found.outcome) == (Status.CLOSED, Outcome.GRANTED)


def choose_everything() -> None:
    with transaction() as session:
        person = session.query(Customer).filter_by(email=CAMILLE).one()
        choices = [Choice(flag, True, "Oui", "1") for flag in FLAG_CODES]
        record_choices(person, choices, origin=Origin.PORTAL, language="fr")


def flags() -> PreferenceState:
    db.session.rollback()
    return db.session.query(PreferenceState).one()
