"""Dishonest hands on other people's rights, and on one's own: whoever takes part tries what is not theirs to do."""

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal import clock
from portal.access.permissions import Role
from portal.access.tokens import OF_ONE_SYSTEM, create_token
from portal.infrastructure.database import db, transaction
from portal.instructions.models import CLOSED_STATES, Instruction, InstructionState
from portal.lookups.models import AccessLogEntry
from portal.personal_data.restrictions.grounds import Ground18
from portal.personal_data.restrictions.lifting import announce, halt
from portal.personal_data.restrictions.locking import restrict
from portal.personal_data.restrictions.models import Restriction
from portal.personal_data.stops.models import Weighing
from portal.records.models import Record
from portal.rights.lifecycle import Outcome, Right, Status
from portal.rights.models import RequestDraft, RightsRequest
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox, run_asked_jobs, text_of
from tests.support.acting.people import People
from tests.support.cases import decide, item_links, open_case, second, take, taken_in
from tests.support.erasing.pages import team
from tests.support.filing import only_request, trust_device
from tests.support.packages import FORMULA, take_in
from tests.support.preferences import customer_of
from tests.support.records import record, visit

CAMILLE, OFFICER, ZOE = "camille@example.org", "officer@example.org", "zoe@example.org"
FORM = "/data/contact/A-1/correct?kind=postal_address&field=city"
LINK = "https://attacker.example/pay"


@pytest.fixture
def camille(people: People) -> Browser:
    browser = people.signed_in(CAMILLE)
    trust_device()
    take_in(address("A-1", "C-camille"))
    return browser


def address(number: str, of: str, city: str = "Lille") -> dict[str, Any]:
    values = {"use": "billing", "line1": "1 rue Haute", "city": city}
    return record("postal_address", number, values, of, source="platform")


def ask(browser: Browser, city: str, **more: str) -> Page:
    shown = browser.get(FORM).submit({"value_city": city} | more, with_field="value_city")
    return shown.submit(action="/send") if shown.status == 200 else shown


def town(number: str = "A-1") -> str:
    db.session.rollback()
    return str(db.session.execute(select(Record.values).where(Record.external_id == number)).scalar_one()["city"])


def count(model: Any) -> int:
    db.session.rollback()
    return int(db.session.execute(select(func.count(model.id))).scalar_one())


def told(is_open: bool = True) -> list[Instruction]:
    db.session.rollback()
    rows = select(Instruction).order_by(Instruction.id)
    return [row for row in db.session.execute(rows).scalars() if (row.state not in CLOSED_STATES) == is_open]


def corrected(camille: Browser, people: People) -> tuple[Browser, Browser]:
    """Have a correction made that systems are told of; return the browsers of the team."""
    staff = team(people)
    ask(camille, "Lyon")
    assert decide(open_case(staff[0], only_request().reference), "granted").status == 200
    return staff


# Customers.


def test_nobody_corrects_what_is_somebody_elses(people: People, camille: Browser) -> None:
    other = people.signed_in(ZOE)
    take_in(address("A-2", "C-zoe"))
    for path in (FORM, FORM.replace("postal_address", ""), FORM.replace("&field=city", "")):
        assert other.get(path).status == 404
        typed = {"csrf_token": other.form_token("/data"), "value_city": "Nice", "record": "A-1"}
        assert other.post(path, typed).status == 404
    shown = other.get(FORM.replace("A-1", "A-2"))
    token = {"csrf_token": other.form_token("/data")}
    hostile = {"value_city": "Nice", "record": "A-1", "external_id": "A-1", "customer_id": "1", "value_use": "delivery"}
    sent = other.post(FORM.replace("A-1", "A-2"), token | hostile).submit(action="/send")
    assert (shown.status, sent.status) == (200, 200)
    decide(open_case(people.signed_in_staff(Role.REVIEWER), only_request().reference), "granted")
    assert (town("A-1"), town("A-2")) == ("Lille", "Nice"), "only what the address names, of their own"
    assert "delivery" not in str(db.session.execute(select(Record.values)).scalars().all()), "nor a field not asked for"


def test_nobody_sends_or_sees_the_draft_of_somebody_else(people: People, camille: Browser) -> None:
    camille.get(FORM).submit({"value_city": "Lyon"}, with_field="value_city")
    draft = db.session.execute(select(RequestDraft.public_id)).scalar_one()
    other = people.signed_in(ZOE)
    for path in (f"/requests/drafts/{draft}", f"/requests/drafts/{draft}/check"):
        assert other.get(path).status == 404
    for act in ("send", "discard"):
        sent = other.post(f"/requests/drafts/{draft}/{act}", {"csrf_token": other.form_token("/data")})
        assert sent.status == 404
    assert (count(RequestDraft), count(RightsRequest)) == (1, 0)


