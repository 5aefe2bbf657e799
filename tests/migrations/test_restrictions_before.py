"""People whose data were restricted by a status alone have a restriction after the upgrade, on the officer's list."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import select, text

from portal.access.permissions import Role
from portal.customers.models import CustomerStatus
from portal.infrastructure.database import db, transaction
from portal.instructions.models import Operation
from portal.instructions.queue import instructions_of
from portal.personal_data.erasure.checking.invariants import broken
from portal.personal_data.keeping.models import Keep
from portal.rights.lifecycle import Right, Status
from tests.support.acting.people import People
from tests.support.cases import case, decide, open_case, taken_in
from tests.support.keeping import later, row, row_count
from tests.support.packages import take_in
from tests.support.preferences import customer_of
from tests.support.records import visit

EMAIL = "camille@example.org"
SINCE = datetime(2026, 2, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize("revision", ["0011", "0023"], ids=["before keeps", "before restrictions"])
def test_a_status_becomes_a_restriction_that_the_officer_tells_and_lifts(
    app: Flask, people: People, revision: str
) -> None:
    people.customer(EMAIL)
    people.customer("other@example.org")
    officer = people.signed_in_staff(Role.OFFICER)
    db.session.remove()
    downgrade(revision=revision)
    with transaction() as session:
        named = {"since": SINCE, "email": EMAIL}
        session.execute(
            text("UPDATE customers SET status = 'restricted', restricted_at = :since WHERE email = :email"), named
        )
        if revision == "0023":
            session.execute(
                text(
                    "INSERT INTO keeps (customer_id, reason, source_id, since)"
                    " SELECT id, 'restriction', 0, :since FROM customers WHERE email = :email"
                ),
                named,
            )
    db.session.remove()
    upgrade()
    assert row_count() == 1
    found = row()
    assert (found.categories, found.told_at, found.is_provisional, found.since) == ([], None, False, SINCE)
    kept = db.session.execute(select(Keep.source_id).where(Keep.reason == "restriction")).scalars().all()
    assert kept == [found.id], "what keeps it belongs to the restriction"
    assert "Personne à prévenir" in officer.get("/staff/restrictions").text
    path = f"/staff/restrictions/{found.public_id}"
    officer.get(path).submit(action="/told")
    officer.get(path).submit(action="/announce")
    with later(8):
        people.sign_in_staff("officer@example.org").get(path).submit(action="/lift")
    db.session.rollback()
    assert customer_of(EMAIL).status is CustomerStatus.ACTIVE
    assert db.session.execute(select(Keep.id).where(Keep.ended_at.is_(None))).all() == []
    assert not broken()


def test_systems_are_told_late_of_what_was_granted_before(app: Flask, people: People) -> None:
    reference = taken_in(people, Right.RESTRICTION)
    take_in(visit(1, of="C-camille"))
    decide(open_case(people.signed_in_staff(Role.REVIEWER), reference), "granted")
    officer = people.signed_in_staff(Role.OFFICER)
    with transaction() as session:
        session.execute(text("DELETE FROM instructions"))
        session.execute(text("UPDATE restrictions SET told_at = NULL"))
        session.execute(text("UPDATE rights_requests SET status = 'closed'"))
    officer.get(f"/staff/restrictions/{row().public_id}").submit(action="/told")
    assert {each.operation for each in instructions_of(case(reference).id)} == {Operation.RESTRICT}
    assert case(reference).status is Status.ANSWERED
    assert not broken()
