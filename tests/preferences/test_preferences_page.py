"""The preferences page through its real forms: refusing costs no more than accepting, nothing is lost unseen."""

from datetime import UTC, date, datetime, timedelta

import pytest
from dateutil.relativedelta import relativedelta
from flask import Flask
from sqlalchemy import update

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import transaction
from portal.personal_data.uses.cookie_purposes import COOKIE_FLAG_CODES
from portal.preferences.choices.consent import Choice, give, record_choices, suppress, withdraw
from portal.preferences.models import Origin
from portal.preferences.purposes import FLAG_CODES, FLAGS
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.preferences import customer_of, flags_on, press, proofs, state_of

SAVED = "Vos choix sont enregistrés. Ils s’appliquent tout de suite."


@pytest.fixture
def camille(people: People) -> Browser:
    return people.signed_in()


def open_page(browser: Browser, **options: object) -> Page:
    page = browser.get("/preferences", **options)
    assert page.status == 200
    return page


def save(page: Page, **answers: str) -> Page:
    """Choose and save; keywords are flags with two underscores for the dot."""
    values = {flag.replace("__", "."): answer for flag, answer in answers.items()}
    return page.submit(values, with_field="offers.email")


def marked(page: Page) -> dict[str, str]:
    return {str(tag["name"]): str(tag["value"]) for tag in page.tree.select("input[type=radio][checked]")}


def give_elsewhere(flag: str, origin: Origin = Origin.IMPORT, given: bool = True) -> None:
    with transaction():
        act = give if given else withdraw
        act(customer_of("camille@example.org"), flag, origin=origin, wording="w", wording_version="x", language="fr")


def test_nothing_is_marked_before_it_was_chosen(camille: Browser) -> None:
    page = open_page(camille)
    assert marked(page) == {}
    names = {str(tag["name"]) for tag in page.tree.select("input[type=radio]")}
    assert names == set(FLAG_CODES)
    for flag in FLAG_CODES:
        assert FLAGS[flag].wording("fr", "Netkin").replace("\u00a0", " ") in page.text, flag


def test_a_choice_is_saved_with_the_sentence_shown(camille: Browser) -> None:
    page = save(open_page(camille), offers__email="accept", offers__sms="refuse")
    assert SAVED in page.text
    assert marked(page) == {"offers.email": "accept", "offers.sms": "refuse"}
    assert flags_on() == {"offers.email"}
    by_flag = {proof.flag: proof for proof in proofs()}
    assert set(by_flag) == {"offers.email", "offers.sms"}, "what was left open is no choice"
    proof = by_flag["offers.email"]
    assert proof.wording == FLAGS["offers.email"].wording("fr", "Netkin")
    assert (proof.wording_version, proof.language, proof.origin) == ("2026-11-22", "fr", Origin.PORTAL)
    assert "Accepté le" in page.text


def test_the_proof_is_in_the_language_of_the_page(people: People) -> None:
    page = open_page(people.signed_in(language="en"))
    assert page.h1 == "Your preferences"
    page = save(page, surveys__post="accept")
    assert "Your choices are saved. They apply at once." in page.text
    (proof,) = proofs()
    assert proof.language == "en"
    assert proof.wording.startswith("I agree that Netkin sends me its surveys by post.")


def buttons(page: Page) -> dict[str, str]:
    """Return the words of each button about a whole section, by the action and the section of its form."""
    found = {}
    for button in page.tree.select("main button[form]"):
        form = page.tree.find("form", id=button["form"])
        assert form is not None
        sent = {str(tag["name"]): str(tag["value"]) for tag in form.select("input")}
        found[f"{sent['action']} {sent['section']}"] = " ".join(button.get_text().split())
    return found


def test_refusing_a_section_is_as_near_as_accepting_it(camille: Browser) -> None:
    page = open_page(camille)
    assert buttons(page) == {
        "refuse_section messages": "Tout refuser ici",
        "accept_section messages": "Accepter e-mail et courrier",
        "refuse_section uses": "Tout refuser ici",
        "refuse_section cookies": "Tout refuser ici",
        "accept_section cookies": "Tout accepter",
    }
    for section in ("messages", "cookies"):
        refuse = page.tree.select_one(f"button[form=refuse_section-{section}]")
        accept = page.tree.select_one(f"button[form=accept_section-{section}]")
        assert refuse is not None
        assert accept is not None
        assert refuse["class"] == accept["class"]
        assert refuse.find_parent(class_="everything") is accept.find_parent(class_="everything"), "side by side"
        assert refuse["aria-describedby"] == accept["aria-describedby"] == f"section-{section}"


