"""Whoever got their way in lately gives no second opinion on a case, where somebody who was here before could."""

from datetime import timedelta

from sqlalchemy import update

from portal import clock
from portal.access.permissions import Role
from portal.infrastructure.database import db, transaction
from portal.rights.lifecycle import Outcome, Right, Status
from portal.staff.models import StaffMember
from tests.support.acting.people import People
from tests.support.approvals import found
from tests.support.cases import case, decide, form_token, open_case, second, take_most_urgent, taken_in

OLD, NEW = "old@example.org", "new@example.org"


def change(email: str, **values: object) -> None:
    with transaction() as session:
        session.execute(update(StaffMember).where(StaffMember.email == email).values(**values))


def test_a_new_officer_waits_and_sees_why(people: People) -> None:
    reference = taken_in(people, Right.ERASURE)
    decide(open_case(people.signed_in_staff(Role.REVIEWER), reference), "granted")
    people.staff(Role.OFFICER, OLD)
    change(OLD, activated_at=clock.now() - timedelta(days=3))
    new = people.signed_in_staff(Role.OFFICER, NEW)

    page = open_case(new, reference)
    assert "Votre accès ou votre rôle est récent. Jusqu’au" in page.text
    assert not page.tree.select('form[action$="/second-opinion"]')
    data = {"csrf_token": form_token(page), "agrees": "yes", "version": str(case(reference).version)}
    refused = new.post(f"/staff/requests/{reference}/second-opinion", data)
    assert refused.status == 422
    assert case(reference).status is Status.SECOND_OPINION
    take_most_urgent(new)
    assert case(reference).holder_id is None, "and none is handed to them"

    change(NEW, activated_at=clock.now() - timedelta(hours=48))
    second(new, reference)
    assert case(reference).outcome is Outcome.GRANTED


def test_where_nobody_else_could_a_new_officer_does(people: People) -> None:
    reference = taken_in(people, Right.ERASURE)
    decide(open_case(people.signed_in_staff(Role.OFFICER, OLD), reference), "granted")
    change(OLD, activated_at=clock.now() - timedelta(days=3))
    second(people.signed_in_staff(Role.OFFICER, NEW), reference)
    assert case(reference).outcome is Outcome.GRANTED


def test_who_is_closed_out_gives_their_cases_back_at_once(people: People) -> None:
    reference = taken_in(people, Right.ACCESS)
    take_most_urgent(people.signed_in_staff(Role.REVIEWER, NEW))
    assert case(reference).holder_id == found(NEW).id
    admin = people.signed_in_staff(Role.ADMINISTRATOR)
    admin.get(f"/staff/members/{found(NEW).public_id}").submit(action="/disable")
    assert case(reference).holder_id is None
    db.session.rollback()
