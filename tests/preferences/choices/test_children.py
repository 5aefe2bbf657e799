"""What somebody under fifteen accepted is a no, in the feed, on the page and in the totals, also where it was stored."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text, update

from portal import clock
from portal.customers.ages import births_changed
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.preferences.models import PreferenceState, PreferenceTotal
from tests.support.acting.people import People
from tests.support.preferences import FeedClient, customer_of, flags_on, proofs, state_of

FLAG = "offers.email"
BORN = date(2012, 5, 4)
AT_THIRTEEN = datetime(2026, 2, 1, 9, tzinfo=UTC)
AT_FOURTEEN = datetime(2026, 11, 30, 9, tzinfo=UTC)
AT_FIFTEEN = datetime(2027, 5, 4, 9, tzinfo=UTC)


@pytest.fixture
def accepted(people: People) -> None:
    """Camille accepted offers at thirteen, when nothing was known of their birth."""
    with clock.stopped_at(AT_THIRTEEN):
        browser = people.signed_in(birth_date=None, external_id="C-1")
        page = browser.get("/preferences").submit({FLAG: "accept"}, with_field=FLAG)
        assert page.status == 200
    assert flags_on() == {FLAG}


def learn_birth(*, is_told: bool) -> None:
    """Write the birth of Camille, and tell the domains of it or not, as a version before this rule did not."""
    with transaction() as session:
        session.execute(update(Customer).values(birth_date=BORN))
        if is_told:
            births_changed([customer_of("camille@example.org").id])


def total() -> int:
    db.session.rollback()
    return db.session.execute(select(PreferenceTotal.count).where(PreferenceTotal.name == FLAG)).scalar_one()


def test_a_stored_yes_of_a_child_is_a_no_everywhere_at_once(app: Flask, accepted: None) -> None:
    feed = FeedClient(app)
    before = feed.item("C-1")
    assert (before["reason"], total()) == (None, 1)
    with clock.stopped_at(AT_FOURTEEN):
        learn_birth(is_told=True)
        item = feed.item("C-1")
        assert (item["flags"][FLAG], item["suppressed"], item["reason"]) == (False, False, "minor")
        assert item["sequence"] > before["sequence"]
        assert '"reason":"minor"' in feed.get("/feed/v1/preferences.ndjson").text
        assert total() == 0


def test_the_page_says_that_a_child_s_yes_does_not_count(accepted: None, people: People) -> None:
    learn_birth(is_told=False)
    page = people.sign_in("camille@example.org").get("/preferences")
    assert not page.tree.select(f"input[name='{FLAG}'][checked]")
    assert "avant vos 15 ans" in page.text


def test_at_fifteen_the_feed_says_so_and_the_same_yes_counts_anew(app: Flask, people: People) -> None:
    with clock.stopped_at(AT_FOURTEEN):
        people.customer(birth_date=BORN, external_id="C-1")
        feed = FeedClient(app)
        minor = feed.item("C-1")
        assert (minor["reason"], minor["suppressed"]) == ("minor", False)
    with clock.stopped_at(AT_FIFTEEN):
        run_due_jobs()
        grown = feed.item("C-1")
    assert grown["reason"] is None
    assert grown["sequence"] > minor["sequence"]


def test_who_accepts_again_at_fifteen_has_a_new_proof(accepted: None, people: People) -> None:
    with clock.stopped_at(AT_FOURTEEN):
        learn_birth(is_told=True)
    with clock.stopped_at(AT_FIFTEEN):
        run_due_jobs()
        page = people.sign_in("camille@example.org").get("/preferences")
        page.submit({FLAG: "accept"}, with_field=FLAG)
    assert flags_on() == {FLAG}
    assert [proof.is_given for proof in proofs(flag=FLAG)] == [True, True]


def test_an_upgrade_closes_what_stands_in_the_rows(app: Flask, accepted: None, people: People) -> None:
    people.customer("luc@example.org", birth_date=date(1980, 1, 1), external_id="C-2")
    learn_birth(is_told=False)
    before = state_of().sequence
    db.session.remove()
    downgrade(revision="0013")
    stored = db.session.execute(text("SELECT flags FROM preference_states")).scalars().all()
    assert any(f'"{FLAG}": true' in str(flags) for flags in stored)
    db.session.remove()
    upgrade()
    assert (flags_on(), total()) == (set(), 0)
    row = state_of()
    assert row.sequence > before
    assert (row.reason, row.lapses_on) == (
        ("minor", date(2027, 5, 4)) if clock.today() < date(2027, 5, 4) else (None, None)
    )
    numbers = db.session.execute(select(PreferenceState.sequence)).scalars().all()
    assert len(set(numbers)) == len(numbers) == 2
