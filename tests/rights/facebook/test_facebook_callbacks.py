"""What Facebook calls for: the link undone, an erasure opened once, one answer for known, unknown and repeated."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.permissions import Role
from portal.accounts.facebook.linked_identities import forget_identities
from portal.accounts.models import Account, AccountSession, LinkedIdentity
from portal.audit.models import AuditEvent
from portal.config import Settings
from portal.customers.models import Customer, CustomerStatus
from portal.identity_checks.models import IdentityCheck
from portal.infrastructure.database import db, transaction
from portal.personal_data.outcomes import ItemOutcome
from portal.preferences.models import PreferenceState
from portal.rights.channels import Channel
from portal.rights.items.models import ItemState, RequestItem
from portal.rights.lifecycle import Right, Status
from portal.rights.models import RightsRequest
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.people import People
from tests.support.acting.visitors import come_from, count, is_signed_in, mailed_link, register
from tests.support.cases import decide, refusal_values, second, take
from tests.support.erasing.pages import carry_out, newest_erasure
from tests.support.servers.facebook import APP_SECRET, link_facebook, signed_call

EMAIL = "camille@example.org"
START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def configured(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the portal an application at Facebook."""
    keys = {"facebook_app_id": "1234567890", "facebook_app_secret": APP_SECRET}
    monkeypatch.setitem(app.extensions, "settings", settings.model_copy(update=keys))


def call(browser: Browser, path: str, signed: str | None = None) -> Any:
    """Send what Facebook sends: no cookie, no token, one field."""
    return browser.client.post(path, data={"signed_request": signed_call() if signed is None else signed})


def ask_for_erasure(browser: Browser, signed: str | None = None) -> str:
    """Have Facebook ask for an erasure and return the address of its page."""
    answer = call(browser, "/facebook/deletion", signed)
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    body = answer.get_json()
    assert set(body) == {"url", "confirmation_code"}
    assert body["confirmation_code"].isalnum()
    assert body["url"] == f"http://localhost:8000/facebook/deletion/{body['confirmation_code']}"
    return str(body["url"].removeprefix("http://localhost:8000"))


def linked(people: People, *, password: bool = True, **facts: Any) -> None:
    """Make an account that Facebook opens."""
    account_id = people.account(EMAIL).id
    if not password:
        with transaction() as session:
            session.get_one(Account, account_id).password_hash = None
    link_facebook(EMAIL, **facts)


def the_request() -> RightsRequest:
    return db.session.execute(select(RightsRequest).execution_options(populate_existing=True)).scalar_one()


def identities() -> list[tuple[str, bool]]:
    db.session.rollback()
    return [(row.scoped_id, row.unlinked_at is None) for row in db.session.execute(select(LinkedIdentity)).scalars()]


def events(tag: str) -> list[dict[str, Any]]:
    db.session.rollback()
    return [row.facts for row in db.session.execute(select(AuditEvent).where(AuditEvent.tag == tag)).scalars()]


def test_an_erasure_opens_a_request_of_its_own_channel_with_its_due_date(people: People, browser: Browser) -> None:
    with clock.stopped_at(START):
        linked(people)
        page = browser.get(ask_for_erasure(browser))
    request = the_request()
    assert (request.right, request.channel, request.status) == (Right.ERASURE, Channel.FACEBOOK, Status.CLOSED)
    assert request.answers == {"limited_to": "facebook_link"}
    assert request.received_at == START
    assert request.due_on is not None
    assert (request.due_on.year, request.due_on.month) == (2026, 12)
    assert (request.is_document_needed, request.identity_signals) == (False, [])
    assert db.session.query(IdentityCheck).one().method == "facebook_signature"
    assert identities() == [], "unlinked at once, its number erased"
    assert "23 novembre 2026" in page.text
    assert "Le lien avec Facebook a été rompu et son numéro effacé le lundi 23 novembre 2026" in page.text
    assert "Lien avec Facebook" in page.text, "its one item"
    item = db.session.execute(select(RequestItem)).scalar_one()
    assert (item.outcome, item.state, item.done_at) == (ItemOutcome.ERASED, ItemState.DONE, START)


