"""The facts of doubt, gathered from account, session and records as they are."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from portal import clock
from portal.accounts.models import Account, AccountPasskey, AccountRecoveryCode, AccountSession
from portal.customers.models import Customer
from portal.identity_checks.proof.doubts import assess, assess_other_channel
from portal.identity_checks.proof.known_address import known_addresses
from portal.identity_checks.proof.policy import IdentityDecision
from portal.infrastructure.database import db, transaction
from portal.records.models import Record
from tests.support.acting.people import People
from tests.support.filing import trust_device


@pytest.fixture(autouse=True)
def camille(people: People) -> None:
    people.signed_in()
    trust_device()


def decided(right: str = "access", **options: Any) -> IdentityDecision:
    db.session.rollback()
    account = db.session.execute(select(Account)).scalar_one()
    session = db.session.execute(select(AccountSession)).scalars().first()
    assert session is not None
    return assess(right, account, session, **options)


def signals(right: str = "access", **options: Any) -> list[str]:
    return [str(signal) for signal in decided(right, **options).signals]


def remaining() -> list[str]:
    return [str(signal) for signal in decided().remaining]


def change(model: Any, **values: Any) -> None:
    with transaction() as session:
        session.execute(update(model).values(**values))


def add_record(kind: str, received_days_ago: int = 800, **values: str) -> None:
    with transaction() as session:
        at = clock.now() - timedelta(days=received_days_ago)
        session.add(
            Record(
                customer_id=session.execute(select(Customer.id)).scalar_one(),
                kind=kind,
                category="identity",
                external_id=kind,
                recorded_at=at,
                received_at=at,
                source="crm",
                values=values,
            )
        )


def test_a_customer_of_long_standing_raises_no_doubt() -> None:
    assert signals() == []


@pytest.mark.parametrize(
    ("model", "values", "signal"),
    [
        (Account, {"password_hash": None}, "facebook_only"),
        (AccountSession, {"method": "facebook"}, "facebook_only"),
        (AccountSession, {"device_id": None}, "new_device"),
        (Account, {"is_claimed_by_match": True}, "import_match_only"),
        (Account, {"family_name": "Martin"}, "name_differs"),
        (Account, {"given_name": "Zoé"}, "name_differs"),
    ],
)
def test_each_fact_raises_its_signal(model: Any, values: dict[str, Any], signal: str) -> None:
    change(model, **values)
    assert signals() == [signal]


def test_accents_case_and_hyphens_make_no_difference() -> None:
    change(Account, family_name="LEFEVRE", given_name="camille-anne")
    assert signals() == []


@pytest.mark.parametrize(
    ("recorded", "typed", "differs"),
    [
        (("Amelie", "Lecœur"), ("Amélie", "Lecoeur"), False),
        (("Søren", "Sørensen"), ("Soren", "Sorensen"), False),
        (("Ines", "El Amrani"), ("Ines", "El Idrissi"), True),
        (("Иван", "Иванов"), ("Ivan", "Ivanov"), False),
        (("Suharto", ""), ("", "Suharto"), False),
        (("Nguyễn", "An"), ("An", "Nguyen"), False),
        (("Camille", "Lefèvre"), ("LEFEVRE", "Camille"), False),
        (("Camille", "Lefèvre"), ("Lefèvre", "Martin"), True),
        (("Camille", "Lefèvre"), ("Camille", "Camille"), True),
        (("Suharto", ""), ("", "Widodo"), True),
        (("Suharto", ""), ("Suharto", "-"), False),
    ],
)
def test_names_are_compared_as_people_write_them(
    recorded: tuple[str, str], typed: tuple[str, str], differs: bool
) -> None:
    change(Customer, given_name=recorded[0], family_name=recorded[1])
    change(Account, given_name=typed[0], family_name=typed[1])
    assert signals() == (["name_differs"] if differs else [])


def test_the_records_of_the_company_count_before_what_was_imported_with_the_customer() -> None:
    add_record("civil_identity", given_name="Camille", family_name="Durand", birth_name="Lefèvre")
    assert signals() == []
    change(Record, values={"given_name": "Camille", "family_name": "Durand", "birth_date": "1990-01-01"})
    assert signals() == ["name_differs", "birth_date_differs"]
    change(Customer, birth_date=date(1990, 1, 1))
    assert signals() == ["name_differs"]


def test_a_fresh_account_and_a_changed_address_are_told_apart() -> None:
    now = clock.now()
    change(Account, created_at=now, email_confirmed_at=now)
    assert signals() == ["email_recently_confirmed"]
    change(Account, created_at=now - timedelta(days=400), email_changed_at=now)
    assert signals() == ["email_recently_confirmed", "email_recently_changed"]


def test_nothing_is_asked_of_rights_that_neither_disclose_nor_destroy() -> None:
    change(AccountSession, device_id=None)
    assert signals("restriction") == signals("objection") == signals("rectification") == []
    assert signals("rectification", rectifies_identity=True) == ["new_device"]


def test_another_channel_is_a_doubt_by_itself() -> None:
    customer = db.session.execute(select(Customer)).scalar_one()
    decision = assess_other_channel("erasure", customer)
    assert [str(signal) for signal in decision.signals] == ["other_channel"]
    assert decision.needed


def addresses() -> list[str]:
    db.session.rollback()
    return [known.email for known in known_addresses(db.session.execute(select(Account)).scalar_one())]


def test_a_code_goes_to_the_sign_in_address_confirmed_for_thirty_days_or_to_one_held_before_the_account() -> None:
    assert addresses() == ["camille@example.org"] * 2
    change(Customer, imported_at=clock.now())
    assert addresses() == ["camille@example.org"]
    with clock.stopped_at(datetime(2026, 11, 30, 12, tzinfo=clock.PARIS)):
        change(Account, email_confirmed_at=datetime(2026, 10, 31, 23, 59, tzinfo=clock.PARIS))
        assert addresses() == ["camille@example.org"]
        change(Account, email_confirmed_at=datetime(2026, 11, 1, 0, 0, tzinfo=clock.PARIS))
        assert addresses() == []
        assert "email_recently_confirmed" in signals()


def test_the_known_address_is_one_held_before_the_account() -> None:
    change(Customer, imported_at=clock.now())
    change(Account, email_confirmed_at=clock.now())
    assert addresses() == []
    add_record("email_address", received_days_ago=100, address="new@example.org")
    assert addresses() == []
    change(Record, received_at=datetime(2020, 1, 1, tzinfo=UTC), values={"address": "old@example.org"})
    assert addresses() == ["old@example.org"]
    change(Record, corrected_at=clock.now())
    assert addresses() == []


@pytest.mark.parametrize(
    ("method", "days", "lifted"),
    [
        ("password+totp", 31, True),
        ("password+totp", 29, False),
        ("facebook+totp", 31, True),
        ("password+passkey", 31, True),
        ("password+passkey", 29, False),
        ("password+recovery", 31, True),
        ("password+recovery", 29, False),
        ("password", 31, False),
    ],
)
def test_a_second_step_of_long_lifts_the_doubt_about_a_new_device(method: str, days: int, lifted: bool) -> None:
    since = clock.now() - timedelta(days=days)
    with transaction() as session:
        account_id = session.execute(select(Account.id)).scalar_one()
        session.execute(update(Account).values(app_added_at=since))
        key = {"credential_id": "c", "public_key": b"k", "name": "Clé"}
        session.add(AccountPasskey(account_id=account_id, created_at=since, **key))
        session.add(AccountRecoveryCode(account_id=account_id, code_hash="h", created_at=since))
    change(AccountSession, device_id=None, method=method)
    assert ("new_device" in remaining()) is not lifted


def test_a_passkey_added_lately_proves_nothing_beside_an_older_one() -> None:
    with transaction() as session:
        account_id = session.execute(select(Account.id)).scalar_one()
        for name, days in (("a", 400), ("b", 1)):
            since = clock.now() - timedelta(days=days)
            made = {"credential_id": name, "public_key": b"k", "name": name, "created_at": since}
            session.add(AccountPasskey(account_id=account_id, **made))
    change(AccountSession, device_id=None, method="password+passkey")
    assert remaining() == ["new_device"]
