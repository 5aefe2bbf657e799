"""What an erasure left until its reason ends goes by itself: with the contract account and file, with a hold its kind."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from portal import clock
from portal.accounts.models import Account
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db, transaction
from portal.personal_data.erasure.checking.invariants import broken
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.personal_data.erasure.scope import Extent, Scope
from portal.personal_data.holds.grounds import HoldGround
from portal.personal_data.holds.placing import Held, lift_hold, place_hold
from portal.records.models import Record
from portal.retention.clock_guard import approve_clock, look_at_clock
from portal.rights.lifecycle import Outcome
from portal.rights.models import RightsRequest
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, deliver, link_in, text_of
from tests.support.acting.people import People
from tests.support.cases import case
from tests.support.erasing.pages import carry_out, file_erasure, finish, grant, newest_erasure, team
from tests.support.filing import trust_device
from tests.support.packages import take_in
from tests.support.records import record

CAMILLE = "camille@example.org"
CONTRACT = {
    "product": "Hébergement Pro",
    "plan": "annuel",
    "started_on": "2026-01-05",
    "amount": "14.90",
    "currency": "EUR",
}

ANSWER = record("survey_answer", "S-1", {"survey": "Été", "question": "?", "answer": "Oui"}, "C-camille")


@pytest.fixture
def camille(people: People) -> Browser:
    browser = people.signed_in(CAMILLE)
    trust_device()
    return browser


def at(instant: datetime) -> None:
    """Let the jobs of an instant run, of which an officer said that the clock is right."""
    with clock.stopped_at(instant):
        look_at_clock()
        with transaction():
            approve_clock("command")
        deliver()


def how_many() -> int:
    db.session.rollback()
    return db.session.execute(select(func.count(Erasure.id))).scalar_one()


def test_what_a_contract_needed_goes_when_it_is_over_with_account_and_file(
    camille: Browser, people: People, mailbox: Mailbox
) -> None:
    take_in(ANSWER, record("subscription", "AB-1", CONTRACT, "C-camille"))
    first = carry_out(grant(team(people), file_erasure(camille, when_it_ends="y")))
    assert Scope.read(first.scope).extent is Extent.CATEGORIES
    assert first.finished_at is not None
    at(first.finished_at + timedelta(days=20))
    assert how_many() == 1, "the contract goes on"

    ended = first.finished_at + timedelta(days=40)
    with clock.stopped_at(ended):
        day = (clock.today() - timedelta(days=1)).isoformat()
        # The same record once more: it was there before the erasure, and is no new one.
        take_in(record("subscription", "AB-1", CONTRACT | {"ends_on": day, "renews": False}, "C-camille"))
    at(ended)
    again = newest_erasure()
    assert (again.state, Scope.read(again.scope)) == (ErasureState.COOLING, Scope())
    assert "/erasure/cancel/" in text_of(mailbox.last_to(CAMILLE))
    at(ended + timedelta(days=1))
    assert how_many() == 2, "once"

    at(again.runs_at + timedelta(seconds=1))
    finish(again)
    db.session.rollback()
    assert db.session.execute(select(Customer.status)).scalar_one() is CustomerStatus.ERASED
    assert db.session.execute(select(Account.id)).first() is None
    assert db.session.execute(select(Record.id)).first() is None
    assert db.session.execute(select(RightsRequest.outcome)).scalar_one() is Outcome.PARTIAL, "the answer stands"


def test_where_only_the_contract_is_held_nothing_is_refused_and_it_goes_with_the_contract(
    camille: Browser, people: People, mailbox: Mailbox
) -> None:
    take_in(record("subscription", "AB-1", CONTRACT, "C-camille"))
    reference = file_erasure(camille, when_it_ends="y")
    staff = team(people)
    first = carry_out(grant(staff, reference))
    assert first.finished_at is not None
    assert case(reference).outcome is Outcome.PARTIAL
    page = camille.get(f"/requests/{reference}")
    assert "Refus" not in page.text
    assert "Pour l’instant, tout reste en place" in page.text
    assert "effacées de ce portail" not in page.text
    assert "publicité" not in page.tree.select_one("#effects").parent.get_text(), "no choice changed"
    certificate = Browser(people.app).get(link_in(mailbox.last_to(CAMILLE))).text
    assert "Pour l’instant, tout reste en place" in certificate

    ended = first.finished_at + timedelta(days=40)
    with clock.stopped_at(ended):
        day = (clock.today() - timedelta(days=1)).isoformat()
        take_in(record("subscription", "AB-1", CONTRACT | {"ends_on": day, "renews": False}, "C-camille"))
    at(ended)
    again = newest_erasure()
    assert (again.state, Scope.read(again.scope)) == (ErasureState.COOLING, Scope())


def test_what_a_hold_kept_goes_once_it_is_lifted(camille: Browser, people: People) -> None:
    take_in(ANSWER)
    with transaction() as session:
        customer = session.execute(select(Customer)).scalar_one()
        review = clock.today() + timedelta(days=60)
        held = Held("profile", "survey_answer")
        hold = place_hold(
            customer, held, HoldGround.LITIGATION, "TJ Paris", review_on=review, actor="command"
        ).public_id
    first = carry_out(grant(team(people), file_erasure(camille)))
    assert first.finished_at is not None
    at(first.finished_at + timedelta(days=20))
    assert how_many() == 1, "a hold stands"
    lifted = first.finished_at + timedelta(days=30)
    with clock.stopped_at(lifted), transaction():
        lift_hold(hold, "command")
    at(lifted)
    again = newest_erasure()
    assert Scope.read(again.scope) == Scope(Extent.KINDS, ("survey_answer",))
    at(again.runs_at + timedelta(seconds=1))
    finish(again)
    db.session.rollback()
    assert db.session.execute(select(Record.id)).first() is None
    assert broken() == {}
