"""A record leaves active use when its time there is over, and the archive on its last day: never before, never both."""

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.personal_data.keeping.keeps import end_keep, keep
from portal.personal_data.keeping.models import KeepReason
from portal.records.archive.models import ArchivedRecord
from portal.records.archive.queries import archive_summary
from tests.support.keeping import removals
from tests.support.looking.archive import counts_are_true, days_of, in_archive, in_use, on, order
from tests.support.records import customer, invoice, record, visit

TakeIn = Callable[..., list[object]]
ENDED = {"relationship_ended_on": "2027-06-30"}
AFTER = date(2027, 7, 1)


def only() -> Customer:
    db.session.rollback()
    return db.session.execute(select(Customer)).scalar_one()


def test_an_invoice_of_an_ended_relation_is_archived_and_goes_ten_years_after_its_year(take_in: TakeIn) -> None:
    take_in(customer(**ENDED), invoice())
    on(date(2027, 6, 30))
    assert in_use() == {"F-2026-0088"}, "the last day of the relation is still one of use"
    on(AFTER)
    assert (in_use(), in_archive()) == (set(), {"F-2026-0088"})
    assert counts_are_true()
    summary = archive_summary(only().id)
    assert (summary.count, summary.last_day) == (1, date(2036, 12, 31))
    on(date(2036, 12, 31))
    assert in_archive() == {"F-2026-0088"}
    on(date(2037, 1, 1))
    assert (in_use(), in_archive()) == (set(), set())
    assert counts_are_true()
    assert not archive_summary(only().id)
    assert removals("records_to_archive") == removals("archived_records") == [1]


def test_an_old_order_of_a_running_relation_goes_without_passing_through_the_archive(take_in: TakeIn) -> None:
    take_in(customer(), order("CMD-1", "49.90", recorded_at="2022-02-01T10:00:00+01:00"))
    assert days_of("CMD-1") == ("", None, "2027-02-01")
    on(date(2027, 2, 1))
    assert in_use() == {"CMD-1"}
    on(date(2027, 2, 2))
    assert in_use() | in_archive() == set()


def test_what_has_no_time_in_the_archive_never_goes_there(take_in: TakeIn) -> None:
    take_in(customer(**ENDED), visit(1))
    on(AFTER)
    assert in_use() == {"V-1"}
    assert days_of("V-1")[1] is None


@pytest.mark.parametrize(
    ("reason", "is_archived"),
    [(KeepReason.RESTRICTION, False), (KeepReason.HOLD, True), (KeepReason.OPEN_REQUEST, True)],
)
def test_only_a_restriction_stops_the_move(take_in: TakeIn, reason: KeepReason, is_archived: bool) -> None:
    take_in(customer(**ENDED), invoice())
    with transaction():
        keep(only().id, reason, 7)
    on(AFTER)
    assert in_archive() == ({"F-2026-0088"} if is_archived else set())
    on(date(2037, 1, 1))
    assert in_use() | in_archive() == {"F-2026-0088"}, "and each of them keeps it from its end"
    with transaction():
        end_keep(reason, 7)
    on(date(2037, 1, 2))
    assert in_use() | in_archive() == set()


def test_it_comes_back_when_the_end_of_the_relation_is_taken_away_or_moved(take_in: TakeIn) -> None:
    take_in(customer(**ENDED), invoice(), record("username", "U-1", {"username": "camille"}))
    on(AFTER)
    assert in_archive() == {"F-2026-0088", "U-1"}
    with clock.stopped_at(clock.start_of(date(2027, 7, 10))):
        take_in(customer(relationship_ended_on=None))
    assert (in_use(), in_archive()) == ({"F-2026-0088", "U-1"}, set())
    assert days_of("F-2026-0088") == ("", None, "2036-12-31")
    assert days_of("U-1") == ("", None, None), "its whole time counts from an end that has not come"
    assert counts_are_true()
    with clock.stopped_at(clock.start_of(date(2027, 7, 10))):
        take_in(customer(relationship_ended_on="2027-07-05"))
    on(date(2027, 7, 10))
    assert in_archive() == {"F-2026-0088", "U-1"}
    with clock.stopped_at(clock.start_of(date(2027, 7, 11))):
        take_in(customer(relationship_ended_on="2027-07-07"))
    assert in_archive() == {"F-2026-0088", "U-1"}, "moved, but past all the same"
    assert days_of("U-1") == ("", "2027-07-07", "2028-07-07")
    assert counts_are_true()


def test_an_exchange_from_the_person_brings_older_ones_back(take_in: TakeIn) -> None:
    spoke = {"channel": "email", "direction": "in", "subject": "Bonjour"}
    take_in(customer(), record("support_exchange", "E-1", spoke, recorded_at="2023-05-01T10:00:00+02:00"))
    on(date(2026, 12, 15))
    assert in_archive() == {"E-1"}
    with clock.stopped_at(clock.start_of(date(2026, 12, 20))):
        take_in(record("support_exchange", "E-2", spoke, recorded_at="2026-12-19T10:00:00+01:00"))
    assert in_use() == {"E-1", "E-2"}
    assert days_of("E-1") == ("", "2029-12-19", "2031-12-19")
    assert counts_are_true()


def test_what_an_erasure_left_there_stays_there(take_in: TakeIn) -> None:
    take_in(customer(**ENDED), invoice())
    on(AFTER)
    with transaction() as session:
        session.execute(select(ArchivedRecord)).scalar_one().erasure_id = 3
    take_in(customer(relationship_ended_on=None))
    assert in_archive() == {"F-2026-0088"}
