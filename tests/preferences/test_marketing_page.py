"""The staff's marketing page: totals, one customer, exports; and switching off at a customer's request."""

import csv
import io
import json

import pytest

from portal.access.permissions import PERMISSIONS, Permission, Role
from portal.audit.models import AuditEvent
from portal.infrastructure.database import db, transaction
from portal.lookups.models import AccessLogEntry
from portal.preferences.choices.consent import Choice, record_choices, suppress
from portal.preferences.models import Origin
from portal.preferences.purposes import FLAG_CODES, MARKETING_FLAG_CODES
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.people import People
from tests.support.insiders import allow_export
from tests.support.preferences import customer_of, flags_on, proofs

REASON = "Question sur un message reçu"


def accept(email: str, *flags: str) -> None:
    with transaction():
        choices = [Choice(flag, True, "w", "1") for flag in flags]
        record_choices(customer_of(email), choices, origin=Origin.PORTAL, language="fr")


def look_up(browser: Browser, identifier: str) -> Page:
    page = browser.get("/staff/marketing")
    return page.submit({"identifier": identifier, "reason": REASON}, with_field="identifier")


def open_file(browser: Browser, identifier: str = "camille@example.org") -> str:
    """Open a customer's file as support does and return the lookup's id."""
    page = browser.get("/staff/customers").submit({"identifier": identifier, "reason": REASON}, with_field="identifier")
    assert page.url.startswith("/staff/customers/"), page.text
    return page.url.rpartition("/")[2]


@pytest.mark.parametrize("role", list(Role))
def test_who_may_see_it(people: People, role: Role) -> None:
    browser = people.signed_in_staff(role)
    may = Permission.SEE_MARKETING in PERMISSIONS[role]
    for path in ("/staff/marketing", "/staff/marketing/preferences.csv", "/staff/marketing/preferences.ndjson"):
        assert browser.get(path).status == (200 if may else 403), path


def test_it_shows_the_totals(people: People) -> None:
    for number in range(4):
        people.customer(f"p{number}@example.org")
    accept("p0@example.org", "offers.email", "cookies.advertising")
    accept("p1@example.org", "offers.email")
    with transaction():
        suppress(customer_of("p1@example.org"), "restricted")
    page = people.signed_in_staff("marketing").get("/staff/marketing")
    assert "4 clients, dont 1 en pause ou effacé." in page.text
    (row,) = [row for row in page.tree.select("tbody tr") if row.th.get_text() == "Offres"]
    assert " ".join(row.td.get_text(" ").replace("\u00a0", " ").split()) == "1 (25 %)"


def test_an_empty_base_is_said_to_be_empty(people: People) -> None:
    assert "Aucun client n’est encore connu." in people.signed_in_staff("marketing").get("/staff/marketing").text


def test_one_customer_is_shown_for_a_reason_that_they_read(people: People) -> None:
    people.account()
    accept("camille@example.org", "surveys.sms")
    browser = people.signed_in_staff("marketing")
    page = look_up(browser, " camille@EXAMPLE.org ")
    assert page.h1 == "Choix de C-camille"
    assert page.text.count("Oui") == 1
    assert "Lefèvre" not in page.text, "marketing reads flags, never other data"
    entries = db.session.execute(db.select(AccessLogEntry)).scalars().all()
    assert {(entry.category, entry.reason) for entry in entries} == {("marketing", REASON)}
    assert REASON in people.sign_in("camille@example.org").get("/access-log").text
    assert look_up(browser, "C-camille").h1 == "Choix de C-camille"


def test_a_look_needs_a_reason_and_an_exact_name(people: People) -> None:
    people.customer()
    browser = people.signed_in_staff("marketing")
    page = browser.get("/staff/marketing").submit({"identifier": "C-camille", "reason": ""}, with_field="identifier")
    assert page.status == 422
    assert page.errors == ["Dites pourquoi."]
    page = look_up(browser, "C-cam")
    assert page.status == 422
    assert "Aucun client" in page.errors[0]
    assert db.session.execute(db.select(AccessLogEntry)).first() is None


def test_a_lookup_belongs_to_who_made_it(people: People) -> None:
    people.customer()
    page = look_up(people.signed_in_staff("marketing"), "C-camille")
    other = people.signed_in_staff("officer")
    assert other.get(page.url).status == 404


