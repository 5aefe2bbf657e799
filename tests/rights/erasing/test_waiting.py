"""What an erasure waits for is what it ends itself, and nothing else."""

from flask import Flask
from sqlalchemy import select

from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.personal_data.erasure.models import ErasureState
from portal.personal_data.erasure.scope import Extent, Scope
from tests.support.acting.people import People
from tests.support.documents import specimens
from tests.support.erasing.erasures import carried_out, scheduled
from tests.support.filing import all_documents, file_with_document_later, send_sides
from tests.support.packages import take_in
from tests.support.records import record


def test_an_erasure_of_one_kind_does_not_wait_for_the_document_of_another_request(app: Flask, people: People) -> None:
    browser = people.signed_in()
    reference = file_with_document_later(browser).url.rpartition("/")[2]
    send_sides(browser.get(f"/requests/identity/{reference}/document?paper=passport"), page=specimens.passport())
    values = {"survey": "Printemps", "question": "Contente ?", "answer": "Oui"}
    take_in(record("survey_answer", "S-1", values, "C-camille", source="support"))
    customer_id = db.session.execute(select(Customer.id)).scalar_one()

    erasure = carried_out(scheduled(customer_id, Scope(Extent.KINDS, names=("survey_answer",))))

    assert (erasure.state, erasure.step) == (ErasureState.DONE, "over")
    assert len(all_documents()) == 1, "it is about the other request, which is not decided"
