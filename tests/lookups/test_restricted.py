"""Restricted data and staff: no page shows any without one of the four reasons of art. 18(2), which the customer reads."""

import pytest
from flask import Flask
from sqlalchemy import select

from portal.access.permissions import Role
from portal.infrastructure.database import db, transaction
from portal.lookups.models import AccessLogEntry, CustomerLookup
from portal.personal_data.categories import CATEGORIES
from portal.personal_data.restrictions.grounds import Ground18
from portal.personal_data.restrictions.locking import restrict
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.packages import take_in
from tests.support.preferences import customer_of
from tests.support.records import visit

WHY, EMAIL = "La cliente appelle au sujet de son procès", "camille@example.org"
ASKS = "Pourquoi ces données peuvent-elles servir ?"


@pytest.fixture
def camille(people: People) -> int:
    people.customer(EMAIL, external_id="C-1001")
    take_in(visit(1))
    return customer_of(EMAIL).id


def lock(customer_id: int, *categories: str) -> None:
    with transaction():
        restrict(customer_id, None, Ground18.CLAIMS, categories)


def ask(worker: Browser, path: str = "/staff/customers", **more: str) -> Page:
    return worker.get(path).submit({"identifier": EMAIL, "reason": WHY} | more, with_field="identifier")


def looks() -> list[tuple[str, str | None]]:
    db.session.rollback()
    entries = select(AccessLogEntry.category, AccessLogEntry.use_reason).order_by(AccessLogEntry.id)
    return [(category, use_reason) for category, use_reason in db.session.execute(entries)]


@pytest.mark.parametrize(
    ("role", "path", "more"),
    [
        (Role.SUPPORT, "/staff/customers", {}),
        (Role.OFFICER, "/staff/archive", {"ground": "litigation"}),
        (Role.MARKETING, "/staff/marketing", {}),
    ],
)
def test_no_page_opens_without_one_of_the_four_reasons(
    people: People, camille: int, role: Role, path: str, more: dict[str, str]
) -> None:
    lock(camille)
    worker = people.signed_in_staff(role)
    refused = ask(worker, path, **more)
    assert refused.status == 422
    assert ASKS in refused.text
    assert "Lefèvre" not in refused.text
    assert looks() == []
    assert db.session.execute(select(CustomerLookup)).all() == []
    assert refused.submit({"use_reason": "because"}, with_field="identifier").status == 422, "none of the four"
    opened = refused.submit({"use_reason": "claims"}, with_field="identifier")
    assert opened.status == 200
    assert [reason for _category, reason in looks()] == ["claims"]


def test_a_restriction_shuts_a_file_that_is_open(people: People, camille: int) -> None:
    worker = people.signed_in_staff(Role.SUPPORT)
    opened = ask(worker)
    lock(camille)
    for page in (opened.url, *(f"{opened.url}/{category}" for category in CATEGORIES), f"{opened.url}/preferences"):
        shown = worker.get(page)
        assert (shown.url.partition("?")[0], "Page 1" in shown.text) == ("/staff/customers", False), page
    assert ASKS in worker.get(f"{opened.url}/usage").text


def test_what_is_not_restricted_opens_as_before(people: People, camille: int) -> None:
    lock(camille, "usage")
    worker = people.signed_in_staff(Role.SUPPORT)
    opened = ask(worker)
    assert opened.h1 == "Camille Lefèvre"
    assert worker.get(f"{opened.url}/transaction").status == 200
    assert "Page 1" not in worker.get(f"{opened.url}/usage").text
    again = worker.get(f"{opened.url}/usage")
    reopened = again.submit({"reason": WHY, "use_reason": "other_person"}, with_field="identifier")
    assert "Page 1" in worker.get(f"{reopened.url}/usage").text
    assert looks() == [("summary", None), ("transaction", None), ("usage", "other_person")]


def test_the_customer_reads_the_reason(app: Flask, people: People) -> None:
    customer = people.signed_in(EMAIL)
    lock(customer_of(EMAIL).id)
    ask(people.signed_in_staff(Role.SUPPORT)).submit({"use_reason": "claims"}, with_field="identifier")
    log = customer.get("/access-log")
    assert "Utilisées malgré la mise en pause : Constater, exercer ou défendre des droits en justice" in log.text
    assert "Constater, exercer ou défendre des droits en justice" in customer.get("/access-log.csv").text
