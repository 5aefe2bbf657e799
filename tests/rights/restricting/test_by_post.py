"""Who has no e-mail address is told by a letter that staff print; its seven days count from the posting."""

import pytest
from sqlalchemy import select, update

from portal import clock
from portal.access.permissions import Role
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.letters.models import Dispatch, DispatchChannel, DispatchState
from portal.lookups.models import AccessLogEntry
from portal.rights.channels import Channel
from portal.rights.lifecycle import Right
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import People
from tests.support.cases import decide, open_case, taken_in
from tests.support.keeping import DAY, file, later, lift_due, row

EMAIL = "camille@example.org"


def without_address() -> None:
    with transaction() as session:
        session.execute(update(Customer).values(email=None, email_normalised=None))


@pytest.fixture
def officer(people: People) -> Browser:
    """Return the officer, after a restriction was granted to somebody without an e-mail address."""
    reference = taken_in(people, Right.RESTRICTION, channel=Channel.POST)
    without_address()
    decide(open_case(people.signed_in_staff(Role.REVIEWER), reference), "granted")
    return people.signed_in_staff(Role.OFFICER)


def letters() -> list[tuple[str, DispatchChannel, DispatchState]]:
    db.session.rollback()
    found = select(Dispatch).where(Dispatch.letter_code.like("restriction_%")).order_by(Dispatch.id)
    return [(each.letter_code, each.channel, each.state) for each in db.session.execute(found).scalars()]


def test_the_letters_are_printed_and_the_notice_counts_from_the_posting(officer: Browser, mailbox: Mailbox) -> None:
    path = f"/staff/restrictions/{row().public_id}"
    assert row().told_at is None
    page = officer.get(path)
    assert not page.tree.select_one("form[action$='/announce']"), (
        "first the person knows that there is something to lift"
    )
    printed = page.click("Imprimer la lettre")
    assert "nous conservons les données suivantes sans les utiliser : Toutes les données" in printed.text
    assert letters() == [], "printed is not posted"
    officer.get(path).submit(action="/told")
    assert row().told_at is not None
    printed = officer.get(path).click("Imprimer la lettre")
    assert "pourront de nouveau servir" in printed.text
    assert (row().notice_at, row().lifts_on) == (None, None)
    officer.get(path).submit(action="/announce")
    assert clock.local_date(row().lifts_on or row().since) == clock.today() + 7 * DAY
    posted = (DispatchChannel.PAPER, DispatchState.POSTED)
    assert letters() == [("restriction_imposed", *posted), ("restriction_lifting", *posted)]
    assert len(mailbox.to(EMAIL)) == 1, "the acknowledgement, while there was an address"


def test_a_look_at_the_letter_is_logged(officer: Browser) -> None:
    officer.get(f"/staff/restrictions/{row().public_id}/letter")
    db.session.rollback()
    entries = db.session.execute(select(AccessLogEntry.category, AccessLogEntry.reason)).all()
    assert ("summary", "case_work") in [tuple(each) for each in entries]


def test_nothing_is_announced_before_the_person_knows(officer: Browser) -> None:
    officer.post(
        f"/staff/restrictions/{row().public_id}/announce", {"csrf_token": officer.form_token("/staff/account")}
    )
    assert row().notice_at is None


def test_no_notice_runs_that_nobody_was_sent(people: People) -> None:
    """A provisional one of somebody without an address stands after the answer, until the officer's letter."""
    camille = people.signed_in(EMAIL)
    reference = file(camille, "objection", {"use": "profiling", "on_hold": "y", "details": "x"}, "use")
    without_address()
    decide(open_case(people.signed_in_staff(Role.REVIEWER), reference), "granted")
    assert (row().notice_at, row().is_provisional) == (None, False)
    with later(30):
        lift_due()
    assert row().lifted_at is None
