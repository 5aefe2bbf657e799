"""How many statements a page sends: few, and no more for a customer with many records than for one with few."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select

from portal import clock
from portal.access.permissions import Role
from portal.customers.addresses import normalise_address
from portal.customers.creation import create_customer
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.lookups.access_log import CASE_WORK, REQUEST, log_access
from portal.records.counts import CountChanges
from portal.records.models import Record
from portal.rights.channels import Channel
from portal.rights.filing.other_ways import take_in
from portal.rights.lifecycle import Right
from portal.staff.approvals.deciding import decline
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.acting.visitors import statements
from tests.support.approvals import proposed

MANY = 400


def sent(browser: Browser, path: str) -> list[str]:
    """Return the statements that a page sends when it is opened the second time, with everything built once."""
    browser.get(path)
    with statements() as seen:
        assert browser.get(path).status == 200
    return [text for text in seen if not text.startswith(("BEGIN", "PRAGMA"))]


def at_most(browser: Browser, path: str, most: int, fill: Callable[[], None]) -> None:
    few = sent(browser, path)
    fill()
    many = sent(browser, path)
    assert len(few) <= most, "\n".join(few)
    assert len(many) == len(few), "\n".join(many)


@pytest.fixture
def customer(people: People) -> Browser:
    browser = people.signed_in(external_id="C-1001")
    _hold(3)
    return browser


def _customer() -> Customer:
    return db.session.execute(select(Customer).where(Customer.external_id == "C-1001")).scalar_one()


def _hold(number: int, start: int = 0) -> None:
    """Give the customer records in one category, as an import writes them."""
    with transaction() as session:
        customer_id, changes = _customer().id, CountChanges()
        rows = [_visit(customer_id, place) for place in range(start, start + number)]
        session.execute(insert(Record.__table__), rows)
        for row in rows:
            changes.add((customer_id, "usage"), row["recorded_at"])
        changes.write()


def _visit(customer_id: int, place: int) -> dict[str, Any]:
    at = clock.now() - timedelta(hours=place)
    return {
        "customer_id": customer_id, "kind": "page_visit", "category": "usage", "external_id": f"V-{place}",
        "recorded_at": at, "received_at": at, "source": "analytics", "values": {"page": f"https://netkin.fr/{place}"},
    }  # fmt: skip


def _live_much(people: People) -> None:
    """Give the customer many records, requests and looks at their data."""
    _hold(MANY, start=3)
    member_id = people.staff(Role.SUPPORT, "accueil@example.org").id
    with transaction() as session:
        member, customer = session.get_one(StaffMember, member_id), _customer()
        for _ in range(60):
            log_access(member, customer, category=REQUEST, reason=CASE_WORK)
        for right in Right:
            take_in(customer, right, Channel.PHONE, clock.now(), "Voici ma demande.", member)


@pytest.mark.parametrize(("path", "most"), [("/data", 8), ("/data/usage", 6), ("/data/identity", 6)])
def test_a_customers_pages(customer: Browser, people: People, path: str, most: int) -> None:
    at_most(customer, path, most, lambda: _live_much(people))


@pytest.mark.parametrize(
    "path",
    ["/staff/queue", "/staff/queue?right=access&when=soon&text=nom", "/staff/queue?closed=yes", "/staff/my-cases"],
)
def test_the_queue(app: Flask, people: People, path: str) -> None:
    operator_id = people.staff(Role.SUPPORT, "accueil@example.org").id
    browser = people.signed_in_staff(Role.REVIEWER)

    def fill(number: int, start: int) -> None:
        with transaction() as session:
            operator = session.get_one(StaffMember, operator_id)
            reviewer = session.execute(
                select(StaffMember).where(StaffMember.email == "reviewer@example.org")
            ).scalar_one()
            for place in range(start, start + number):
                address = f"p{place}@example.org"
                person = create_customer(
                    email=address,
                    email_normalised=normalise_address(address),
                    given_name="Jean",
                    family_name=f"Nom {place}",
                )
                case = take_in(person, Right.ACCESS, Channel.POST, clock.now() - timedelta(days=28), "copie", operator)
                case.is_open = place % 3 > 0
                if place % 2:
                    case.holder_id, case.held_until = reviewer.id, clock.now() + timedelta(minutes=20)

    fill(3, 0)
    at_most(browser, path, 6, lambda: fill(90, 3))


@pytest.mark.parametrize(("path", "most"), [("/staff/desk", 12), ("/staff/approvals", 5), ("/staff/account", 6)])
def test_what_takes_two_people(people: People, path: str, most: int) -> None:
    browser = people.signed_in_staff(Role.OFFICER)
    officer_id = people.staff(Role.OFFICER, "other@example.org").id
    emails = [people.staff(Role.SUPPORT, f"p{place}@example.org").email for place in range(4)]

    def fill(number: int) -> None:
        for author in emails:
            proposed("officer@example.org", author)
            public_ids = [proposed(author, author) for _ in range(number)]
            with transaction() as session:
                decline(public_ids[0], session.get_one(StaffMember, officer_id), "Non.")

    fill(2)
    at_most(browser, path, most, lambda: fill(6))