def test_what_came_with_the_account_is_meant_when_facebook_made_it(people: People, browser: Browser) -> None:
    linked(people, brought_names=True)
    ask_for_erasure(browser)
    assert the_request().answers == {"limited_to": "facebook_account"}


def test_the_page_shows_no_personal_data(people: People, browser: Browser) -> None:
    linked(people, scoped_id="218471")
    text = browser.get(ask_for_erasure(browser)).response.get_data(as_text=True)
    for personal in (EMAIL, "Camille", "Lefèvre", "218471", the_request().reference, "C-camille"):
        assert personal not in text


def test_somebody_unknown_gets_the_same_answer(browser: Browser) -> None:
    page = browser.get(ask_for_erasure(browser, signed_call("999")))
    assert "Aucune demande sous ce code" in page.text
    assert count(RightsRequest) == 0
    assert call(browser, "/facebook/deauthorize", signed_call("999")).get_json() == {}
    assert [event["is_known"] for event in events("portal:facebook:told")] == [False, False]


def test_a_call_sent_once_more_changes_nothing_and_gets_the_same_code(people: People, browser: Browser) -> None:
    linked(people)
    signed = signed_call()
    first = ask_for_erasure(browser, signed)
    assert ask_for_erasure(browser, signed) == first
    assert count(RightsRequest) == 1
    assert "Reçue" in browser.get(first).text
    assert [event["is_known"] for event in events("portal:facebook:told")] == [True, False]


def test_a_call_sent_once_more_does_not_undo_a_newer_link(people: People, browser: Browser) -> None:
    with clock.stopped_at(START):
        linked(people)
        signed = signed_call()
        ask_for_erasure(browser, signed)
        # In the second of the call: Facebook gives no fraction that would tell which was first.
        link_facebook(EMAIL)
        ask_for_erasure(browser, signed)
        assert identities() == [("218471", True)]
        with transaction() as session:
            forget_identities(session.query(Account).one().id)
    with clock.stopped_at(START + timedelta(hours=2)):
        link_facebook(EMAIL)
        ask_for_erasure(browser, signed)
        call(browser, "/facebook/deauthorize", signed)
    assert identities() == [("218471", True)]
    assert count(RightsRequest) == 1


def test_two_calls_at_once_open_one_request(app: Flask, people: People) -> None:
    linked(people)
    signed, start = signed_call(), Barrier(2)

    def send(browser: Browser) -> str:
        start.wait()
        return ask_for_erasure(browser, signed)

    with ThreadPoolExecutor(2) as pool:
        addresses = set(pool.map(send, [Browser(app), Browser(app)]))
    assert len(addresses) == 1
    assert count(RightsRequest) == 1


def test_facebook_removes_first_and_asks_for_the_erasure_afterwards(people: People, browser: Browser) -> None:
    linked(people)
    assert call(browser, "/facebook/deauthorize").status_code == 200
    assert identities() == [("218471", False)]
    assert count(RightsRequest) == 0
    ask_for_erasure(browser)
    assert identities() == []
    assert count(RightsRequest) == 1
    assert len(events("customer:facebook:unlinked")) == 1


@pytest.mark.parametrize("path", ["/facebook/deauthorize", "/facebook/deletion"])
def test_sessions_opened_with_facebook_end_and_others_stay(app: Flask, people: People, path: str) -> None:
    by_password = people.signed_in(EMAIL)
    link_facebook(EMAIL)
    by_facebook = people.sign_in(EMAIL)
    with transaction() as session:
        newest = select(AccountSession).order_by(AccountSession.id.desc()).limit(1)
        session.execute(newest).scalar_one().method = "facebook"
    call(Browser(app), path)
    assert is_signed_in(by_password)
    assert not is_signed_in(by_facebook)
    [event] = events("customer:facebook:unlinked")
    assert event == {"by": "facebook", "was_last_way_in": False, "sessions_ended": 1}


