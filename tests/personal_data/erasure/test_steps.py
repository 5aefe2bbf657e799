"""An erasure from its decision to its certificate, step by step, and what each step leaves."""


from flask import Flask
from sqlalchemy import select

from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db
from portal.personal_data.erasure.certificate import certificate_of
from portal.personal_data.erasure.checking.invariants import broken
from portal.personal_data.erasure.models import ErasureState
from portal.records.models import Record
from tests.support.acting.people import People
from tests.support.erasures import carried_out, scheduled
from tests.support.packages import take_in
from tests.support.records import visit


def camille(people: People, visits: int = 3) -> int:
    account = people.account("camille@example.org")
    customer_id = account.customer_id
    assert customer_id is not None
    take_in(*(visit(number, of="C-camille") for number in range(visits)))
    return customer_id


def test_an_erasure_of_everything(app: Flask, people: People) -> None:
    customer_id = camille(people)
    erasure = carried_out(scheduled(customer_id))
    assert (erasure.state, erasure.step, erasure.cause) == (ErasureState.DONE, "over", None)
    customer = db.session.get_one(Customer, customer_id)
    assert (customer.status, customer.email, customer.given_name) == (CustomerStatus.ERASED, None, "")
    assert db.session.execute(select(Record.id)).first() is None
    certificate = certificate_of(erasure)
    assert certificate is not None
    assert {line["kind"]: line["count"] for line in certificate.erased}["page_visit"] == 3
    assert certificate.is_clean
    assert erasure.sealed_contact is None
    assert broken() == {}