@pytest.mark.parametrize("city", [FORMULA, "<script>alert(1)</script>", "Lyon\r\nBcc: all@example.org", "{{7*7}}%s"])
def test_a_hostile_value_stays_a_value(camille: Browser, people: People, mailbox: Mailbox, city: str) -> None:
    ask(camille, city)
    reviewer = people.signed_in_staff(Role.REVIEWER)
    shown = take(reviewer, only_request().reference)
    assert not shown.tree.select("main script:not([src])")
    assert decide(shown, "granted").status == 200
    page = camille.get("/data/contact")
    assert " ".join(town().split()) in page.text
    assert not page.tree.select("main script:not([src])")
    for row in told():
        item = reviewer.get(f"/staff/instructions/{row.public_id}")
        assert item.status == 200
        assert not item.tree.select("main script:not([src])")
    for mail in mailbox.all():
        assert mail["Bcc"] is None
        assert "<script" not in mail.as_string()


@pytest.mark.parametrize("size", [501, 10**6])
def test_a_value_without_end_is_refused_and_not_kept(camille: Browser, size: int) -> None:
    assert ask(camille, "é" * size).status in (413, 422)
    assert count(RightsRequest) == 0
    assert all(
        len(json.dumps(answers)) < 5000 for answers in db.session.execute(select(RequestDraft.answers)).scalars()
    )


def test_no_mail_carries_what_a_person_says_beside_a_value(camille: Browser, people: People, mailbox: Mailbox) -> None:
    staff = team(people)
    ask(camille, "Lyon", statement=f"Payez ici : {LINK}")
    reference = only_request().reference
    page = staff[0].get(item_links(open_case(staff[0], reference))[0])
    chosen = {"item-outcome": "statement", "item-ground": "data_are_accurate"}
    page = page.submit(chosen, with_field="item-outcome")
    decide(page, "granted", "Nous avons relu le dossier du 3 mars.", evidence="Facture du 3 mars.")
    assert second(staff[1], reference).status == 200
    shown = camille.get("/data/contact")
    assert LINK in shown.text
    assert not shown.tree.select(f"a[href^='{LINK}']"), "words are no link"
    run_asked_jobs()
    mails = mailbox.all()
    assert len(mails) >= 2
    assert all(LINK not in text_of(mail) for mail in mails)


def test_two_windows_never_send_what_only_the_other_one_showed(camille: Browser) -> None:
    """What was read on the page with the button is what is sent; else it is shown anew."""
    take_in(record("civil_identity", "I-1", {"title": "mrs", "given_name": "Camille", "family_name": "L"}, "C-camille"))
    one = camille.get(FORM).submit({"value_city": "Lyon"}, with_field="value_city")
    other = camille.get("/data/identity/I-1/correct?kind=civil_identity&field=title")
    other.submit({"value_title": "mr"}, with_field="value_title")
    page = one.submit(action="/send")
    assert count(RightsRequest) == 0, "the first window showed a town, and a title would be corrected at once"
    assert "Monsieur" in page.text
    page.submit(action="/send")
    assert only_request().outcome is Outcome.GRANTED


# Systems.


def test_what_is_settled_tells_its_system_no_value_any_more(app: Flask, camille: Browser, people: People) -> None:
    """A token or a mail that is stolen later opens nothing: the value of today is none of their business."""
    corrected(camille, people)
    with transaction():
        bearer = {"Authorization": f"Bearer {create_token('x', [OF_ONE_SYSTEM], system='platform')[1]}"}
    public_id = next(row.public_id for row in told() if row.target == "platform")
    path, client = f"/feed/v1/instructions/{public_id}", app.test_client()
    assert client.get(f"{path}/items", headers=bearer).get_json()["fields"][0]["value"] == "Lyon"
    assert client.post(f"{path}/ack", json={"result": "done"}, headers=bearer).status_code == 200
    after = client.get(f"{path}/items", headers=bearer)
    assert (after.status_code, "Lyon" in after.text) == (200, False)


# Staff.


def test_nobody_settles_what_is_to_be_done_for_themselves(people: People, camille: Browser) -> None:
    """The officer is a customer too: a colleague says whether others need not follow."""
    reviewer = people.signed_in_staff(Role.REVIEWER)
    own = people.signed_in(OFFICER)
    trust_device(OFFICER)
    take_in(address("A-9", "C-officer"))
    shown = own.get(FORM.replace("A-1", "A-9")).submit({"value_city": "Lyon"}, with_field="value_city")
    shown.submit(action="/send")
    assert decide(open_case(reviewer, only_request().reference), "granted").status == 200
    officer = people.signed_in_staff(Role.OFFICER)
    row = told()[0]
    path, token = f"/staff/instructions/{row.public_id}", {"csrf_token": officer.form_token("/staff/account")}
    assert officer.get(path).status == 403
    why = {"cause": "not_held", "words": "Rien de tel n’y est détenu."}
    assert officer.post(f"{path}/exempt", token | why).status == 403
    assert officer.post(f"{path}/acknowledge", token).status == 403
    assert told()[0].state is InstructionState.QUEUED
    assert reviewer.get(path).submit(action="/acknowledge").status == 200


