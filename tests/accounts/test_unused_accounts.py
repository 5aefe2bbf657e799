"""An account that nobody uses ends after two years, with a mail thirty days before; a sign-in ends the wait."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from sqlalchemy import text

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import People
from tests.support.keeping import removals, restrict
from tests.support.looking.audit_trail import events

LAST_SIGN_IN = datetime(2024, 12, 30, 10, tzinfo=UTC)
WAYS_IN = ("accounts", "account_sessions", "account_devices", "account_tokens", "account_passkeys")


def rows(*tables: str) -> list[int]:
    db.session.rollback()
    return [db.session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables]


def on(day: datetime) -> None:
    with clock.stopped_at(day):
        run_due_jobs()


@pytest.fixture(autouse=True)
def signed_in_once(app: Flask, people: People) -> None:
    with clock.stopped_at(LAST_SIGN_IN):
        people.signed_in("camille@example.org")


def warnings(mailbox: Mailbox) -> list[str]:
    return [mail["Subject"] for mail in mailbox.all() if "fermé" in mail["Subject"]]


def test_it_is_warned_thirty_days_before_and_ends_after_its_last_day(mailbox: Mailbox) -> None:
    on(datetime(2026, 11, 29, 12, tzinfo=UTC))
    assert warnings(mailbox) == []
    on(datetime(2026, 11, 30, 12, tzinfo=UTC))
    assert warnings(mailbox) == ["Votre compte sera fermé après le 30 décembre 2026 – Netkin"]
    (event,) = events("customer:account:warned")
    assert event.facts == {"ends_on": "2026-12-30"}
    on(datetime(2026, 12, 30, 22, tzinfo=UTC))
    assert rows("accounts") == [1], "the last day is kept to its end, in Paris"
    on(datetime(2026, 12, 30, 23, 30, tzinfo=UTC))
    on(datetime(2026, 12, 31, 12, tzinfo=UTC))
    assert rows(*WAYS_IN) == [0] * len(WAYS_IN)
    assert rows("customers") == [1], "what the company knows of the person does not change"
    assert removals("unused_accounts") == [1]
    assert len(warnings(mailbox)) == 1


def test_a_sign_in_ends_the_wait(people: People, mailbox: Mailbox) -> None:
    on(datetime(2026, 11, 30, 12, tzinfo=UTC))
    with clock.stopped_at(datetime(2026, 12, 10, 9, tzinfo=UTC)):
        people.sign_in("camille@example.org")
    on(datetime(2026, 12, 31, 12, tzinfo=UTC))
    on(datetime(2027, 6, 1, 12, tzinfo=UTC))
    assert rows("accounts") == [1]
    assert len(warnings(mailbox)) == 1


def test_nobody_ends_without_a_whole_notice(mailbox: Mailbox) -> None:
    on(datetime(2028, 3, 1, 12, tzinfo=UTC))
    assert warnings(mailbox) == ["Votre compte sera fermé après le 31 mars 2028 – Netkin"]
    on(datetime(2028, 3, 31, 12, tzinfo=UTC))
    assert rows("accounts") == [1]
    on(datetime(2028, 4, 1, 12, tzinfo=UTC))
    assert rows("accounts") == [0]


def test_a_restricted_persons_account_is_left_alone(people: People, mailbox: Mailbox) -> None:
    with transaction() as session:
        restrict(session.query(Customer).one())
    for day in (datetime(2026, 11, 30, 12, tzinfo=UTC), datetime(2027, 2, 1, 12, tzinfo=UTC)):
        on(day)
    assert rows("accounts") == [1]
    assert warnings(mailbox) == []
