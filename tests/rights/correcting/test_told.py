"""A correction is told to whoever sent the value or received it, and its request closes once each has followed."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from portal.access.tokens import OF_ONE_SYSTEM, create_token
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.instructions.acknowledging import acknowledge_for
from portal.instructions.models import Instruction, Operation
from portal.instructions.queue import instructions_of
from portal.organisation import Told
from portal.rights.lifecycle import Outcome, Status
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.people import People
from tests.support.acting.systems import SYSTEM, with_address
from tests.support.cases import case, decide, open_case
from tests.support.erasing.pages import team
from tests.support.filing import CAMILLE, OF, ask_to_correct, only_request, trust_device
from tests.support.packages import take_in
from tests.support.records import record, visit

OWNER = "site@example.org"


@pytest.fixture
def camille(people: People) -> Browser:
    browser = people.signed_in(CAMILLE)
    trust_device()
    take_in(
        record("civil_identity", "I-1", {"title": "mrs", "family_name": "Lefèvre"}, OF, source=SYSTEM),
        record("postal_address", "A-1", {"use": "billing", "line1": "1 rue Haute", "city": "Lille"}, OF),
        visit(1, of=OF),
    )  # fmt: skip
    return browser


@pytest.fixture
def by_mail(app: Flask) -> Iterator[None]:
    organisation = installed.organisation.of(app)
    installed.organisation.put(app, with_address(organisation, "", Told.MAIL, email=OWNER))
    yield
    installed.organisation.put(app, organisation)


def told(reference: str) -> dict[str, Instruction]:
    db.session.rollback()
    return {row.target: row for row in instructions_of(case(reference).id)}


def settle(*rows: Instruction) -> None:
    for row in rows:
        with transaction():
            acknowledge_for(row.public_id, "a" * 32)


def test_a_granted_correction_is_told_and_closed_once_all_followed(
    app: Flask, camille: Browser, people: People
) -> None:
    ask_to_correct(camille, "contact", "Corriger (Ville)", value_city="Lyon")
    reference = only_request().reference
    assert told(reference) == {}, "nothing is decided yet"
    assert decide(open_case(team(people)[0], reference), "granted").status == 200
    rows = told(reference)
    assert {"billing", "host", "group_companies"} <= rows.keys()
    assert SYSTEM not in rows, "it sent no address"
    assert rows["billing"].operation is Operation.CORRECT
    assert rows["billing"].scope == {"fields": [["postal_address", "A-1", "city"]]}
    assert (case(reference).status, case(reference).outcome) == (Status.ANSWERED, Outcome.GRANTED)
    assert "Facturation (corriger)" in camille.get(f"/requests/{reference}").text
    last = rows.pop("billing")
    settle(*rows.values())
    assert (case(reference).status, case(reference).closed_at) == (Status.ANSWERED, None)
    with transaction():
        _row, text = create_token("test", [OF_ONE_SYSTEM], system="billing")
    address, bearer = f"/feed/v1/instructions/{last.public_id}", {"Authorization": f"Bearer {text}"}
    fields = app.test_client().get(f"{address}/items", headers=bearer).get_json()["fields"]
    assert fields == [{"kind": "postal_address", "external_id": "A-1", "field": "city", "value": "Lyon"}]
    assert app.test_client().post(f"{address}/ack", json={"result": "done"}, headers=bearer).status_code == 200
    assert case(reference).status is Status.CLOSED
    assert "Facturation (corriger) : confirmé le" in camille.get(f"/requests/{reference}").text


def test_a_correction_at_once_is_told_by_mail_with_the_value_behind_its_link(
    app: Flask, by_mail: None, camille: Browser, mailbox: Mailbox
) -> None:
    ask_to_correct(camille, "identity", "Corriger (Civilité)", value_title="mr")
    reference = only_request().reference
    assert case(reference).status is Status.ANSWERED
    run_due_jobs()
    words = text_of(mailbox.last_to(OWNER))
    assert "mr" not in words.split()
    link = re.search(r"http://localhost:8000(/instruction/\S+)", words)
    assert link
    page = Browser(app).get(link[1])
    assert "I-1 title : mr" in page.text
    rows = told(reference)
    settle(*(row for code, row in rows.items() if code != SYSTEM))
    page.submit({"result": "done"}, with_field="result")
    assert case(reference).status is Status.CLOSED


def test_a_correction_of_the_own_file_is_told_to_all_that_know_the_person(app: Flask, camille: Browser) -> None:
    """The line of a customer names no system, so each that sent anything about the person is told."""
    ask_to_correct(camille, "identity", "Corriger (Langue)", value_language="en")
    rows = told(only_request().reference)
    assert rows.keys() == {"billing", SYSTEM}
    with transaction():
        _row, text = create_token("test", [OF_ONE_SYSTEM], system="billing")
    items = app.test_client().get(
        f"/feed/v1/instructions/{rows['billing'].public_id}/items", headers={"Authorization": f"Bearer {text}"}
    )
    field = {"kind": "customer_file", "external_id": "", "field": "language", "value": "en"}
    assert items.get_json()["fields"] == [field]
    settle(*rows.values())
    assert only_request().status is Status.CLOSED


def test_a_request_that_was_withdrawn_is_told_to_nobody(camille: Browser) -> None:
    ask_to_correct(camille, "contact", "Corriger (Ville)", value_city="Lyon")
    reference = only_request().reference
    camille.get(f"/requests/{reference}/withdraw").submit(action="/withdraw")
    assert (case(reference).status, told(reference)) == (Status.WITHDRAWN, {})
    assert "Lille" in camille.get("/data/contact").text
