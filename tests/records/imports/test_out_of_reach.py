"""No line of an import touches what lies in the archive, brings back what was erased, or removes what must stay."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.personal_data.erasure.checking.invariants import broken
from portal.personal_data.erasure.models import ErasedRecord, ErasedSpan, Tombstone
from portal.personal_data.erasure.scope import Extent, Scope
from portal.personal_data.erasure.tombstones import ADDRESS, REFERENCE, named, named_record
from portal.personal_data.holds.grounds import HoldGround
from portal.personal_data.holds.placing import Held, lift_hold, place_hold
from portal.records.models import Record
from tests.support.erasing.erasures import carried_out, scheduled
from tests.support.looking.archive import in_archive, in_use, on
from tests.support.records import Importer, customer, invoice, removed, visit

ENDED = {"relationship_ended_on": "2026-06-30"}


def only() -> Customer:
    db.session.rollback()
    return db.session.execute(select(Customer)).scalar_one()


def test_a_line_about_an_archived_record_changes_nothing_and_is_counted(importer: Importer) -> None:
    importer.take(customer(**ENDED), invoice(amount="49.90"))
    on(date(2026, 12, 1))
    assert in_archive() == {"F-2026-0088"}
    report = importer.take(invoice(amount="99.00"), removed("invoice", "F-2026-0088"), invoice("F-2"))
    assert (report["accepted"], report["unchanged"], report["archived"]) == (1, 2, 2)
    assert (in_use(), in_archive()) == ({"F-2"}, {"F-2026-0088"})
    kept = db.session.execute(text('SELECT "values" FROM archived_records'))
    assert "49.90" in str(kept.scalar_one())


def test_a_kind_that_was_erased_comes_back_with_newer_records_only(importer: Importer) -> None:
    importer.take(customer(), visit(1))
    with transaction() as session:
        session.add(ErasedSpan(customer_id=only().id, kind="page_visit", until_at=datetime(2026, 6, 1, tzinfo=UTC)))
    newer = visit(2, recorded_at="2026-06-02T10:00:00+00:00")
    older = visit(3, recorded_at="2026-05-31T23:59:59+00:00")
    report = importer.take(newer, older, invoice(), code=1)
    assert (report["accepted"], report["refused_count"], report["erased"]) == (2, 1, 1)
    assert report["refused"][0]["field"] == "external_id"
    assert "V-3" not in in_use()


def test_what_an_erasure_left_in_place_goes_on(importer: Importer) -> None:
    """A hold kept one record of a kind that was erased: its system's lines about it are no return of anything."""
    importer.take(customer(), visit(1), visit(2))
    person = only()
    with transaction():
        held, soon = Held(kind="page_visit", external_id="V-1"), clock.today() + timedelta(days=9)
        place_hold(person, held, HoldGround.FRAUD, "x", review_on=soon, actor="command")
    carried_out(scheduled(person.id, Scope(Extent.KINDS, ("page_visit",))))
    assert in_use() == {"V-1"}
    other = visit(1) | {"values": visit(1)["values"] | {"seconds": 99}}
    report = importer.take(visit(1), other, visit(2), code=1)
    assert (report["unchanged"], report["accepted"], report["erased"]) == (1, 1, 1)
    assert broken() == {}


def test_a_single_record_that_was_erased_is_refused(importer: Importer) -> None:
    importer.take(customer())
    with transaction() as session:
        hashed = installed.tombstone_keys().hash(named_record("page_visit", "V-1"))
        session.add(ErasedRecord(customer_id=only().id, kind="page_visit", keyed_hash=hashed))
    report = importer.take(visit(1), visit(2), code=1)
    assert (report["accepted"], report["erased"]) == (1, 1)
    assert in_use() == {"V-2"}


@pytest.mark.parametrize(
    ("what", "value"), [(REFERENCE, "C-1001"), (ADDRESS, " Camille.Lefevre@EXAMPLE.org ")], ids=["number", "address"]
)
def test_an_erased_person_comes_back_by_no_file(importer: Importer, what: str, value: str) -> None:
    """Vector 10: the row of the customer may be gone by then; what is known of them is a keyed hash."""
    bury(what, value)
    lines = [customer(email="camille.lefevre@example.org"), visit(1)]
    report = importer.take(*lines, code=1)
    assert (report["accepted"], report["refused_count"]) == (0, 2)
    assert report["erased"] == (2 if what == REFERENCE else 1), "of the second line nobody knows whose it is"
    assert db.session.execute(select(Customer)).first() is None
    release()
    assert importer.take(*lines)["accepted"] == 2, "and comes back once the tombstone is released"


def bury(what: str, value: str) -> None:
    keys = installed.tombstone_keys()
    with transaction() as session:
        session.add(
            Tombstone(
                what=what, keyed_hash=keys.hash(named(what, value)), key_version=keys.current,
                ends_on=clock.today() + timedelta(days=9),
            )
        )  # fmt: skip


def release() -> None:
    with transaction() as session:
        session.execute(select(Tombstone)).scalar_one().released_at = clock.now()


def test_a_removal_of_a_record_under_a_hold_is_refused_until_the_hold_is_lifted(importer: Importer) -> None:
    importer.take(customer(), visit(1), invoice())
    with transaction():
        soon = clock.today() + timedelta(days=30)
        held = Held(kind="page_visit", external_id="V-1")
        hold = place_hold(only(), held, HoldGround.LITIGATION, "Litige", review_on=soon, actor="command").public_id
    report = importer.take(removed("page_visit", "V-1"), removed("invoice", "F-2026-0088"), code=1)
    assert (report["accepted"], report["refused_count"]) == (1, 1)
    assert "legal hold" in report["refused"][0]["reason"]
    assert in_use() == {"V-1"}
    with transaction():
        lift_hold(hold, "command")
    assert importer.take(removed("page_visit", "V-1"))["accepted"] == 1
    assert in_use() == set()


def test_a_removal_of_a_corrected_record_is_refused(importer: Importer) -> None:
    importer.take(customer(), invoice())
    with transaction() as session:
        session.execute(select(Record)).scalar_one().corrected_fields = ["amount"]
    report = importer.take(removed("invoice", "F-2026-0088"), code=1)
    assert "was corrected here" in report["refused"][0]["reason"]
    assert in_use() == {"F-2026-0088"}


@pytest.mark.parametrize("ended", [{}, ENDED])
def test_what_was_purged_does_not_come_back_with_the_next_file(importer: Importer, ended: dict[str, Any]) -> None:
    lines = [customer(**ended), invoice(recorded_at="2015-03-10T10:00:00+01:00"), visit(1)]
    with clock.stopped_at(datetime(2025, 12, 31, 12, tzinfo=UTC)):
        importer.take(*lines[:2])
    on(date(2026, 1, 1))
    assert in_use() | in_archive() == set()
    with clock.stopped_at(datetime(2026, 2, 1, 12, tzinfo=UTC)):
        report = importer.take(*lines)
    assert report["accepted"] == 1
    assert in_use() | in_archive() == {"V-1"}
