"""A customer's file as staff open it: with a reason, for half an hour, each look logged before it is shown."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.permissions import Role
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.lookups import opening
from portal.lookups.models import AccessLogEntry, CustomerLookup
from portal.personal_data import registry
from portal.personal_data.categories import CATEGORIES
from portal.personal_data.registry import HeldItem, Holding
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.looking.audit_trail import events

REASON = "La cliente appelle au sujet de sa facture de mars"


@pytest.fixture
def customer(people: People) -> Customer:
    return people.customer()


@pytest.fixture
def worker(people: People) -> Browser:
    return people.signed_in_staff(Role.SUPPORT)


def look_up(worker: Browser, identifier: str = "camille@example.org", reason: str = REASON, case: str = "") -> Page:
    values = {"identifier": identifier, "reason": reason, "request_reference": case}
    return worker.get("/staff/customers").submit(values, with_field="reason")


def entries() -> list[AccessLogEntry]:
    db.session.rollback()
    return list(db.session.execute(select(AccessLogEntry).order_by(AccessLogEntry.id)).scalars())


def lookups() -> list[CustomerLookup]:
    db.session.rollback()
    return list(db.session.execute(select(CustomerLookup).order_by(CustomerLookup.id)).scalars())


@pytest.mark.parametrize("identifier", ["camille@example.org", " CAMILLE@Example.org ", "C-camille", "by public id"])
def test_exactly_one_person_is_found_and_the_least_is_shown(
    worker: Browser, customer: Customer, identifier: str
) -> None:
    identifier = customer.public_id if identifier == "by public id" else identifier

    page = look_up(worker, identifier)

    (lookup,) = lookups()
    assert page.url == f"/staff/customers/{lookup.public_id}"
    assert page.h1 == "Camille Lefèvre"
    assert "c•••e@example.org" in page.text
    assert "camille@example.org" not in page.text
    assert "1988" not in page.text
    assert REASON in page.text
    assert [link["href"].rpartition("/")[2] for link in page.tree.select(".categories a")] == list(CATEGORIES)
    (event,) = events("staff:customer:looked_up")
    assert event.facts == {"lookup": lookup.public_id, "request": None}
    assert event.subject == f"customer:{customer.public_id}"


@pytest.mark.parametrize(
    "identifier", ["camill@example.org", "Lefèvre", "C-%", "camille", "*", "' OR 1=1 --", "(a+)+$"]
)
def test_no_match_says_so_and_what_to_check(worker: Browser, customer: Customer, identifier: str) -> None:
    page = look_up(worker, identifier)

    assert page.status == 422
    assert page.errors == ["Aucun client ne correspond. Vérifiez chaque lettre, ou demandez un numéro de client."]
    assert page.form(with_field="reason").find("textarea").get_text().strip() == REASON
    assert lookups() == entries() == []
    assert len(events("staff:customer:missed")) == 1


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("", "Dites pourquoi vous ouvrez cette fiche."),
        ("         ", "Dites pourquoi vous ouvrez cette fiche."),
        ("trop court", None),
        ("  court    ", "« Pourquoi ouvrez-vous cette fiche ? » : écrivez au moins 10 caractères."),
        ("x" * 501, "500"),
    ],
)
def test_a_reason_is_needed(worker: Browser, customer: Customer, reason: str, error: str | None) -> None:
    page = look_up(worker, reason=reason)

    if error is None:
        assert page.status == 200
        return
    assert page.status == 422
    assert error in page.errors[0]
    assert lookups() == entries() == []


def test_no_page_of_a_file_opens_without_a_lookup(worker: Browser, customer: Customer) -> None:
    for path in (customer.public_id, str(customer.id), "0" * 32):
        assert worker.get(f"/staff/customers/{path}").status == 404
        assert worker.get(f"/staff/customers/{path}/contact").status == 404
    assert entries() == []


def test_each_category_is_logged_with_its_reason_and_shown(worker: Browser, customer: Customer) -> None:
    page = look_up(worker)
    for category in CATEGORIES:
        opened = worker.get(f"{page.url}/{category}")
        assert opened.status == 200
        assert opened.h1 == category.label("fr").replace("\u00a0", " ")

    logged = entries()
    assert [entry.category for entry in logged] == ["summary", *CATEGORIES]
    assert {(entry.reason, entry.team, entry.customer_id) for entry in logged} == {(REASON, Role.SUPPORT, customer.id)}
    assert [event.facts["category"] for event in events("staff:customer_data:read")] == [
        "summary",
        *CATEGORIES,
    ]


def test_an_unknown_category_is_not_found_and_not_logged(worker: Browser, customer: Customer) -> None:
    page = look_up(worker)

    for category in ("summary", "passwords", "%2e%2e"):
        assert worker.get(f"{page.url}/{category}").status == 404
    assert [entry.category for entry in entries()] == ["summary"]


def test_another_members_lookup_is_not_found(worker: Browser, people: People, customer: Customer) -> None:
    page = look_up(worker)
    colleague = people.signed_in_staff(Role.OFFICER)

    assert colleague.get(page.url).status == 404
    assert colleague.get(f"{page.url}/contact").status == 404
    assert "C-camille" not in colleague.get("/staff/customers", query_string={"again": page.url[-32:]}).text
    assert len(entries()) == 1


def test_after_half_an_hour_the_reason_is_asked_again(worker: Browser, customer: Customer) -> None:
    page = look_up(worker)
    worker_goes_on = clock.now() + timedelta(minutes=14)
    with clock.stopped_at(worker_goes_on):
        assert worker.get(f"{page.url}/contact").status == 200
    with clock.stopped_at(worker_goes_on + timedelta(minutes=14)):
        assert worker.get(f"{page.url}/contact").status == 200
    with clock.stopped_at(clock.now() + timedelta(minutes=30, seconds=1)):
        late = worker.get(f"{page.url}/contact")
        assert late.url == "/staff/customers"
        assert "La demi-heure pour cette fiche est passée." in late.text
        form = late.form(with_field="reason")
        assert form.find(attrs={"name": "identifier"})["value"] == "C-camille"
        assert not form.find("textarea").get_text().strip()
    # Once a day: at midnight the same look would be another line.
    assert list(dict.fromkeys(entry.category for entry in entries())) == ["summary", "contact"]


def test_ones_own_file_is_refused_and_audited(worker: Browser, people: People) -> None:
    people.customer("support@example.org")

    for identifier in ("support@example.org", "C-support"):
        page = look_up(worker, identifier)
        assert page.status == 422
        assert page.errors == ["C’est votre propre fiche : c’est à un ou une collègue de le faire."]
    assert lookups() == []
    assert len(events("staff:own_file:denied")) == 2


def test_ones_own_file_under_another_address_is_refused_too(worker: Browser, people: People) -> None:
    """As after an import, when the company's file has another address than the one the person signs in with."""
    customer_id = people.account("support@example.org").customer_id
    with transaction():
        held = db.session.get_one(Customer, customer_id)
        held.email = held.email_normalised = "elsewhere@example.org"

    page = look_up(worker, "C-support")
    assert page.errors == ["C’est votre propre fiche : c’est à un ou une collègue de le faire."]
    assert lookups() == []
    assert len(events("staff:own_file:denied")) == 1