@pytest.mark.parametrize("path", ["/facebook/deauthorize", "/facebook/deletion"])
def test_the_last_way_in_is_replaced_by_an_offer_of_a_password(
    people: People, browser: Browser, mailbox: Mailbox, path: str
) -> None:
    linked(people, password=False)
    call(browser, path)
    call(browser, path)
    told = [mail for mail in mailbox.to(EMAIL) if mail["Subject"].startswith("Facebook n’ouvre plus votre compte")]
    assert len(told) == 1
    assert "C’était votre seul accès" in text_of(told[0])
    assert events("customer:facebook:unlinked")[0]["was_last_way_in"] is True
    browser.get("/password/forgotten").submit({"email": EMAIL}, with_field="email")
    chosen = {"password": "une nouvelle phrase secrète"}
    browser.get(mailed_link(mailbox, EMAIL, "/password/reset/")).submit(chosen)
    answer = browser.get("/sign-in").submit({"email": EMAIL} | chosen, with_field="password")
    assert answer.url == "/data"


def test_a_customer_with_a_password_is_told_too(people: People, browser: Browser, mailbox: Mailbox) -> None:
    linked(people)
    ask_for_erasure(browser)
    texts = {str(mail["Subject"]): text_of(mail) for mail in mailbox.to(EMAIL)}
    assert "/sign-in" in texts["Facebook n’ouvre plus votre compte – Netkin"]
    assert any("notre réponse est prête" in subject for subject in texts)


def test_an_account_whose_address_nobody_proved_goes_whole(app: Flask, browser: Browser, mailbox: Mailbox) -> None:
    register(browser, "nadia@example.org")
    link_facebook("nadia@example.org")
    link = mailed_link(mailbox, "nadia@example.org", "/confirm/")
    page = Browser(app).get(ask_for_erasure(Browser(app)))
    assert "Aucune demande sous ce code" in page.text
    assert count(Account) == count(LinkedIdentity) == count(RightsRequest) == 0
    assert browser.get(link).status == 404


def test_an_account_removed_at_facebook_before_its_address_was_proven_stays_closed(
    app: Flask, browser: Browser, mailbox: Mailbox
) -> None:
    register(browser, "nadia@example.org")
    link_facebook("nadia@example.org")
    link = mailed_link(mailbox, "nadia@example.org", "/confirm/")
    mails = len(mailbox.all())
    call(Browser(app), "/facebook/deauthorize")
    assert browser.get(link).status == 410
    assert len(mailbox.all()) == mails, "nobody is written to at an address that nobody proved"


def test_an_erased_customer_has_nothing_left_to_erase(people: People, browser: Browser) -> None:
    linked(people)
    with transaction() as session:
        session.query(Customer).one().status = CustomerStatus.ERASED
    page = browser.get(ask_for_erasure(browser))
    assert "Aucune demande sous ce code" in page.text
    assert identities() == []
    assert count(RightsRequest) == 0


def test_a_restricted_customer_may_still_ask(people: People, browser: Browser) -> None:
    linked(people)
    with transaction() as session:
        session.query(Customer).one().status = CustomerStatus.RESTRICTED
    ask_for_erasure(browser)
    assert count(RightsRequest) == 1


def test_five_open_requests_do_not_keep_facebook_out(people: People, browser: Browser) -> None:
    people.account(EMAIL)
    for minutes in range(7):
        with clock.stopped_at(START + timedelta(minutes=minutes)):
            link_facebook(EMAIL)
            ask_for_erasure(browser)
    assert count(RightsRequest) == 7


