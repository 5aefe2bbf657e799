"""One rule for what is masked: the same everywhere on screen, shown after a fresh proof, whole in the person's copy."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.accounts.models import AccountSession
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.personal_data.registry import holdings
from portal.records.data_map.field_types import FieldType, Mask
from portal.records.data_map.kinds import installed_data_map
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import PASSWORD, People
from tests.support.looking.audit_trail import events
from tests.support.records import record
from tests.support.servers.facebook import link_facebook

EMAIL = "camille@example.org"
SECRETS = (EMAIL, "6 12 34 56 78", "4 mars 1988", "998877665544")
MASKED = "c•••e@example.org"
PAGES = ("/data", "/data/identity", "/data/contact", "/data/profile", "/data/technical", "/account", "/preferences",
         "/requests", "/access-log")  # fmt: skip
TakeIn = Callable[..., list[Any]]


@pytest.fixture
def camille(people: People, take_in: TakeIn) -> Browser:
    """Return a customer whose address, number and birth date are held in several places each."""
    browser = people.signed_in()
    link_facebook(EMAIL, "998877665544")
    take_in(
        record("civil_identity", "I-1", {"birth_date": "1988-03-04"}, "C-camille"),
        record("email_address", "E-1", {"address": EMAIL}, "C-camille", source="platform"),
        record("phone_number", "T-1", {"number": "+33612345678", "line": "mobile"}, "C-camille", source="platform"),
    )
    with transaction() as session:
        session.query(Customer).filter_by(email=EMAIL).update({"birth_date": date(1988, 3, 4)})
    return browser


def stale() -> None:
    """Let the last proof of every session be an hour old."""
    with transaction() as session:
        session.query(AccountSession).update({"reauthenticated_at": clock.now() - timedelta(hours=1)})


def words(browser: Browser, address: str) -> str:
    return words_of(browser.get(address))


def words_of(page: Page) -> str:
    return re.sub(r"\s+", " ", page.tree.select_one("main").get_text(" "))  # type: ignore[union-attr]


def test_no_page_shows_clearly_what_another_one_masks(camille: Browser) -> None:
    for address in PAGES:
        shown = words(camille, address)
        for secret in SECRETS:
            assert secret not in shown, (address, secret)
    for address in ("/account", "/data/identity", "/data/contact"):
        assert MASKED in words(camille, address), address


@pytest.mark.parametrize(
    ("address", "values"),
    [
        ("/account", [EMAIL]),
        ("/data/identity", [EMAIL, "4 mars 1988", "998877665544"]),
        ("/data/contact", [EMAIL, "6 12 34 56 78"]),
    ],
)
def test_what_is_masked_is_shown_after_a_fresh_proof_only(camille: Browser, address: str, values: list[str]) -> None:
    stale()
    page = camille.get(address)
    shown_at = page.link("Afficher ce qui est masqué")
    asked = camille.get(shown_at)
    assert asked.url.startswith("/account/confirm-password")
    assert not [value for value in values if value in asked.text]
    page = asked.submit({"password": PASSWORD})
    assert page.url == shown_at
    shown = words_of(page)
    assert [value for value in values if value not in shown] == []
    assert "•" not in shown
    assert page.response.headers["Cache-Control"] == "no-store"
    assert page.link("Masquer de nouveau") == address


def test_the_search_of_a_page_in_full_stays_in_full(camille: Browser) -> None:
    page = camille.get("/data/contact/in-full?words=mobile")
    assert "6 12 34 56 78" in re.sub(r"\s+", " ", page.text)
    assert page.link("Masquer de nouveau") == "/data/contact?words=mobile"


def test_each_masked_value_leads_to_itself_in_full(camille: Browser) -> None:
    stale()
    page = camille.get("/data/contact")
    masked = [place for place in page.tree.select("main dl.facts > div") if "•" in place.get_text()]
    assert len(masked) == 3
    for place in masked:
        link = place.select_one("a")
        assert link is not None
        asked = camille.get(str(link["href"]))
        assert asked.url == "/account/confirm-password"
        answer = asked.submit({"password": PASSWORD}, follow=False).response.headers["Location"]
        led = camille.get(answer, follow=False).response
        assert led.headers["Location"] == f"/data/contact/in-full#{place['id']}"
        shown = camille.get("/data/contact/in-full").tree.select_one(f"#{place['id']}")
        assert shown is not None
        assert "•" not in shown.get_text()
        assert shown.select_one("dt") == place.select_one("dt")
        stale()


def test_what_is_shown_in_full_is_on_the_trail_and_nothing_else(
    camille: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    camille.get("/data/contact")
    camille.get("/account")
    stale()
    camille.get("/account/in-full")
    assert events("customer:masked_values:shown") == []
    camille.get("/account/in-full").submit({"password": PASSWORD})
    camille.get("/data/contact/in-full")
    customer = db.session.query(Customer).filter_by(email=EMAIL).one()
    who = f"customer:{customer.public_id}"
    found = [(event.actor, event.subject, event.facts) for event in events("customer:masked_values:shown")]
    assert found == [(who, who, {"page": "account"}), (who, who, {"page": "contact"})]

    def broken(*_arguments: Any, **_more: Any) -> None:
        raise RuntimeError("the trail cannot be written")

    monkeypatch.setattr("portal.customers.masks.record", broken)
    page = camille.get("/account/in-full")
    assert page.status == 500
    assert EMAIL not in page.text


def test_where_nothing_is_masked_there_is_nothing_to_show(camille: Browser) -> None:
    assert "Afficher ce qui est masqué" not in camille.get("/data/usage").text
    assert camille.get("/data/nothing/in-full").status == 404


def test_the_own_copy_is_never_masked(app: Flask, camille: Browser) -> None:
    customer_id = db.session.query(Customer).filter_by(email=EMAIL).one().id
    with app.test_request_context():
        items = [
            item
            for holding in holdings()
            if holding.items
            for category in ("identity", "contact", "profile", "technical")
            for item in holding.items(customer_id, category, "fr")
        ]
        assert items
        assert not [item for item in items if "•" in str(item.shown(is_masked=False))]


def test_one_type_of_field_has_one_mask(app: Flask) -> None:
    with app.app_context():
        data_map = installed_data_map()
    found: dict[FieldType, set[Mask]] = {FieldType.EMAIL: set(), FieldType.PHONE: set(), FieldType.IP: set()}
    for kind in data_map.kinds.values():
        for field in kind.declared:
            if field.type in found:
                found[field.type].add(field.mask)
    assert found == {FieldType.EMAIL: {Mask.EMAIL}, FieldType.PHONE: {Mask.LAST4}, FieldType.IP: {Mask.NETWORK}}
