"""What the staff domain tells the registry that it holds about a customer."""

from datetime import timedelta

from flask import Flask

from portal import clock
from portal.access.permissions import Role
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.lookups.access_log import log_access
from portal.lookups.opening import open_lookup
from portal.personal_data.registry import holdings
from portal.staff.models import StaffMember
from tests.support.acting.people import People

REASON = "La cliente appelle au sujet de sa facture"


def the_holding():
    return next(holding for holding in holdings() if holding.code == "access_log")


def test_nothing_held_counts_nothing(app: Flask, people: People) -> None:
    customer = people.customer()

    assert db.session.execute(the_holding().summary(customer.id)).all() == []
    assert list(the_holding().items(customer.id, "technical", "fr")) == []


def test_looks_and_lookups_are_counted_and_given_newest_first(app: Flask, people: People) -> None:
    customer_id, other_id = people.customer().id, people.customer("malik@example.org").id
    member_id = people.staff(Role.SUPPORT, name="Nora Petit").id
    start = clock.now() - timedelta(hours=1)
    for minute in range(6):
        with clock.stopped_at(start + timedelta(minutes=minute)), transaction():
            member, customer = (
                db.session.get_one(StaffMember, member_id),
                db.session.get_one(Customer, customer_id),
            )
            if minute % 2:
                log_access(member, customer, category="contact", reason=REASON, request_reference="DR-2026-00431")
            else:
                open_lookup(member, customer, REASON, None)

    holding = the_holding()
    ((category, count, latest),) = db.session.execute(holding.summary(customer_id)).all()
    items = list(holding.items(customer_id, "technical", "fr"))

    assert (category, count, latest) == ("technical", 6, start + timedelta(minutes=5))
    assert [item.at for item in items] == [start + timedelta(minutes=minute) for minute in range(5, -1, -1)]
    assert [item.kind for item in items] == ["access_log_entry", "customer_lookup"] * 3
    assert items[0].values == {
        "at": items[0].at.isoformat(), "reason": REASON, "request": "DR-2026-00431", "team": "support",
        "category": "contact",
    }  # fmt: skip
    assert ("Équipe", "Service client") in items[0].facts
    assert "Nora" not in str(items)
    assert list(holding.items(customer_id, "contact", "fr")) == []
    assert list(holding.items(other_id, "technical", "fr")) == []


def test_how_long_it_is_kept_is_said(app: Flask) -> None:
    assert "3\u00a0ans" in the_holding().retention("fr")
    assert "3\u00a0years" in the_holding().retention("en")


def test_it_names_its_tables(app: Flask) -> None:
    assert the_holding().tables == {"access_log_entries", "customer_lookups"}