def test_accepting_at_once_covers_nothing_that_needs_a_consent_of_its_own(camille: Browser) -> None:
    press(open_page(camille), "Accepter e-mail et courrier")
    messages = {f"{topic}.{by}" for topic in ("product_news", "offers", "surveys") for by in ("email", "post")}
    assert flags_on() == messages
    press(open_page(camille), "Tout accepter")
    assert flags_on() == messages | set(COOKIE_FLAG_CODES)
    apart = {code for code in FLAG_CODES if code.endswith((".phone", ".sms", ".social"))}
    apart |= {code for code in FLAG_CODES if code.startswith("partner_offers.")}
    apart |= {"marketing_profiling", "personalisation", "audience_statistics", "email_open_tracking"}
    assert {proof.flag for proof in proofs()}.isdisjoint(apart), "what is not covered is not answered either"
    page = press(open_page(camille), "Tout refuser")
    assert SAVED in page.text


def test_a_section_is_refused_alone_and_everything_together(camille: Browser) -> None:
    everything = dict.fromkeys(FLAG_CODES, "accept")
    save(open_page(camille), **{flag.replace(".", "__"): answer for flag, answer in everything.items()})
    assert flags_on() == set(FLAG_CODES)
    page = open_page(camille)
    camille.post("/preferences", values_of(page, "refuse_section-uses"))
    assert flags_on() == {code for code in FLAG_CODES if FLAGS[code].processing is None}
    assert SAVED in press(page, "Tout refuser").text
    assert flags_on() == set()
    assert {proof.is_given for proof in proofs()[-len(FLAG_CODES) + 4 :]} == {False}


def values_of(page: Page, form_id: str) -> dict[str, str]:
    form = page.tree.find("form", id=form_id)
    assert form is not None
    return {str(tag["name"]): str(tag["value"]) for tag in form.select("input")}


@pytest.mark.parametrize(
    "values",
    [
        {"action": "accept_everything"},
        {"action": "accept_everything", "section": "messages"},
        {"action": "accept_section"},
        {"action": "accept_section", "section": "everything"},
        {"action": "accept_section", "section": "uses"},
        {"action": "refuse_section"},
    ],
)
def test_the_server_accepts_at_once_only_what_may_be(camille: Browser, values: dict[str, str]) -> None:
    sent = values_of(open_page(camille), "refuse_section-uses")
    page = camille.post("/preferences", {"csrf_token": sent["csrf_token"], "seen": sent["seen"]} | values)
    assert page.status == 422
    assert proofs() == []


def test_each_choice_offers_both_answers_alike(camille: Browser) -> None:
    page = open_page(camille)
    for flag in FLAG_CODES:
        accept, refuse = page.tree.select(f'input[name="{flag}"]')
        assert (accept["value"], refuse["value"]) == ("accept", "refuse")
        assert accept.find_parent("form") is refuse.find_parent("form")
        assert accept.parent["class"] == refuse.parent["class"]


def test_saving_the_page_again_writes_nothing(camille: Browser) -> None:
    page = save(open_page(camille), offers__email="accept")
    sequence = state_of().sequence
    page = save(page)
    assert SAVED in page.text
    assert len(proofs()) == 1
    assert state_of().sequence == sequence


def test_a_page_opened_before_does_not_undo_what_was_chosen_since(camille: Browser) -> None:
    save(open_page(camille), offers__email="accept")
    first, second = open_page(camille), open_page(camille)
    save(second, offers__email="refuse")
    page = save(first, surveys__sms="accept")
    assert page.status == 409
    assert "Des choix ont changé ailleurs entre-temps" in page.text
    assert "Offres, par e-mail" in page.tree.select_one(".error-summary").get_text(" ")
    assert flags_on() == set(), "nothing is saved yet"
    assert marked(page) == {"offers.email": "refuse", "surveys.sms": "accept"}, "and nothing typed is lost"
    page = save(page)
    assert SAVED in page.text
    assert flags_on() == {"surveys.sms"}