def test_the_exports_hold_everybody_and_are_audited(people: People) -> None:
    people.customer(external_id="=1+1")
    accept("camille@example.org", "offers.email")
    browser = people.signed_in_staff("marketing")
    allow_export("marketing@example.org")
    table = browser.client.get("/staff/marketing/preferences.csv")
    assert "attachment" in table.headers["Content-Disposition"]
    text = table.get_data(as_text=True)
    assert text.startswith("\ufeff")
    header, row = csv.reader(io.StringIO(text.removeprefix("\ufeff")))
    assert (row[0], row[header.index("offers.email")]) == ("'=1+1", "true")
    lines = browser.client.get("/staff/marketing/preferences.ndjson").get_data(as_text=True).splitlines()
    assert [json.loads(line)["customer"] for line in lines] == ["=1+1"]
    db.session.rollback()
    events = db.session.execute(db.select(AuditEvent).where(AuditEvent.tag == "staff:preferences:exported")).scalars()
    assert [event.facts for event in events] == [
        {"format": "csv", "customers": 1}, {"format": "ndjson", "customers": 1},
    ]  # fmt: skip


@pytest.mark.parametrize("role", list(Role))
def test_who_may_switch_off(people: People, role: Role) -> None:
    people.customer()
    browser = people.signed_in_staff(role)
    expected = 404 if Permission.SWITCH_OFF_PREFERENCE in PERMISSIONS[role] else 403
    assert browser.get("/staff/customers/0123/preferences").status == expected


def test_staff_switch_off_what_the_customer_names(people: People, mailbox: Mailbox) -> None:
    people.account()
    accept("camille@example.org", "offers.email", "offers.phone", "personalisation")
    browser = people.signed_in_staff("support")
    page = browser.get(f"/staff/customers/{open_file(browser)}").click("Désactiver à la demande")
    names = {str(box["value"]) for box in page.tree.select("input[name=flags]")}
    assert names == {"offers.email", "offers.phone", "personalisation"}, "only what is on can be switched off"
    page = page.submit({"flags": ["offers.phone"], "how": "appel du 20 novembre"}, with_field="how")
    assert "C’est désactivé tout de suite." in page.text
    assert flags_on() == {"offers.email", "personalisation"}
    (proof,) = proofs(flag="offers.phone")[1:]
    assert (proof.origin, proof.source, proof.is_given) == (Origin.STAFF, "appel du 20 novembre", False)
    assert proof.staff_id is not None
    mail = text_of(mailbox.last_to("camille@example.org"))
    assert "Offres, par téléphone" in mail
    assert "Offres, par e-mail" not in mail
    history = people.sign_in("camille@example.org").get("/preferences/history").text
    assert "par notre personnel, comme demandé (appel du 20 novembre)" in history


def test_an_objection_by_telephone_switches_all_marketing_off(people: People) -> None:
    people.account()
    accept("camille@example.org", *FLAG_CODES)
    browser = people.signed_in_staff("support")
    page = browser.get(f"/staff/customers/{open_file(browser)}/preferences")
    page.submit({"is_objection": "y", "how": "appel"}, with_field="how")
    assert flags_on() == set(FLAG_CODES) - set(MARKETING_FLAG_CODES)


def test_nothing_named_is_asked_again_and_nothing_can_be_switched_on(people: People) -> None:
    people.account()
    accept("camille@example.org", "offers.email")
    browser = people.signed_in_staff("support")
    path = f"/staff/customers/{open_file(browser)}/preferences"
    page = browser.get(path).submit({"how": "appel"}, with_field="how")
    assert page.status == 422
    assert page.errors == ["Choisissez au moins une chose à désactiver."]
    token = page.tree.find("input", attrs={"name": "csrf_token"})["value"]
    page = browser.post(path, {"csrf_token": token, "flags": ["surveys.post"], "how": "appel"})
    assert page.status == 422
    assert flags_on() == {"offers.email"}


def test_the_page_of_a_customer_who_chose_nothing(people: People) -> None:
    people.account()
    browser = people.signed_in_staff("support")
    page = browser.get(f"/staff/customers/{open_file(browser)}/preferences")
    assert "Cette personne n’a rien accepté." in page.text
    page = page.submit({"is_objection": "y", "how": "lettre du 3 novembre"}, with_field="how")
    assert {proof.flag for proof in proofs()} == set(MARKETING_FLAG_CODES)
    page = page.submit({"is_objection": "y", "how": "lettre du 3 novembre"}, with_field="how")
    assert "Tout était déjà désactivé." in page.text


def test_it_speaks_english(people: People) -> None:
    page = people.signed_in_staff("officer", language="en").get("/staff/marketing")
    assert page.h1 == "Preferences of all customers"