def test_a_file_that_becomes_ones_own_closes(worker: Browser, customer: Customer) -> None:
    page = look_up(worker)
    with transaction():
        held = db.session.get_one(Customer, customer.id)
        held.email = held.email_normalised = "support@example.org"

    assert worker.get(f"{page.url}/contact").status == 403
    assert len(entries()) == 1
    assert len(events("staff:own_file:denied")) == 1


def test_the_sixty_first_lookup_of_an_hour_is_stopped(worker: Browser, customer: Customer) -> None:
    statuses = [look_up(worker, f"nobody{number}@example.org").status for number in range(61)]

    assert statuses == [422] * 60 + [429]
    assert look_up(worker).status == 429


@pytest.mark.parametrize(
    ("typed", "kept"), [("dr-2026-00431", "DR-2026-00431"), ("DR 2026 00431", "DR-2026-00431"), ("", None)]
)
def test_a_case_reference_is_kept_as_it_is_written(
    worker: Browser, customer: Customer, typed: str, kept: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_case_checks", [lambda customer_id, reference: customer_id == customer.id])

    look_up(worker, case=typed)

    assert [entry.request_reference for entry in entries()] == [kept]


def test_a_case_reference_that_is_none_is_refused(worker: Browser, customer: Customer) -> None:
    page = look_up(worker, case="le dossier de mardi")

    assert page.errors == ["Écrivez la référence comme DR-2026-00431, ou laissez le champ vide."]


def test_another_customers_case_is_refused(
    worker: Browser, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "_case_checks", [lambda customer_id, reference: False])

    page = look_up(worker, case="DR-2026-00431")

    assert page.status == 422
    assert page.errors == ["Ce client n’a aucun dossier avec cette référence."]
    assert lookups() == []


@pytest.fixture
def many_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two holdings, each of which yields addresses newest first without end in sight."""

    def items_of(offset: int):
        def items(customer_id: int, category: str, language: str):
            if category != "contact":
                return
            for age in range(10_000):
                at = clock.now() - timedelta(days=2 * age + offset)
                label = f"Adresse {2 * age + offset}"
                yield HeldItem(
                    "contact", "postal_address", label, at, {"line": "1 rue Secrète"}, [("Rue", "1 rue S•••")]
                )

        return items

    kept = dict(registry._holdings)
    for number in range(2):
        registry.register(Holding(f"test_{number}", frozenset(), lambda language: "", items=items_of(number)))
    yield
    registry._holdings.clear()
    registry._holdings.update(kept)


@pytest.mark.usefixtures("many_addresses")
def test_the_fifty_newest_are_shown_masked_and_the_rest_is_told(worker: Browser, customer: Customer) -> None:
    page = look_up(worker)

    page = worker.get(f"{page.url}/contact")

    shown = [heading.get_text() for heading in page.tree.select(".held summary strong")]
    assert [text for text in shown if text.startswith("Adresse")] == [f"Adresse {age}" for age in range(50)]
    assert "Les 50 plus récents sont affichés" in page.text
    assert "1 rue S•••" in page.text
    assert "Secrète" not in page.text


def test_an_empty_category_says_so(worker: Browser, customer: Customer) -> None:
    page = look_up(worker)

    assert "Rien de cette catégorie n’est en usage." in worker.get(f"{page.url}/financial").text


def test_what_cannot_be_logged_is_not_shown(
    app: Flask, worker: Browser, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = look_up(worker)

    def fail(*arguments: object, **facts: object) -> None:
        raise OSError("the audit trail cannot be written")

    monkeypatch.setattr("portal.audit.recording.event_hash", fail)
    broken = worker.get(f"{page.url}/identity")

    assert broken.status == 500
    assert "Camille" not in broken.text
    assert len(entries()) == 1


@pytest.mark.usefixtures("many_addresses")
def test_what_could_not_be_read_is_not_logged(
    worker: Browser, customer: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = look_up(worker)

    def fail(customer_id: int, category: str, language: str):
        raise OSError("the records cannot be read")
        yield

    registry.register(Holding("test_broken", frozenset(), lambda language: "", items=fail))
    assert worker.get(f"{page.url}/contact").status == 500
    assert [entry.category for entry in entries()] == ["summary"]


def test_an_erased_customer_shows_no_more_than_a_reference(worker: Browser, people: People) -> None:
    people.customer(
        "gone@example.org", external_id="C-9", given_name="", family_name="", status="erased", birth_date=None
    )
    with transaction():
        held = db.session.execute(select(Customer)).scalar_one()
        held.email = held.email_normalised = None

    page = look_up(worker, "C-9")

    assert page.h1 == "Client sans nom"
    assert "Effacé" in page.text


def test_words_of_the_reason_are_never_markup(worker: Browser, customer: Customer) -> None:
    hostile = "<script>alert(1)</script> {{ 7 * 7 }} %(name)s"

    page = look_up(worker, reason=hostile)

    assert hostile in page.text
    assert "<script>alert" not in page.response.get_data(as_text=True)
