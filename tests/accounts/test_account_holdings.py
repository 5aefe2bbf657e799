"""What the registry says of accounts and customers: complete for the person, masked on screens, no hash."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.accounts.models import Account, AccountDevice, AccountSession, LinkedIdentity
from portal.customers.claims import kept_fields
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.infrastructure.mail.models import Mail
from portal.infrastructure.mail.outbox import queue_mail
from portal.personal_data.registry import HeldItem, Holding, holdings
from tests.support.acting.browser import Browser
from tests.support.acting.people import PASSWORD, PASSWORD_HASH, People
from tests.support.acting.visitors import count, sign_in
from tests.support.servers.facebook import link_facebook

EMAIL = "camille@example.org"


def holding(code: str) -> Holding:
    return next(found for found in holdings() if found.code == code)


def held(code: str, customer_id: int, category: str, language: str = "fr") -> list[HeldItem]:
    found = holding(code)
    assert found.items
    return list(found.items(customer_id, category, language))


def counts(code: str, customer_id: int) -> dict[str, Any]:
    found = holding(code)
    assert found.summary
    rows = db.session.execute(found.summary(customer_id)).all()
    return {category: (number, latest) for category, number, latest in rows}


def test_the_account_shows_that_a_password_is_set_and_no_more(people: People) -> None:
    account = people.account(EMAIL)
    [item] = held("accounts", account.customer_id, "identity")
    assert item.values["password_is_set"] is True
    assert item.values["email"] == EMAIL
    facts = dict(item.shown())
    assert facts["Adresse de connexion"] == "c•••e@example.org"
    assert facts["Mot de passe"].startswith("défini, changé le ")
    assert PASSWORD_HASH not in repr(item)
    [english] = held("accounts", account.customer_id, "identity", "en")
    assert dict(english.facts)["Password"].startswith("set, changed on ")


def test_sign_ins_and_browsers_are_technical_and_newest_first(app: Flask, people: People) -> None:
    browser = people.signed_in(EMAIL)
    sign_in(Browser(app), EMAIL, PASSWORD)
    customer_id = db.session.query(Account).one().customer_id
    items = held("accounts", customer_id, "technical")
    assert sorted(item.kind for item in items) == ["portal_browser"] * 2 + ["portal_sign_in"] * 2
    assert [item.at for item in items] == sorted((item.at for item in items), reverse=True)
    hashes = {row.token_hash for row in [*db.session.query(AccountSession), *db.session.query(AccountDevice)]}
    cookies = {browser.client.get_cookie(name).value for name in ("session", "device")}
    assert not [secret for secret in hashes | cookies if secret in repr(items)]


def test_a_link_with_facebook_is_shown_with_its_number(people: People) -> None:
    account = people.account(EMAIL)
    link_facebook(EMAIL, "218471")
    link, _account = held("accounts", account.customer_id, "identity")
    facts = dict(link.facts)
    assert facts["Numéro que Facebook a créé pour ce service"] == "218471"
    assert "Lien rompu" not in facts
    assert (link.source, link.values["unlinked_at"]) == ("facebook", None)
    with transaction() as session:
        session.query(LinkedIdentity).one().unlinked_at = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    link = next(item for item in held("accounts", account.customer_id, "identity", "en") if item.source == "facebook")
    assert dict(link.facts)["Link undone"] == "22\u00a0November 2026"
    with people.app.test_request_context():
        assert "30 jours" in holding("accounts").retention("fr")


def test_the_counts_agree_with_the_items(app: Flask, people: People) -> None:
    people.signed_in("other@example.org")
    people.signed_in(EMAIL)
    link_facebook(EMAIL)
    customer = db.session.query(Customer).filter_by(email=EMAIL).one()
    with transaction():
        queue_mail("accounts/new_device", EMAIL, "fr", customer_id=customer.id, seen_at="2026-03-01T10:00:00+00:00")
    for code in ("accounts", "customers"):
        summary = counts(code, customer.id)
        for category in ("identity", "contact", "technical", "profile", "marketing"):
            items = held(code, customer.id, category)
            assert len(items) == summary.get(category, (0, None))[0], (code, category)
            if items:
                assert summary[category][1] == items[0].at, (code, category)


def test_nothing_is_held_of_somebody_unknown(app: Flask) -> None:
    for code in ("accounts", "customers"):
        assert counts(code, 987) == {}
        for category in ("identity", "contact", "technical", "profile"):
            assert held(code, 987, category) == []


def test_the_customer_file_and_its_address(people: People) -> None:
    customer = people.customer(EMAIL, external_id="C-1001")
    [file] = held("customers", customer.id, "identity")
    facts = dict(file.facts)
    assert facts["Numéro de client"] == "C-1001"
    assert facts["Date de naissance"] == "4\u00a0mars 1988"
    assert file.values["birth_date"] == "1988-03-04"
    [address] = held("customers", customer.id, "contact")
    assert address.values == {"email": EMAIL}
    assert dict(address.shown()) == {"Adresse e-mail": "c•••e@example.org"}
    assert dict(address.shown(is_masked=False)) == {"Adresse e-mail": EMAIL}


def test_a_file_with_nothing_in_it_still_reads(app: Flask) -> None:
    with transaction() as session:
        session.add(Customer())
    customer = db.session.query(Customer).one()
    [file] = held("customers", customer.id, "identity", "en")
    assert dict(file.facts) == {"Language": "French"}
    assert held("customers", customer.id, "contact") == []


@pytest.mark.parametrize(("language", "subject"), [("fr", "Nouvelle connexion"), ("en", "New sign-in")])
def test_mails_show_their_subject_and_keep_their_secret(people: People, language: str, subject: str) -> None:
    customer_id = people.customer(EMAIL).id
    with transaction():
        queue_mail("accounts/new_device", EMAIL, language, customer_id=customer_id, seen_at=clock.now().isoformat())
        queue_mail(
            "accounts/reset_password",
            EMAIL,
            language,
            customer_id=customer_id,
            token_purpose="reset_password",
            token_id="0" * 32,
            expires_at=clock.now().isoformat(),
        )
        queue_mail("gone/for_good", EMAIL, language, customer_id=customer_id)
    items = held("customers", customer_id, "profile")
    assert items[0].values["template"] == "gone/for_good"
    assert items[0].values["subject"] == "gone/for_good"
    assert items[2].values["subject"].startswith(subject)
    assert "0" * 32 not in repr(items)


def test_old_mails_are_purged_as_told(app: Flask, people: People, mailbox: Any) -> None:
    customer_id = people.customer(EMAIL).id
    start = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    for years, expected in ((0, 1), (4, 1), (6, 0)):
        with clock.stopped_at(start + timedelta(days=366 * years)):
            if not years:
                with transaction():
                    queue_mail("accounts/new_device", EMAIL, "fr", customer_id=customer_id, seen_at=start.isoformat())
            mailbox.all()
            assert count(Mail) == expected, years


def test_an_import_leaves_a_claimed_address_alone(people: People) -> None:
    account, unclaimed = people.account(EMAIL), people.customer("other@example.org")
    assert kept_fields([account.customer_id, unclaimed.id]) == {
        account.customer_id: frozenset({"email", "email_normalised"})
    }