class TestStaff:
    """The case as staff work on it: no document, limited, seconded."""

    @pytest.fixture
    def reviewer(self, people: People, browser: Browser) -> Browser:
        linked(people, brought_names=True)
        ask_for_erasure(browser)
        return people.signed_in_staff(Role.REVIEWER)

    def test_the_case_says_how_far_it_goes_and_asks_for_no_document(self, reviewer: Browser) -> None:
        page = take(reviewer, the_request().reference)
        assert "Ce qui est venu de Facebook" in page.text
        assert "(Facebook)" in page.text
        assert not page.tree.select("form[action$='/doubt']")

    def test_granted_it_leaves_the_customer_and_their_choices_alone(
        self, reviewer: Browser, people: People, browser: Browser
    ) -> None:
        reference = the_request().reference
        decide(take(reviewer, reference), "granted")
        second(people.signed_in_staff(Role.OFFICER), reference)
        carry_out(newest_erasure())
        assert the_request().status is Status.CLOSED, "no system of the company sent anything"
        assert "Certificat d’effacement" in browser.get(f"/facebook/deletion/{the_request().confirmation_code}").text
        assert db.session.query(Customer).one().status is CustomerStatus.ACTIVE
        assert [row.is_suppressed for row in db.session.query(PreferenceState)] == [False]

    def test_refused_the_page_gives_the_ground_and_not_the_letter(
        self, reviewer: Browser, people: People, browser: Browser
    ) -> None:
        request = the_request()
        reference, address = request.reference, f"/facebook/deletion/{request.confirmation_code}"
        decide(take(reviewer, reference), "refused", "Chère Camille, non.", **refusal_values(Right.ERASURE))
        assert "Ce que nous avons refusé, et pourquoi" not in browser.get(address).text, "not before it is decided"
        second(people.signed_in_staff(Role.OFFICER), reference)
        page = browser.get(address)
        assert "Ce que nous avons refusé, et pourquoi" in page.text
        assert "La loi nous oblige à garder ces données (article 17, paragraphe 3, point b), du RGPD)." in page.text
        assert "CNIL" in page.text
        assert "Camille" not in page.text
        assert "service client" not in page.text

    def test_nobody_takes_in_a_request_as_signed_by_facebook(self, people: People) -> None:
        page = people.signed_in_staff(Role.SUPPORT).get("/staff/requests/take-in")
        channels = [str(option["value"]) for option in page.tree.select("select[name=channel] option")]
        assert "social_network" in channels
        assert "facebook" not in channels


def test_the_customer_follows_it_in_the_portal_too(people: People, browser: Browser) -> None:
    own = people.signed_in(EMAIL)
    link_facebook(EMAIL)
    ask_for_erasure(browser)
    page: Page = own.get(f"/requests/{the_request().reference}")
    assert "Ce qui est venu de Facebook" in page.text


def test_a_status_page_reads_in_english(app: Flask, people: People, browser: Browser) -> None:
    linked(people)
    page = Browser(app, "en").get(ask_for_erasure(browser))
    assert page.h1 == "Erasure asked for on Facebook"
    assert "Confirmation code" in page.text


@pytest.mark.parametrize("code", ["0" * 48, "x", "é" * 48, "218471"])
def test_an_invented_code_is_unknown(browser: Browser, code: str) -> None:
    assert browser.get(f"/facebook/deletion/{code}").status == 404


@pytest.mark.parametrize("path", ["/facebook/deauthorize", "/facebook/deletion"])
class TestRefused:
    """What Facebook did not sign changes nothing."""

    @pytest.mark.parametrize(
        "signed", ["", "x", signed_call(secret="another"), signed_call() + "=", signed_call()[1:], "é.é", "\x00"]
    )
    def test_a_forged_call(self, people: People, browser: Browser, path: str, signed: str) -> None:
        linked(people)
        assert call(browser, path, signed).status_code == 400
        assert identities() == [("218471", True)]
        assert count(RightsRequest) == count(AuditEvent) == 0

    def test_a_call_of_yesterday(self, people: People, browser: Browser, path: str) -> None:
        linked(people, linked_at=clock.now() - timedelta(days=9))
        assert call(browser, path, signed_call(issued_at=clock.now() - timedelta(hours=25))).status_code == 400
        assert identities() == [("218471", True)]

    def test_no_field_at_all(self, browser: Browser, path: str) -> None:
        assert browser.client.post(path).status_code == 400
        assert browser.client.get(path).status_code == 405

    def test_without_an_application_there_is_no_such_address(
        self, app: Flask, settings: Settings, browser: Browser, path: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(app.extensions, "settings", settings)
        assert call(browser, path).status_code == 404

    def test_a_forger_is_stopped_and_facebook_is_not(self, people: People, app: Flask, path: str) -> None:
        linked(people)
        forger = come_from(Browser(app), "192.0.2.7")
        statuses = [call(forger, path, "x.y").status_code for _try in range(31)]
        assert statuses == [400] * 30 + [429]
        assert call(come_from(Browser(app), "192.0.2.8"), path, "x.y").status_code == 400
        assert call(forger, path).status_code == 200

    def test_calls_about_one_person_are_counted_apart(self, browser: Browser, path: str) -> None:
        statuses = [call(browser, path, signed_call("1")).status_code for _try in range(21)]
        assert statuses == [200] * 20 + [429]
        assert call(browser, path, signed_call("2")).status_code == 200
