"""Pages of requests in states that the demonstration is not in: erasures, doubts, items, what moved meanwhile.

A state is brought about by the portal's own pages and jobs, in this process; Chromium then looks at it.
"""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import clock
from portal.access.permissions import Role
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.rights.items.reopening import reopen
from portal.rights.lifecycle import Outcome, Right, Status
from portal.rights.models import EventKind, RequestEvent, RightsRequest
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.people import People
from tests.support.acting.visitor import Visitor
from tests.support.cases import decide, item_links, open_case, refuse_one, taken_in
from tests.support.erasing.pages import begin, file_erasure, finish, grant, team
from tests.support.filing import trust_device
from tests.support.keeping import restrict
from tests.support.looking.pages.page_checks import check_page, refuse
from tests.support.packages import take_in
from tests.support.places import hold
from tests.support.records import invoice, record, visit

CAMILLE = "camille@example.org"
OF = "C-camille"
HOME = {"recipient": "Camille Lefèvre", "line1": "4 rue des Lilas", "postal_code": "75011", "city": "Paris"}
Look = Callable[..., Visitor]
Staff = tuple[Browser, Browser]


@pytest.fixture
def staff(people: People) -> Staff:
    return team(people)


@pytest.fixture
def camille(people: People) -> Browser:
    """Somebody who may ask for anything, and of whom something of each sort is held."""
    browser = people.signed_in(CAMILLE)
    trust_device()
    take_in(
        invoice("F-1", of=OF), invoice("F-2", of=OF), *[visit(number, of=OF) for number in range(30)],
        record("survey_answer", "S-1", {"survey": "Été", "question": "Contente ?", "answer": "Oui"}, OF, source="support"),
    )  # fmt: skip
    return browser


def mailed(mailbox: Mailbox, start: str, address: str = CAMILLE) -> str:
    found = re.search(rf"http://localhost:8000({start}\S+)", text_of(mailbox.last_to(address)))
    assert found
    return found[1]


def of_camille() -> int:
    return db.session.execute(select(Customer.id).where(Customer.email == CAMILLE)).scalar_one()


def test_an_erasure_from_its_preview_to_its_certificate(
    app: Flask, camille: Browser, staff: Staff, mailbox: Mailbox, look: Look
) -> None:
    visitor = look(camille, "/account/close", "/requests/new/erasure")
    visitor.send({"scope": "all"}, "form:has([name=scope])")
    visitor.page.wait_for_url("**/check")
    check_page(visitor.page)
    reference = file_erasure(camille)
    look(camille, "/requests/new/erasure")
    look(staff[0], f"/staff/requests/{reference}")
    erasure = grant(staff, reference)
    cancel = mailed(mailbox, "/erasure/cancel/")
    reader = Browser(app)
    status = str(reader.get(cancel).tree.select_one("main a[href^='/erasure/']")["href"])
    look(camille, "/data", f"/requests/{reference}", f"/requests/{reference}/withdraw", "/requests")
    look(reader, cancel, status, "/erasure/unknown", "/erasure/cancel/unknown")
    look(staff[1], f"/staff/requests/{reference}", "/staff/queue")
    begin(erasure)
    late = look(camille, f"/requests/{reference}", "/data")
    check_page(late.open(f"/requests/{reference}/withdraw"))
    look(reader, cancel, status)
    look(staff[1], f"/staff/requests/{reference}")
    finish(erasure)
    look(reader, status, cancel)
    look(staff[0], f"/staff/requests/{reference}", f"/staff/requests/{reference}/certificate")


def test_an_erasure_that_is_cancelled(app: Flask, camille: Browser, staff: Staff, mailbox: Mailbox, look: Look) -> None:
    reference = file_erasure(camille, scope="some", categories=["usage"])
    grant(staff, reference)
    cancel = mailed(mailbox, "/erasure/cancel/")
    reader = Browser(app)
    visitor = look(reader, cancel, width=390)
    visitor.send({}, "main form[method=post]")
    check_page(visitor.page)
    look(reader, cancel)
    look(camille, f"/requests/{reference}")
    look(staff[0], f"/staff/requests/{reference}")


def test_an_erasure_of_one_record_and_one_that_waits_for_a_contract(camille: Browser, look: Look) -> None:
    look(camille, "/requests/new/erasure?kind=survey_answer&record=S-1")
    subscription = {"product": "Netkin", "plan": "Essentiel", "started_on": "2026-01-01"}
    take_in(record("subscription", "AB-1", subscription, OF))
    for right, field in (("access", "details"), ("rectification", "wrong")):
        values = {
            "access": {"scope": "all", "details": "Tout."},
            "rectification": {"category": "contact", "wrong": "Rue."},
        }
        camille.get(f"/requests/new/{right}").submit(values[right], with_field=field).submit(action="/send")
    visitor = look(camille, "/requests/new/erasure", width=390)
    visitor.send({"scope": "all"}, "form:has([name=scope])")
    visitor.page.wait_for_url("**/check")
    check_page(visitor.page)


def test_a_case_item_by_item(people: People, camille: Browser, staff: Staff, look: Look) -> None:
    reference = file_erasure(camille)
    items = item_links(open_case(staff[0], reference))
    look(staff[0], *items[:2])
    visits = next(link for link in items if "Visite" in staff[0].get(link).h1 or "visit" in staff[0].get(link).h1)
    visitor = look(staff[0], visits)
    visitor.send({}, "form[action$='/records']")
    check_page(visitor.page)
    visitor = look(staff[0], visits)
    box = visitor.page.locator("form[action$='/records'] [type=checkbox]").first
    box.check()
    visitor.page.locator("form[action$='/records'] [name$=outcome][value=refused]").check()
    visitor.page.locator("form[action$='/records'] [name$=ground]").select_option(index=1)
    visitor.send({}, "form[action$='/records']")
    check_page(visitor.page)
    look(staff[0], visits, f"{visits}?words=nothing", f"/staff/requests/{reference}")
    grant(staff, reference)
    look(camille, f"/requests/{reference}")