def test_a_change_elsewhere_that_agrees_is_no_conflict(camille: Browser) -> None:
    page = open_page(camille)
    give_elsewhere("offers.email", Origin.PORTAL)
    assert SAVED in save(page, offers__email="accept", offers__sms="accept").text
    assert flags_on() == {"offers.email", "offers.sms"}


def test_accepting_everything_asks_first_when_something_was_refused_since(camille: Browser) -> None:
    page = open_page(camille)
    give_elsewhere("offers.post", Origin.MAIL_LINK, given=False)
    page = press(page, "Accepter e-mail et courrier")
    assert page.status == 409
    assert flags_on() == set()
    press(page, "Accepter e-mail et courrier")
    assert "offers.post" in flags_on()


def test_refusing_everything_never_waits(camille: Browser) -> None:
    page = open_page(camille)
    give_elsewhere("offers.email", Origin.PORTAL)
    assert SAVED in press(page, "Tout refuser").text
    assert flags_on() == set()


SIGNAL = {"headers": {"Sec-GPC": "1", "Accept-Language": "fr"}}


def send_with_signal(app: Flask, browser: Browser, page: Page, **answers: str) -> None:
    form = page.form(with_field="offers.email")
    data = {str(tag["name"]): str(tag.get("value", "")) for tag in form.select("input[type=hidden]")}
    data |= marked(page) | {flag.replace("__", "."): answer for flag, answer in answers.items()}
    response = browser.client.post("/preferences", data=data, headers=SIGNAL["headers"])
    assert response.status_code == 303, response.text


def get_with(browser: Browser, value: str) -> Page:
    return Page(browser, browser.client.get("/preferences", headers={"Sec-GPC": value, "Accept-Language": "fr"}))


def test_the_browser_signal_prepares_refusals_and_saving_records_them(app: Flask, camille: Browser) -> None:
    give_elsewhere("partner_offers.email")
    page = get_with(camille, "1")
    assert "Sec-GPC" in page.response.headers["Vary"]
    assert "Global Privacy Control" in page.text
    prepared = marked(page)
    assert (
        prepared["cookies.advertising"] == prepared["partner_offers.sms"] == prepared["marketing_profiling"] == "refuse"
    )
    assert prepared["partner_offers.email"] == "refuse", "a yes from elsewhere does not prevail"
    assert "offers.email" not in prepared
    assert flags_on() == {"partner_offers.email"}, "reading the page changed nothing"
    send_with_signal(app, camille, page)
    assert flags_on() == set()
    assert {proof.origin for proof in proofs() if not proof.is_given} == {Origin.BROWSER_SIGNAL}


def test_an_explicit_yes_here_prevails_over_the_signal(app: Flask, camille: Browser) -> None:
    send_with_signal(app, camille, get_with(camille, "1"), cookies__advertising="accept")
    assert flags_on() == {"cookies.advertising"}
    (proof,) = proofs(flag="cookies.advertising")
    assert proof.origin is Origin.PORTAL
    assert marked(get_with(camille, "1"))["cookies.advertising"] == "accept"


@pytest.mark.parametrize(
    ("value", "counts"), [("1", True), ("0, 1", True), ("true", False), ("11", False), ("", False)]
)
def test_only_the_value_one_is_the_signal(camille: Browser, value: str, counts: bool) -> None:
    assert ("cookies.advertising" in marked(get_with(camille, value))) is counts


def test_a_restricted_customer_is_told(camille: Browser) -> None:
    with transaction():
        customer = customer_of("camille@example.org")
        customer.restricted_at = clock.now()
        suppress(customer, "restricted")
    page = open_page(camille)
    assert "Vos données sont en pause" in page.text
    assert SAVED in save(page, offers__email="accept").text
    assert flags_on() == set()


def test_somebody_whose_erasure_was_granted_is_not_told_of_a_pause(camille: Browser) -> None:
    with transaction():
        suppress(customer_of("camille@example.org"), "restricted")
    page = open_page(camille)
    assert "Nous avons accepté d’effacer vos données" in page.text
    assert "pause" not in page.text, "no choice comes back after an erasure"


def test_cookies_are_asked_again_after_six_months(people: People) -> None:
    people.account()
    with clock.stopped_at(clock.now() - timedelta(days=200)), transaction():
        customer = customer_of("camille@example.org")
        choices = [Choice(flag, flag.endswith("advertising"), "w", "2026-11-22") for flag in COOKIE_FLAG_CODES]
        record_choices(customer, choices, origin=Origin.PORTAL, language="fr")
    browser = people.sign_in("camille@example.org")
    page = open_page(browser)
    assert marked(page) == {}, "nothing is marked that has to be chosen anew"
    assert page.text.count("À choisir à nouveau") == 4
    page = save(page, cookies__advertising="accept")
    assert flags_on() == {"cookies.advertising"}
    assert "Nous vous redemanderons à partir du" in page.text


