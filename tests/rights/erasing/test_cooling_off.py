"""From the second opinion to the start: flags off at once, a link to every address, cancelled by each way and in time."""

import re
from datetime import timedelta

import pytest
from flask import Flask

from portal import clock
from portal.bilingual import long_date
from portal.durations import Period
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.personal_data.erasure.models import ErasureState
from portal.preferences.purposes import FLAG_CODES
from portal.rights.lifecycle import Outcome, Right, Status
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.people import People
from tests.support.acting.visitors import mailed_link
from tests.support.cases import case, open_case, taken_in
from tests.support.erasing.pages import begin, file_erasure, grant, newest_erasure, team
from tests.support.filing import trust_device
from tests.support.looking.audit_trail import all_events
from tests.support.preferences import FeedClient

CAMILLE, NEW = "camille@example.org", "nouvelle@example.org"
Staff = tuple[Browser, Browser]


def move(browser: Browser, mailbox: Mailbox) -> None:
    """Give the account another address, confirmed by its mail."""
    browser.get("/account/address").submit({"email": NEW}, with_field="email")
    browser.get(mailed_link(mailbox, NEW, "/address/confirm/")).submit()


@pytest.fixture
def staff(people: People) -> Staff:
    return team(people)


@pytest.fixture
def camille(people: People) -> Browser:
    browser = people.signed_in(CAMILLE)
    trust_device()
    return browser


def cancel_link(mailbox: Mailbox, address: str = CAMILLE) -> str:
    found = re.search(r"http://localhost:8000(/erasure/cancel/\S+)", text_of(mailbox.last_to(address)))
    assert found
    return found[1]


def test_after_the_second_yes_it_cools_off_and_marketing_reads_no(
    app: Flask, camille: Browser, staff: Staff, mailbox: Mailbox
) -> None:
    feed = FeedClient(app)
    camille.get("/preferences").submit(dict.fromkeys(FLAG_CODES, "accept"), with_field="offers.email")
    reference = file_erasure(camille)
    erasure = grant(staff, reference)

    assert timedelta(hours=71) < erasure.runs_at - clock.now() <= timedelta(hours=72)
    assert (case(reference).status, case(reference).outcome, case(reference).is_open) == (
        Status.IN_REVIEW, Outcome.GRANTED, True,
    )  # fmt: skip
    item = feed.item("C-camille")
    assert (item["suppressed"], item["reason"], any(item["flags"].values())) == (True, "restricted", False)

    mail = mailbox.last_to(CAMILLE)
    assert mail["Subject"] == f"{reference} : l’effacement est décidé, et vous pouvez l’annuler"
    assert "Lefèvre" not in text_of(mail)
    page = camille.get(f"/requests/{reference}")
    assert "L’effacement est décidé" in page.text
    assert "Il commence le" in page.text
    assert "Annuler l’effacement" in page.text
    assert "L’effacement est décidé" in camille.get("/data").text
    assert "Effacement décidé, annulable" in staff[0].get("/staff/queue").text
    assert "Seul le client peut l’annuler" in open_case(staff[0], reference).text


def test_the_link_of_a_mail_cancels_at_a_press_and_each_flag_is_what_was_chosen_last(
    app: Flask, camille: Browser, staff: Staff, mailbox: Mailbox
) -> None:
    feed = FeedClient(app)
    camille.get("/preferences").submit({"offers.email": "accept", "surveys.email": "accept"}, with_field="offers.email")
    reference = file_erasure(camille)
    grant(staff, reference)
    # Chosen while it cools off: it counts afterwards, and not before.
    camille.get("/preferences").submit({"offers.email": "refuse", "offers.sms": "accept"}, with_field="offers.email")
    link, reader = cancel_link(mailbox), Browser(app)

    page = reader.get(link)
    assert page.h1 == "Annuler l’effacement"
    assert newest_erasure().state is ErasureState.COOLING, "opening a link spends nothing"
    assert page.response.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert page.response.headers["Cache-Control"] == "no-store"
    page = page.submit({"cancel": "yes"}, action=link)
    assert page.h1 == "L’effacement est annulé"
    assert newest_erasure().state is ErasureState.CANCELLED
    assert (case(reference).status, case(reference).outcome) == (Status.WITHDRAWN, None)
    flags = feed.item("C-camille")["flags"]
    assert {flag for flag, is_on in flags.items() if is_on} == {"surveys.email", "offers.sms"}
    assert (
        reader.post(link, {"csrf_token": reader.form_token("/sign-in"), "cancel": "yes"}).h1
        == "L’effacement est annulé"
    )
    tags = [event.tag for event in all_events() if event.facts.get("reference") == reference]
    assert tags.count("customer:erasure:cancelled") == tags.count("customer:request:withdrawn") == 1


def test_signed_in_it_is_cancelled_on_the_page_of_the_request(camille: Browser, staff: Staff) -> None:
    reference = file_erasure(camille)
    grant(staff, reference)
    page = camille.get(f"/requests/{reference}").click("Annuler l’effacement")
    page = page.submit(action="/withdraw")
    assert "Annulée" in page.text
    assert newest_erasure().state is ErasureState.CANCELLED
    assert camille.post(f"/requests/{reference}/withdraw", {"csrf_token": camille.form_token("/account")}).status == 200


