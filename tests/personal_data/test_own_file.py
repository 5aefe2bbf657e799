"""The file of a prospect, and of who is no customer any more, ends; that of a customer does not."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import text

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.personal_data.keeping.keeps import end_keep, keep
from portal.personal_data.keeping.models import KeepReason
from tests.support.acting.people import People
from tests.support.keeping import end_now

PROSPECT = {"customer_since": None, "relationship_ended_on": None}
MET = datetime(2023, 11, 22, 10, tzinfo=UTC)
EMAIL = "camille@example.org"


def on(day: date) -> None:
    with clock.stopped_at(datetime(day.year, day.month, day.day, 12, tzinfo=UTC)):
        end_now("customer_files")


def person() -> dict[str, object]:
    db.session.rollback()
    return dict(db.session.execute(text("SELECT * FROM customers")).mappings().one())


def is_emptied() -> bool:
    row = person()
    named = [row[name] for name in ("email", "email_normalised", "given_name", "family_name", "birth_date")]
    assert any(named) or row["status"] == "erased"
    return not any(named)


def note_last_contact(day: date) -> None:
    with transaction() as session:
        session.query(Customer).one().last_contact_on = day


def test_a_prospect_goes_three_years_after_the_last_contact_names_too(app: Flask, people: People) -> None:
    people.customer(EMAIL, **PROSPECT, created_at=MET.replace(year=2021))
    note_last_contact(date(2023, 11, 22))
    on(date(2026, 11, 22))
    assert not is_emptied()
    on(date(2026, 11, 23))
    assert is_emptied()
    assert state_of_the_feed() == (True, "erased")


def state_of_the_feed() -> tuple[bool, str]:
    db.session.rollback()
    row = db.session.execute(text("SELECT is_suppressed, reason FROM preference_states")).one()
    return bool(row.is_suppressed), row.reason


def test_without_a_contact_it_counts_from_the_day_we_got_to_know_them(app: Flask, people: People) -> None:
    people.customer(EMAIL, **PROSPECT, created_at=MET)
    on(date(2026, 11, 22))
    assert not is_emptied()
    on(date(2026, 11, 23))
    assert is_emptied()


def test_a_customer_stays_and_goes_three_years_after_the_end(app: Flask, people: People) -> None:
    people.customer(EMAIL, customer_since=date(2001, 1, 1))
    on(date(2040, 1, 1))
    assert not is_emptied()
    with transaction() as session:
        session.query(Customer).one().relationship_ended_on = date(2039, 6, 30)
    on(date(2042, 6, 30))
    assert not is_emptied()
    on(date(2042, 7, 1))
    assert is_emptied()


@pytest.mark.parametrize(
    ("kind", "values", "goes"),
    [
        ("civil_identity", {"given_name": "Camille", "family_name": "Lefèvre"}, True),
        ("subscription", {"product": "Site Pro", "started_on": "2022-01-01"}, False),
        ("order", {"number": "O-1", "amount": "10.00", "currency": "EUR", "product": "Site"}, False),
    ],
)
def test_what_waits_for_a_relation_goes_along_and_a_contract_keeps_the_file(
    app: Flask, people: People, kind: str, values: dict[str, str], goes: bool
) -> None:
    people.customer(EMAIL, **PROSPECT, created_at=MET)
    category = "transaction" if kind != "civil_identity" else "identity"
    with transaction() as session:
        session.execute(
            text(
                'INSERT INTO records (customer_id, kind, category, external_id, recorded_at, source, "values",'
                " received_at) SELECT id, :kind, :category, 'X', created_at, 'shop', '{}', created_at FROM customers"
            ),
            {"kind": kind, "category": category},
        )
    on(date(2027, 1, 1))
    assert is_emptied() is goes
    assert db.session.execute(text("SELECT count(*) FROM records")).scalar_one() == (0 if goes else 1)


def test_an_account_keeps_the_file(app: Flask, people: People) -> None:
    people.account(EMAIL, **PROSPECT, created_at=MET)
    on(date(2030, 1, 1))
    assert not is_emptied()


def test_a_hold_on_one_record_keeps_the_file(app: Flask, people: People) -> None:
    customer_id = people.customer(EMAIL, **PROSPECT, created_at=MET).id
    with transaction():
        keep(customer_id, KeepReason.HOLD, 7, kind="invoice", external_id="F-1")
    on(date(2027, 1, 1))
    assert not is_emptied()
    with transaction():
        end_keep(KeepReason.HOLD, 7)
    on(date(2027, 1, 2))
    assert is_emptied()


def test_the_row_goes_when_nothing_refers_to_it(app: Flask, people: People) -> None:
    people.customer(EMAIL, **PROSPECT, created_at=MET)
    on(date(2026, 11, 23))
    with clock.stopped_at(datetime(2029, 11, 20, 12, tzinfo=UTC)):
        end_now("suppressions", "emptied_files")
    assert is_emptied(), "the feed still says that nobody writes to them"
    with clock.stopped_at(datetime(2029, 11, 25, 12, tzinfo=UTC)):
        end_now("suppressions")
        end_now("emptied_files")
    assert db.session.execute(text("SELECT count(*) FROM customers")).scalar_one() == 0


def test_a_sign_in_and_a_request_are_contacts(app: Flask, people: People) -> None:
    with clock.stopped_at(MET):
        people.signed_in(EMAIL, **PROSPECT)
    assert str(person()["last_contact_on"]) == "2023-11-22"