def test_the_day_of_asking_again_is_shown(people: People) -> None:
    people.account()
    with clock.stopped_at(datetime(2026, 11, 22, 10, tzinfo=UTC)):
        browser = people.sign_in("camille@example.org")
        page = save(open_page(browser), cookies__social_media="refuse")
        assert "Nous vous redemanderons à partir du 22 mai 2027." in page.text


def test_a_made_up_answer_is_refused(camille: Browser) -> None:
    page = open_page(camille)
    token = page.tree.find("input", attrs={"name": "csrf_token"})["value"]
    page = camille.post("/preferences", {"csrf_token": token, "action": "save", "offers.email": "maybe"})
    assert page.status == 422
    page = camille.post("/preferences", {"csrf_token": token, "action": "sell_everything"})
    assert page.status == 422
    assert proofs() == []


@pytest.mark.parametrize("seen", ["9" * 19, "9" * 5000, "-1", "1_0", "١", "²", "1e3", " 1"])
def test_a_made_up_number_of_what_was_seen_is_refused(camille: Browser, seen: str) -> None:
    page = open_page(camille).submit({"seen": seen, "offers.email": "accept"}, with_field="offers.email")
    assert page.status == 422
    assert proofs() == []


def test_a_form_without_its_token_is_refused(camille: Browser) -> None:
    page = camille.post("/preferences", {"action": "accept_everything"})
    assert page.status == 419
    assert flags_on() == set()


def test_reading_the_pages_changes_nothing(camille: Browser) -> None:
    before = (state_of().sequence, len(proofs()))
    open_page(camille)
    assert camille.get("/preferences/history").status == 200
    assert camille.client.get("/preferences/history.csv").status_code == 200
    assert (state_of().sequence, len(proofs())) == before


def born(years: int, *, days: int = 0) -> date:
    """Return the birth of somebody who reaches an age in some days from today."""
    return clock.today() + timedelta(days=days) - relativedelta(years=years)


def child(people: People, birth_date: date | None, birth_known: str | None = None) -> Browser:
    browser = people.signed_in()
    with transaction() as session:
        known = {"birth_date": birth_date, "birth_known": birth_known}
        session.execute(update(Customer).values(known))
    return browser


def test_under_fifteen_nothing_can_be_accepted_and_the_page_says_so(people: People) -> None:
    browser = child(people, born(15, days=1))
    page = open_page(browser)
    assert "Avant 15 ans, la loi demande l’accord d’un parent" in page.text
    assert "Ce portail ne sait pas encore le recueillir" in page.text
    assert not page.tree.select("input[type=radio][value=accept]:not([disabled])")
    assert not page.tree.select("input[type=radio][value=refuse][disabled]")
    assert not [what for what in buttons(page) if what.startswith("accept")]
    page = save(page, offers__email="accept", offers__sms="refuse")
    assert page.status == 422
    assert marked(page) == {"offers.email": "accept", "offers.sms": "refuse"}, "nothing typed is lost"
    sent = values_of(page, "accept_section-cookies")
    assert browser.post("/preferences", sent).status == 422
    assert proofs() == []
    assert SAVED in save(open_page(browser), offers__sms="refuse").text
    assert [proof.is_given for proof in proofs()] == [False]


def test_on_the_fifteenth_birthday_the_person_decides_alone(people: People) -> None:
    browser = child(people, born(15))
    page = open_page(browser)
    assert "Avant 15 ans" not in page.text
    assert SAVED in save(page, offers__email="accept").text
    assert flags_on() == {"offers.email"}


@pytest.mark.parametrize(("known", "is_child"), [("%Y", True), ("%Y-%m", True), (None, False)])
def test_of_a_birth_known_in_part_the_latest_day_counts(people: People, known: str | None, is_child: bool) -> None:
    with clock.stopped_at(datetime(2026, 11, 22, 10, tzinfo=UTC)):
        browser = child(people, None, born(15).strftime(known) if known else None)
        assert ("Avant 15 ans" in open_page(browser).text) is is_child