def test_after_the_start_nothing_cancels_and_both_pages_say_so(
    app: Flask, camille: Browser, staff: Staff, mailbox: Mailbox
) -> None:
    reference = file_erasure(camille, scope="some", categories=["usage"])
    erasure = grant(staff, reference)
    link, reader = cancel_link(mailbox), Browser(app)
    token = reader.get(link).tree.find(attrs={"name": "csrf_token"})["value"]
    begin(erasure)
    late = reader.post(link, {"csrf_token": str(token), "cancel": "yes"})
    assert (late.status, late.h1) == (409, "Trop tard pour annuler")
    late = camille.post(f"/requests/{reference}/withdraw", {"csrf_token": camille.form_token("/account")})
    assert (late.status, late.h1) == (409, "Trop tard pour annuler")
    assert newest_erasure().state is ErasureState.RUNNING
    assert "L’effacement est en cours" in reader.get(link).click("Voir où il en est").text


def test_each_address_left_lately_has_a_link_of_its_own(
    app: Flask, people: People, staff: Staff, mailbox: Mailbox
) -> None:
    camille = people.signed_in(CAMILLE)
    trust_device()
    reference = file_erasure(camille)
    move(camille, mailbox)
    grant(staff, reference)
    links = {cancel_link(mailbox, address) for address in (CAMILLE, NEW)}
    assert len(links) == 2
    Browser(app).get(cancel_link(mailbox, CAMILLE)).submit({"cancel": "yes"}, with_field="csrf_token")
    assert newest_erasure().state is ErasureState.CANCELLED
    db.session.rollback()


def test_a_partial_erasure_touches_no_flag(app: Flask, camille: Browser, staff: Staff) -> None:
    feed = FeedClient(app)
    camille.get("/preferences").submit({"offers.email": "accept"}, with_field="offers.email")
    grant(staff, file_erasure(camille, scope="some", categories=["usage"]))
    item = feed.item("C-camille")
    assert (item["suppressed"], item["flags"]["offers.email"]) == (False, True)


def test_one_that_waited_for_another_says_when_it_begins_and_keeps_marketing_off(
    app: Flask, people: People, camille: Browser, staff: Staff, mailbox: Mailbox
) -> None:
    first = file_erasure(camille, scope="some", categories=["usage"])
    grant(staff, first)
    second_one = taken_in(people, Right.ERASURE, email=CAMILLE)
    waiting = grant(staff, second_one)
    assert waiting.state is ErasureState.WAITING
    page = camille.get(f"/requests/{second_one}")
    assert "L’effacement attend son tour" in page.text
    assert page.click("Annuler l’effacement").h1 == "Annuler l’effacement", "nothing is destroyed yet"
    feed = FeedClient(app)
    assert feed.item("C-camille")["suppressed"]
    before = len(mailbox.to(CAMILLE))
    camille.get(f"/requests/{first}").click("Annuler l’effacement").submit(action="/withdraw")
    cooling = newest_erasure()
    assert cooling.state is ErasureState.COOLING
    (told,) = [mail for mail in mailbox.to(CAMILLE)[before:] if "/erasure/cancel/" in text_of(mail)]
    assert second_one in text_of(told)
    assert long_date(clock.local_date(cooling.runs_at), "fr", weekday=False) in text_of(told)
    assert feed.item("C-camille")["suppressed"], "the first one gave the choices back"


def test_the_company_may_wait_longer_and_every_page_says_so(
    app: Flask, camille: Browser, staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    organisation = installed.organisation()
    longer = organisation.retention.model_copy(update={"erasure_cooling": Period(days=5)})
    monkeypatch.setitem(app.extensions, "organisation", organisation.model_copy(update={"retention": longer}))
    page = camille.get("/requests/new/erasure").submit({"scope": "all"}, with_field="scope")
    assert "nous attendons en principe 120 heures" in page.text
    reference = file_erasure(camille)
    assert "Après 120 heures en principe" in open_case(staff[0], reference).text
    erasure = grant(staff, reference)
    assert erasure.runs_at - erasure.decided_at == timedelta(days=5)


def test_one_of_two_that_is_cancelled_gives_no_choice_back_while_the_other_stands(
    app: Flask, camille: Browser, staff: Staff
) -> None:
    feed = FeedClient(app)
    camille.get("/preferences").submit({"offers.email": "accept"}, with_field="offers.email")
    first, second = file_erasure(camille), file_erasure(camille)
    grant(staff, first)
    assert grant(staff, second).state is ErasureState.WAITING
    take_back(camille, second)
    assert feed.item("C-camille")["suppressed"], "the first one still cools off"
    third = file_erasure(camille)
    grant(staff, third)
    take_back(camille, first)
    assert newest_erasure().state is ErasureState.COOLING, "the third one's turn has come"
    assert feed.item("C-camille")["suppressed"]
    take_back(camille, third)
    item = feed.item("C-camille")
    assert (item["suppressed"], item["flags"]["offers.email"]) == (False, True)


def take_back(browser: Browser, reference: str) -> None:
    browser.get(f"/requests/{reference}/withdraw").submit(action="/withdraw")
    assert case(reference).status is Status.WITHDRAWN


def test_a_link_that_is_none_says_so(app: Flask) -> None:
    page = Browser(app).get("/erasure/cancel/nothing.of-ours")
    assert (page.status, page.h1) == (404, "Nous ne connaissons pas ce lien")
    assert Browser(app).get("/erasure/nothing.of-ours").status == 404