def test_who_reads_what_others_have_to_correct_leaves_a_trace(camille: Browser, people: People) -> None:
    staff = corrected(camille, people)
    with transaction() as session:
        session.query(AccessLogEntry).delete()
    page = staff[1].get(f"/staff/instructions/{told()[0].public_id}")
    assert "Lyon" in page.text
    entry = db.session.execute(select(AccessLogEntry)).scalar_one()
    assert (entry.category, entry.request_reference) == ("request", only_request().reference)
    assert only_request().reference in camille.get("/access-log").text


def held(people: People, email: str, reply: str = "") -> Restriction:
    with transaction():
        row = restrict(customer_of(email).id, None, Ground18.CLAIMS)
        announce(row, "portal")
        if reply:
            halt(row, reply, "customer:test")
    return row


@pytest.mark.parametrize("act", ["told", "announce", "reply", "keep", "lift"])
def test_nobody_decides_about_a_restriction_of_their_own(people: People, act: str) -> None:
    people.account(OFFICER)
    officer = people.signed_in_staff(Role.OFFICER)
    row = held(people, OFFICER)
    path, token = f"/staff/restrictions/{row.public_id}", {"csrf_token": officer.form_token("/staff/account")}
    assert officer.get(path).status == 403
    with clock.stopped_at(clock.now()):
        assert officer.post(f"{path}/{act}", token | {"reply": "Non."}).status == 403
    db.session.rollback()
    standing = db.session.execute(select(Restriction)).scalar_one()
    assert (standing.told_at, standing.halted_at, standing.lifted_at) == (None, None, None)
    assert standing.notice_at is not None


def test_who_reads_a_reply_leaves_a_trace(camille: Browser, people: People) -> None:
    officer = people.signed_in_staff(Role.OFFICER)
    row = held(people, CAMILLE, "Le procès n’est pas fini.")
    assert "Le procès n’est pas fini." in officer.get(f"/staff/restrictions/{row.public_id}").text
    assert count(AccessLogEntry) == 1


def test_nobody_weighs_an_objection_of_their_own(people: People) -> None:
    own = people.signed_in(OFFICER)
    trust_device(OFFICER)
    take_in(record("fraud_score", "S-1", {"score": 12, "level": "low"}, "C-officer"), visit(1, of="C-officer"))
    typed = {"purposes": ["fraud_prevention"], "details": "Je suis passé pour un fraudeur."}
    own.get("/requests/new/objection").submit(typed, with_field="use").submit(action="/send")
    reference = only_request().reference
    reviewer = people.signed_in_staff(Role.REVIEWER)
    path = next(link for link in item_links(take(reviewer, reference)) if "/uses/" in link)
    officer = people.signed_in_staff(Role.OFFICER)
    texts = ("interest", "necessity", "grounds", "safeguards", "summary")
    typed_by_them = {f"use-{name}": "Rien." for name in texts} | {"use-result": "stopped", "use-version": "1"}
    assert officer.get(path).status == 403
    assert officer.post(path, typed_by_them | {"csrf_token": officer.form_token("/staff/account")}).status == 403
    assert count(Weighing) == 0
    assert only_request().status is not Status.CLOSED


def test_a_restriction_goes_on_until_its_notice_is_over(people: People, camille: Browser) -> None:
    """Neither a second request, nor a withdrawn one, nor the bare address of the button is a way around the notice."""
    officer = people.signed_in_staff(Role.OFFICER)
    reference = taken_in(people, Right.RESTRICTION)
    decide(open_case(people.signed_in_staff(Role.REVIEWER), reference), "granted")
    row = db.session.execute(select(Restriction)).scalar_one()
    token = {"csrf_token": officer.form_token("/staff/account")}
    officer.post(f"/staff/restrictions/{row.public_id}/lift", token)
    withdrawn = {"csrf_token": camille.form_token("/data")}
    camille.post(f"/requests/{reference}/withdraw", withdrawn)
    officer.post(f"/staff/restrictions/{row.public_id}/keep", token)
    officer.post(f"/staff/restrictions/{row.public_id}/lift", token)
    db.session.rollback()
    assert db.session.execute(select(Restriction.lifted_at)).scalar_one() is None
