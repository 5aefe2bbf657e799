"""What staff typed into proposals about somebody who is erased goes with them; who proposed and decided what stays."""

import pytest
from flask import Flask
from sqlalchemy import select

from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.personal_data.erasure.models import ErasureState
from portal.retention.erasing_now import propose_now
from portal.rights.lifecycle import Right
from portal.staff.approvals.models import Approval, ApprovalState
from portal.staff.models import StaffMember
from tests.support.acting.people import People
from tests.support.cases import open_case, taken_in
from tests.support.erasing.erasures import carried_out, scheduled
from tests.support.erasing.pages import REVIEWER, team
from tests.support.erasing.remnants import in_rows
from tests.support.insiders import answer

WORDS = "Camille rappelle de chez sa sœur Odile"


@pytest.mark.parametrize("is_seconded", [True, False])
def test_reasons_typed_about_an_erased_person_go(app: Flask, people: People, is_seconded: bool) -> None:
    people.account()
    reviewer, officer = team(people)
    reference = taken_in(people, Right.DIRECTIVES, is_proven=False)
    page = open_case(officer, reference).submit({"written-reason": WORDS}, action="/written-reason")
    proposal = page.url.rpartition("/")[2]
    if is_seconded:
        assert answer(reviewer, proposal, words=WORDS).status == 200
    with transaction() as session:
        customer = session.execute(select(Customer)).scalar_one()
        customer_id = customer.id
        author = session.execute(select(StaffMember).where(StaffMember.email == REVIEWER)).scalar_one()
        propose_now(customer, WORDS, author)
    assert {table for table, _column, _value in in_rows((WORDS,))} == {"approvals"}

    erasure = carried_out(scheduled(customer_id))
    assert erasure.state is ErasureState.DONE, erasure.cause

    assert list(in_rows((WORDS,))) == []
    left = db.session.execute(select(Approval).order_by(Approval.id)).scalars().all()
    ended = ApprovalState.SECONDED if is_seconded else ApprovalState.ENDED
    assert [each.state for each in left] == [ended, ApprovalState.ENDED]
    assert left[0].target == reference
    assert "Le motif a été effacé avec les données de la personne." in officer.get(f"/staff/approvals/{proposal}").text
