"""Whoever was erased and comes back by Facebook or by registering: told when, nothing made before they want it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.accounts.models import Account, LinkedIdentity
from portal.bilingual import long_date
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.personal_data.erasure.tombstones import ADDRESS, FACEBOOK, REFERENCE, is_buried
from portal.rights.erasing.standing import status_token
from portal.rights.lifecycle import Right
from portal.rights.models import RightsRequest
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import People
from tests.support.acting.visitors import count, mailed_link, register
from tests.support.cases import taken_in
from tests.support.erasing.pages import carry_out, grant, team
from tests.support.servers.facebook import Provider, come_in, go, link_facebook, signed_call

EMAIL = "nadia@example.org"


@pytest.fixture
def erased(people: People) -> str:
    """Have Nadia, whom Facebook lets in, erased; return the day in words."""
    people.account(EMAIL)
    link_facebook(EMAIL)
    done = carry_out(grant(team(people), taken_in(people, Right.ERASURE, email=EMAIL)))
    assert done.finished_at is not None
    assert count(Account) == 0
    return long_date(clock.local_date(done.started_at or done.finished_at), "fr", weekday=False)


def test_a_first_visit_makes_nothing_and_a_press_makes_a_new_customer(
    erased: str, provider: Provider, browser: Browser, mailbox: Mailbox
) -> None:
    page = come_in(browser)
    assert (page.status, page.h1) == (409, "Vous nous aviez demandé d’effacer vos données")
    assert erased.replace("\u00a0", " ") in page.text
    assert count(Account) == count(LinkedIdentity) == 0, "a visit alone makes nothing"

    begun = page.submit(action="/sign-in/facebook")
    page = browser.get(go(begun))
    assert "/register" in page.url
    assert is_buried(FACEBOOK, "218471") is None
    assert is_buried(ADDRESS, EMAIL) is not None, "nobody has proven the address yet"
    page = browser.get(mailed_link(mailbox, EMAIL, "/confirm/"))
    assert "rien d’avant n’y est rattaché" in page.text
    page.submit(action=page.url)
    assert is_buried(ADDRESS, EMAIL) is None
    assert is_buried(REFERENCE, "C-nadia") is not None, "the company's number stays buried"
    people = db.session.query(Customer).order_by(Customer.id).all()
    assert [(one.status.value, one.external_id, one.email) for one in people] == [
        ("erased", "C-nadia", None), ("active", None, EMAIL),
    ]  # fmt: skip
    db.session.rollback()


def test_whoever_had_facebook_alone_is_told_too_when_facebook_asked_for_the_erasure(
    people: People, provider: Provider, browser: Browser, mailbox: Mailbox
) -> None:
    account_id = people.account(EMAIL).id
    with transaction() as session:
        session.get_one(Account, account_id).password_hash = None
    link_facebook(EMAIL, brought_names=True)
    for at in (0, 2):
        signed = signed_call(issued_at=clock.now() + timedelta(seconds=at))
        answer = browser.client.post("/facebook/deletion", data={"signed_request": signed})
        assert answer.status_code == 200
    (reference,) = db.session.execute(select(RightsRequest.reference)).scalars()
    db.session.rollback()
    done = carry_out(grant(team(people), reference))
    assert count(Account) == count(LinkedIdentity) == 0
    assert "empreinte à clé du numéro" in browser.get(f"/erasure/{status_token(done)}").text

    page = come_in(browser)
    assert (page.status, page.h1) == (409, "Vous nous aviez demandé d’effacer vos données")
    assert count(Account) == 0, "a visit alone makes nothing"
    page = browser.get(go(page.submit(action="/sign-in/facebook")))
    assert "/register" in page.url
    assert is_buried(FACEBOOK, "218471") is None
    page = browser.get(mailed_link(mailbox, EMAIL, "/confirm/"))
    page.submit(action=page.url)
    assert count(Account) == 1
    assert count(Customer) == 1, "the company's own file stayed, and knows the address"


def test_a_registration_is_told_on_the_page_of_its_own_mail(erased: str, browser: Browser, mailbox: Mailbox) -> None:
    page = register(browser, EMAIL)
    assert "effacer" not in page.text, "whoever types an address learns nothing of it"
    page = browser.get(mailed_link(mailbox, EMAIL, "/confirm/"))
    assert f"Nous l’avons fait le {erased}".replace("\u00a0", " ") in page.text
    assert "Ouvrir un nouveau compte" in page.text
    page.submit(action=page.url)
    assert is_buried(ADDRESS, EMAIL) is None
    assert count(Customer) == 2
