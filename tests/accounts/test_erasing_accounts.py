"""What an erasure makes of an account: with everything, with what Facebook brought, and of registrations at its address."""

import pytest
from flask import Flask
from sqlalchemy import text

from portal.accounts.facebook.linked_identities import link
from portal.accounts.models import Account
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db, transaction
from portal.personal_data.erasure.checking.invariants import broken
from portal.personal_data.erasure.models import ErasureState
from portal.personal_data.erasure.scope import Extent, Scope
from portal.personal_data.erasure.tombstones import ADDRESS, FACEBOOK, is_buried
from tests.support.acting.people import People
from tests.support.erasing.erasures import carried_out, scheduled

EMAIL, NUMBER = "camille@example.org", "10158"


@pytest.fixture
def linked(app: Flask, people: People) -> int:
    account_id = people.account(EMAIL).id
    with transaction() as session:
        link(session.get_one(Account, account_id), NUMBER, brought_names=True)
    customer_id = db.session.get_one(Account, account_id).customer_id
    assert customer_id is not None
    return customer_id


def counts(*tables: str) -> list[int]:
    db.session.rollback()
    return [int(db.session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()) for table in tables]


def no_password() -> None:
    with transaction() as session:
        session.execute(text("UPDATE accounts SET password_hash = NULL"))


def test_with_everything_the_number_is_buried_too(linked: int) -> None:
    carried_out(scheduled(linked))
    assert counts("accounts", "linked_identities") == [0, 0]
    assert is_buried(FACEBOOK, NUMBER) is not None
    assert is_buried(ADDRESS, EMAIL) is not None


def test_the_link_alone_goes_with_its_number(linked: int) -> None:
    erasure = carried_out(scheduled(linked, Scope(Extent.FACEBOOK_LINK)))
    assert erasure.state is ErasureState.DONE
    assert counts("accounts", "linked_identities") == [1, 0]
    assert is_buried(FACEBOOK, NUMBER) is None
    assert db.session.get_one(Customer, linked).status is CustomerStatus.ACTIVE


def test_what_facebook_brought_leaves_an_account_with_another_way_in(linked: int) -> None:
    carried_out(scheduled(linked, Scope(Extent.FACEBOOK_ACCOUNT)))
    assert counts("accounts", "linked_identities") == [1, 0]
    account = db.session.execute(text("SELECT given_name, family_name FROM accounts")).one()
    assert tuple(account) == ("", "")
    # The company's own file is not Facebook's.
    assert db.session.get_one(Customer, linked).given_name == "Camille"


def test_names_that_came_with_facebook_alone_leave_the_file(linked: int) -> None:
    with transaction() as session:
        session.execute(text("UPDATE customers SET imported_at = NULL, external_id = NULL"))
    carried_out(scheduled(linked, Scope(Extent.FACEBOOK_ACCOUNT)))
    assert db.session.get_one(Customer, linked).full_name == ""


def test_an_account_whose_only_way_in_was_facebook_goes(linked: int) -> None:
    no_password()
    carried_out(scheduled(linked, Scope(Extent.FACEBOOK_ACCOUNT)))
    assert counts("accounts", "linked_identities", "account_sessions") == [0, 0, 0]
    customer = db.session.get_one(Customer, linked)
    assert (customer.status, customer.email) == (CustomerStatus.ACTIVE, EMAIL)
    assert broken() == {}


def test_a_registration_at_the_same_address_that_nobody_confirmed_goes(app: Flask, people: People, linked: int) -> None:
    with transaction() as session:
        session.add(Account(email="Camille@Example.org", email_normalised=EMAIL))
        session.add(Account(email="other@example.org", email_normalised="other@example.org"))
    carried_out(scheduled(linked))
    assert db.session.execute(text("SELECT email FROM accounts")).scalars().all() == ["other@example.org"]


def test_an_address_that_nobody_has_proven_is_not_buried(app: Flask, people: People, linked: int) -> None:
    """Whoever asks for a change to somebody else's address must not have it refused to its owner."""
    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO account_tokens (public_id, account_id, purpose, email, email_normalised, created_at, expires_at)"
                " SELECT 'a', id, 'change_address', 'victim@example.org', 'victim@example.org', created_at, created_at"
                " FROM accounts"
            )
        )
    carried_out(scheduled(linked))
    assert is_buried(ADDRESS, "victim@example.org") is None
