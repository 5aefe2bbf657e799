"""What the preferences hold is in the customer's own view, in the right category, counted as shown."""

from flask import Flask

from portal.infrastructure.database import db, transaction
from portal.personal_data.registry import HeldItem, holdings
from portal.preferences.choices.consent import Choice, record_choices, suppress
from portal.preferences.models import Origin
from tests.support.acting.people import People
from tests.support.preferences import customer_of


def choose(*flags: str) -> None:
    with transaction():
        choices = [Choice(flag, True, f"Text of {flag}", "1") for flag in flags]
        record_choices(customer_of("camille@example.org"), choices, origin=Origin.IMPORT, language="fr", source="shop")


def held(category: str, language: str = "fr") -> list[HeldItem]:
    (holding,) = [holding for holding in holdings() if holding.code == "preferences"]
    assert holding.items is not None
    return list(holding.items(customer_of("camille@example.org").id, category, language))


def counted() -> dict[str, int]:
    (holding,) = [holding for holding in holdings() if holding.code == "preferences"]
    assert holding.summary is not None
    rows = db.session.execute(holding.summary(customer_of("camille@example.org").id)).all()
    return {row[0]: row[1] for row in rows}


def test_choices_stand_in_their_category(app: Flask, people: People) -> None:
    people.customer()
    choose("offers.email", "cookies.advertising", "personalisation")
    with app.test_request_context():
        state, *choices = held("marketing")
        assert state.kind == "preference_state"
        assert state.values["flags"]["offers.email"] is True
        assert {item.values["flag"] for item in choices} == {"offers.email", "personalisation"}
        (cookie,) = held("tracking")
        assert cookie.values["flag"] == "cookies.advertising"
        assert cookie.values["wording"] == "Text of cookies.advertising"
        assert cookie.source == "shop"
        assert ("Choix", "Cookies\u00a0: Publicité") in cookie.facts
        assert held("identity") == []
        assert counted() == {"marketing": len(choices) + 1, "tracking": 1}


def test_a_hold_is_said(app: Flask, people: People) -> None:
    people.customer()
    with transaction():
        suppress(customer_of("camille@example.org"), "restricted")
    with app.test_request_context():
        (state,) = held("marketing", "en")
        assert ("Data on hold", "Yes") in state.facts
        assert state.values["reason"] == "restricted"


def test_the_pages_of_their_data_lead_to_their_choices(people: People) -> None:
    browser = people.signed_in()
    choose("offers.email", "cookies.advertising")
    for category in ("marketing", "tracking"):
        page = browser.get(f"/data/{category}")
        assert any(str(link["href"]).startswith("/preferences") for link in page.tree.select("main a")), category