def test_what_only_words_describe_is_divided_and_answered_in_part(
    people: People, camille: Browser, staff: Staff, mailbox: Mailbox, look: Look
) -> None:
    reference = taken_in(people, Right.RECTIFICATION)
    page = open_case(staff[0], reference)
    link = item_links(page)[0]
    visitor = look(staff[0], link)
    visitor.send({}, "form[action$='/divide']")
    check_page(visitor.page)
    grounds = staff[0].get(link).tree.select("[name='item-ground'] option[value]:not([value=''])")
    refuse_one(page, str(grounds[0]["value"]))
    look(staff[0], f"/staff/requests/{reference}")
    decide(open_case(staff[0], reference), "granted", "Nous corrigeons une partie.")
    look(camille, f"/requests/{reference}")
    look(staff[1], f"/staff/requests/{reference}")


def test_doubts_and_what_lifts_them(people: People, camille: Browser, staff: Staff, look: Look) -> None:
    reviewer, officer = staff
    hold(of_camille(), "phone_number", days=400, number="06 12 34 55678")
    hold(of_camille(), "postal_address", days=400, **HOME)
    reference = taken_in(people, Right.DIRECTIVES, is_proven=False)
    case = f"/staff/requests/{reference}"
    visitor = look(reviewer, case)
    for form in ("call-back", "answer", "posted", "letter"):
        if visitor.page.locator(f"form[action$='/{form}']").count():
            visitor.open(case)
            visitor.page.locator(f"details:has(form[action$='/{form}'])").evaluate("details => details.open = true")
            check_page(visitor.page)
    open_case(reviewer, reference).submit({"call-result": "missed"}, action="/call-back")
    look(reviewer, case)
    printed = open_case(reviewer, reference).submit(action="/letter")
    found = re.search(r"(\d{4}) (\d{4})", printed.text)
    assert found
    look(reviewer, case, f"{case}/letter")
    open_case(reviewer, reference).submit({"posted-number": "1A 234 567 8901 2"}, action="/posted")
    look(reviewer, case)
    customer = look(camille, f"/requests/{reference}", width=390)
    customer.send({"letter-code": "1111 1111"}, "form[action$='/letter-code']")
    check_page(customer.page)
    visitor = look(officer, case)
    visitor.page.locator("details:has(form[action$='/written-reason']) summary").click()
    visitor.send({}, "form[action$='/written-reason']")
    check_page(visitor.page)
    open_case(reviewer, reference).submit(action="/release")
    values = {"written-reason": "Sa voix et son dossier sont connus du service."}
    approval = open_case(officer, reference).submit(values, action="/written-reason").url
    look(officer, case, approval)
    look(reviewer, approval)
    camille.get(f"/requests/{reference}").submit({"letter-code": f"{found[1]} {found[2]}"}, action="/letter-code")
    look(camille, f"/requests/{reference}")
    look(reviewer, case)


def test_a_case_that_was_closed_by_mistake(people: People, camille: Browser, staff: Staff, look: Look) -> None:
    reference = taken_in(people, Right.ERASURE, days_ago=20)
    at = clock.now() - timedelta(days=10)
    with transaction() as session:
        chosen = select(RightsRequest).where(RightsRequest.reference == reference)
        request = session.execute(chosen).scalar_one()
        request.status, request.outcome, request.is_open = Status.CLOSED, Outcome.GRANTED, False
        request.answered_at = request.closed_at = at
        session.add(RequestEvent(request_id=request.id, kind=EventKind.ANSWERED, text="Nous acceptons.", at=at))
    with transaction() as session:
        assert reopen(session.execute(chosen).scalar_one().id)
    look(staff[1], "/staff/requests/reopened", f"/staff/requests/{reference}", "/staff/desk")
    look(staff[0], f"/staff/requests/{reference}")
    look(camille, f"/requests/{reference}", "/data")


def test_what_moved_while_somebody_read_it(people: People, camille: Browser, staff: Staff, look: Look) -> None:
    reference = taken_in(people, Right.RECTIFICATION)
    visitor = look(staff[0], f"/staff/requests/{reference}")
    with transaction() as session:
        session.execute(update(RightsRequest).values(version=RightsRequest.version + 5))
    visitor.send({"way": "proposed", "message": "C’est fait."}, "form[action$='/decision']")
    check_page(visitor.page)
    other = people.signed_in_staff(Role.REVIEWER, "other@example.org")
    open_case(staff[0], reference).submit(action="/claim")
    visitor = look(other, f"/staff/requests/{reference}")
    if visitor.page.locator("form[action$='/decision']").count():
        visitor.send({"way": "proposed", "message": "C’est fait."}, "form[action$='/decision']")
        check_page(visitor.page)
    look(other, "/staff/queue", "/staff/my-cases")
    look(staff[0], "/staff/my-cases")


def test_an_account_on_hold(camille: Browser, look: Look) -> None:
    with transaction() as session:
        restrict(session.execute(select(Customer)).scalar_one())
    look(camille, "/account/on-hold", "/data", "/preferences", "/account")


def test_a_second_request_of_the_same_kind(camille: Browser, look: Look) -> None:
    file_erasure(camille, scope="some", categories=["usage"])
    visitor = look(camille, "/requests/new/erasure", width=390)
    check_page(visitor.page)
    visitor = look(camille, "/requests/new/directives")
    refuse(visitor)
