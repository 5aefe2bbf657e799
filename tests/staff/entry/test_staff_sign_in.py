"""Staff sign-in through the real forms: password, then code or recovery code, and nothing for anybody else."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy import func, select, update

from portal import clock
from portal.access.permissions import Role
from portal.access.recovery_codes import make_recovery_codes
from portal.infrastructure.database import db, transaction
from portal.infrastructure.passwords import hashing
from portal.staff.entry.sign_in import begin_second_factor
from portal.staff.models import StaffMember, StaffSession
from portal.staff.own_account.second_factor import keep_recovery_codes
from portal.web.incoming.kept_counts import RateCount
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.staff_codes import code_at, to_code_page
from tests.support.hashing import REAL
from tests.support.looking.audit_trail import events

WRONG = "Cette adresse et ce mot de passe ne vont pas ensemble. Vérifiez les deux et réessayez."
EMAIL = "reviewer@example.org"


def sessions() -> int:
    db.session.rollback()
    return db.session.execute(select(func.count()).select_from(StaffSession)).scalar_one()


def with_recovery_codes(member: StaffMember) -> list[str]:
    made = make_recovery_codes()
    with transaction():
        keep_recovery_codes(member, made)
    return made.codes


def test_password_and_code_open_the_first_page_of_the_role(app: Flask, people: People) -> None:
    people.staff(Role.REVIEWER)

    page = to_code_page(app, EMAIL).submit({"code": code_at()}, with_field="code")

    assert page.url == "/staff/queue", page.text
    (event,) = events("staff:session:opened")
    assert event.facts == {"method": "password+totp", "is_new_browser": True}


@pytest.mark.parametrize(
    ("role", "first_page"),
    [("support", "/staff/queue"), ("marketing", "/staff/marketing"), ("administrator", "/staff/members")],
)
def test_each_role_starts_where_its_work_is(people: People, role: str, first_page: str) -> None:
    assert people.signed_in_staff(role).get("/staff/").url == first_page


def test_a_hash_of_weaker_times_is_made_anew(app: Flask, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "_hasher", REAL)
    member_id = people.staff(Role.REVIEWER).id
    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    with transaction():
        db.session.get_one(StaffMember, member_id).password_hash = weak
    refused = Browser(app).get("/staff/sign-in").submit({"email": EMAIL, "password": "faux"}, with_field="password")
    assert (refused.status, stored_hash(member_id)) == (422, weak)
    to_code_page(app, EMAIL)
    renewed = stored_hash(member_id)
    assert "m=19456,t=2" in renewed
    to_code_page(app, EMAIL)
    assert stored_hash(member_id) == renewed, "once is enough"


def test_a_hash_made_anew_does_not_undo_a_change_of_password(app: Flask, people: People) -> None:
    member_id = people.staff(Role.REVIEWER).id
    with transaction():
        db.session.get_one(StaffMember, member_id).password_hash = "of a password changed meanwhile"
    with transaction():
        assert begin_second_factor(member_id, "seen before", "a stronger one of it") is None
    assert stored_hash(member_id) == "of a password changed meanwhile"


def stored_hash(member_id: int) -> str:
    db.session.rollback()
    return db.session.get_one(StaffMember, member_id).password_hash or ""


def test_a_page_asked_for_before_signing_in_comes_after_it(app: Flask, people: People) -> None:
    people.staff(Role.REVIEWER)
    browser = Browser(app)
    page = browser.get("/staff/customers").submit({"email": EMAIL, "password": PASSWORD}, with_field="password")

    assert page.submit({"code": code_at()}, with_field="code").url == "/staff/customers"


@pytest.mark.parametrize("next_page", ["https://evil.example/", "//evil.example", "/data", "/staff\\@evil.example"])
def test_a_next_page_outside_the_staff_area_is_not_followed(app: Flask, people: People, next_page: str) -> None:
    people.staff(Role.REVIEWER)
    page = Browser(app).get("/staff/sign-in", query_string={"next": next_page})
    page = page.submit({"email": EMAIL, "password": PASSWORD}, with_field="password")

    assert page.submit({"code": code_at()}, with_field="code").url == "/staff/queue"


def test_one_message_for_every_way_of_not_being_let_in(app: Flask, people: People) -> None:
    people.staff(Role.REVIEWER)
    people.staff(Role.SUPPORT, disabled_at=clock.now())
    invited = people.staff(Role.OFFICER)
    with transaction() as session:
        session.execute(update(StaffMember).where(StaffMember.id == invited.id).values(activated_at=None))
    tries = {
        EMAIL: "une autre phrase de passe",
        "support@example.org": PASSWORD,
        "officer@example.org": PASSWORD,
        "nobody@example.org": PASSWORD,
        "no address": PASSWORD,
    }
    for email, password in tries.items():
        page = Browser(app).get("/staff/sign-in").submit({"email": email, "password": password}, with_field="password")

        assert page.status == 422
        assert page.errors == [WRONG], email
        assert page.form().find(attrs={"name": "email"})["value"] == email
    assert [event.facts["reason"] for event in events("staff:session:denied")] == ["password"] * len(tries)


def test_empty_fields_are_named(app: Flask) -> None:
    page = Browser(app).get("/staff/sign-in").submit({"email": " ", "password": ""}, with_field="password")

    assert page.status == 422
    assert page.errors == ["Saisissez votre adresse e-mail.", "Saisissez votre mot de passe."]
    assert page.tree.title.get_text().startswith(("Erreur", "Error"))


def test_a_huge_password_costs_no_hashing_and_opens_nothing(app: Flask, people: People) -> None:
    people.staff(Role.REVIEWER)
    page = Browser(app).get("/staff/sign-in").submit({"email": EMAIL, "password": "x" * 200_000}, with_field="password")

    assert page.errors == [WRONG]


def test_the_code_page_alone_opens_nothing(app: Flask, people: People) -> None:
    people.staff(Role.REVIEWER)

    assert Browser(app).get("/staff/sign-in/code").url == "/staff/sign-in"


def test_the_password_alone_opens_nothing(app: Flask, people: People) -> None:
    people.staff(Role.REVIEWER)
    page = to_code_page(app, EMAIL)

    assert page.browser.get("/staff/customers").url == "/staff/sign-in"
    assert sessions() == 0


@pytest.mark.parametrize("seconds", [-30, 0, 30])
def test_the_code_of_the_steps_beside_is_taken(app: Flask, people: People, seconds: int) -> None:
    people.staff(Role.REVIEWER)
    with clock.stopped_at(clock.now()):
        code = code_at(clock.now() + timedelta(seconds=seconds))
        page = to_code_page(app, EMAIL).submit({"code": f"{code[:3]} {code[3:]}"}, with_field="code")

    assert page.url == "/staff/queue"


@pytest.mark.parametrize("seconds", [-90, 90])
def test_an_older_or_later_code_is_not_taken(app: Flask, people: People, seconds: int) -> None:
    people.staff(Role.REVIEWER)
    with clock.stopped_at(clock.now()):
        code = code_at(clock.now() + timedelta(seconds=seconds))
        page = to_code_page(app, EMAIL).submit({"code": code}, with_field="code")

    assert page.status == 422
    assert page.errors == [
        "Ce code ne correspond pas, ou il a déjà servi. Vérifiez l’heure de votre téléphone, puis prenez le code suivant."
    ]
    assert [event.facts["reason"] for event in events("staff:session:denied")] == ["code"]


def test_a_code_works_once_and_none_before_it(app: Flask, people: People) -> None:
    people.staff(Role.REVIEWER)
    instant = clock.now()
    with clock.stopped_at(instant):
        to_code_page(app, EMAIL).submit({"code": code_at()}, with_field="code")
        again = to_code_page(app, EMAIL).submit({"code": code_at()}, with_field="code")
        earlier = to_code_page(app, EMAIL).submit({"code": code_at(instant - timedelta(seconds=30))}, with_field="code")
    assert (again.status, earlier.status) == (422, 422)
    assert sessions() == 1


def at_once(pages: list[Page], codes: list[str]) -> list[Page]:
    """Send the code pages at the same moment, each from its own browser."""
    together = Barrier(len(pages))

    def send(page: Page, code: str) -> Page:
        together.wait()
        return page.submit({"code": code}, with_field="code")

    with ThreadPoolExecutor(len(pages)) as pool:
        return list(pool.map(send, pages, codes))


def test_of_two_browsers_with_one_code_only_one_gets_in(app: Flask, people: People) -> None:
    people.staff(Role.REVIEWER)
    for round_number in range(3):
        with clock.stopped_at(clock.now() + timedelta(minutes=6 * round_number)):
            pages = [to_code_page(app, EMAIL) for _browser in range(2)]
            answers = at_once(pages, [code_at()] * 2)

        assert sorted(page.url for page in answers) == ["/staff/queue", "/staff/sign-in/code"]
    assert sessions() == 3


def test_of_two_browsers_with_one_recovery_code_only_one_gets_in(app: Flask, people: People) -> None:
    codes = with_recovery_codes(people.staff(Role.REVIEWER))
    pages = [to_code_page(app, EMAIL) for _browser in range(2)]

    answers = at_once(pages, [codes[3]] * 2)

    assert sorted(page.url for page in answers) == ["/staff/queue", "/staff/sign-in/code"]
    assert sessions() == 1


def test_a_recovery_code_works_once_and_is_told(app: Flask, people: People, mailbox: Mailbox) -> None:
    codes = with_recovery_codes(people.staff(Role.REVIEWER))

    first = to_code_page(app, EMAIL).submit({"code": codes[0].lower().replace("-", " ")}, with_field="code")
    second = to_code_page(app, EMAIL).submit({"code": codes[0]}, with_field="code")

    assert first.url == "/staff/queue"
    assert second.status == 422
    (event,) = events("staff:recovery_code:used")
    assert event.facts == {"left": 7}
    assert any("Il reste 7 codes" in text_of(mail).replace("\u00a0", " ") for mail in mailbox.to(EMAIL))


def test_a_new_browser_is_told_by_mail_and_a_known_one_is_not(app: Flask, people: People, mailbox: Mailbox) -> None:
    browser = people.signed_in_staff(Role.REVIEWER)
    (mail,) = mailbox.to(EMAIL)
    assert mail["Subject"] == "Votre compte agent s’est ouvert dans un nouveau navigateur"
    sign_out(browser)

    with clock.stopped_at(clock.now() + timedelta(minutes=2)):
        to_code_page(app, EMAIL, browser).submit({"code": code_at()}, with_field="code")

    assert len(mailbox.to(EMAIL)) == 1


def sign_out(browser: Browser) -> Page:
    page = browser.get("/staff/permissions")
    form = page.tree.select_one("form[action='/staff/sign-out']")
    return browser.post("/staff/sign-out", {"csrf_token": form.find(attrs={"name": "csrf_token"})["value"]})


def test_signing_out_ends_the_session_on_the_server(app: Flask, people: People) -> None:
    browser = people.signed_in_staff(Role.REVIEWER)
    cookie = browser.client.get_cookie("staff_session").value
    page = browser.get("/staff/permissions")
    form = page.tree.select_one("form[action='/staff/sign-out']")
    token = form.find(attrs={"name": "csrf_token"})["value"]

    response = browser.post("/staff/sign-out", {"csrf_token": token}, follow=False).response
    assert response.headers["Clear-Site-Data"] == '"cache", "storage"'
    browser.client.set_cookie("staff_session", cookie)

    assert browser.get("/staff/permissions").url == "/staff/sign-in"
    assert len(events("staff:session:ended")) == 1


def test_signing_out_needs_a_form_and_a_token(people: People) -> None:
    browser = people.signed_in_staff(Role.REVIEWER)

    assert browser.get("/staff/sign-out").status == 405
    assert browser.post("/staff/sign-out", {}).status == 419
    assert browser.get("/staff/permissions").status == 200


def test_a_stolen_session_cookie_opens_nothing_in_another_browser(app: Flask, people: People) -> None:
    browser = people.signed_in_staff(Role.REVIEWER)
    thief = Browser(app)
    thief.client.set_cookie("staff_session", browser.client.get_cookie("staff_session").value)

    assert thief.get("/staff/permissions").url == "/staff/sign-in"
    assert browser.get("/staff/permissions").status == 200


@pytest.mark.parametrize(("minutes", "url"), [(14, "/staff/permissions"), (16, "/staff/sign-in")])
def test_an_idle_session_ends_after_a_quarter_of_an_hour(people: People, minutes: int, url: str) -> None:
    browser = people.signed_in_staff(Role.REVIEWER)

    with clock.stopped_at(clock.now() + timedelta(minutes=minutes)):
        assert browser.get("/staff/permissions").url == url


def test_a_session_in_use_ends_after_eight_hours(people: People) -> None:
    browser = people.signed_in_staff(Role.REVIEWER)
    start = clock.now()
    for minutes in range(14, 8 * 60, 14):
        with clock.stopped_at(start + timedelta(minutes=minutes)):
            assert browser.get("/staff/permissions").status == 200
    with clock.stopped_at(start + timedelta(hours=8, minutes=1)):
        assert browser.get("/staff/permissions").url == "/staff/sign-in"


def test_the_code_has_to_come_within_five_minutes(app: Flask, people: People) -> None:
    people.staff(Role.REVIEWER)
    page = to_code_page(app, EMAIL)
    with clock.stopped_at(clock.now() + timedelta(minutes=5, seconds=1)):
        late = page.submit({"code": code_at()}, with_field="code")

    assert late.url == "/staff/sign-in"
    assert "dans les cinq minutes" in late.text


def test_disabling_between_password_and_code_shuts_the_door(app: Flask, people: People) -> None:
    member_id = people.staff(Role.REVIEWER).id
    page = to_code_page(app, EMAIL)
    with transaction() as session:
        session.execute(update(StaffMember).where(StaffMember.id == member_id).values(disabled_at=clock.now()))

    assert page.submit({"code": code_at()}, with_field="code").url == "/staff/sign-in"
    assert sessions() == 0


def test_too_many_passwords_are_stopped_and_a_known_browser_is_not(app: Flask, people: People) -> None:
    known = people.signed_in_staff(Role.REVIEWER)
    sign_out(known)
    attacker = Browser(app)
    wrong = {"email": EMAIL, "password": "une autre phrase de passe"}
    statuses = [attacker.get("/staff/sign-in").submit(wrong, with_field="password").status for _try in range(11)]

    assert statuses == [422] * 10 + [429], "the member's own right password cost no try"
    stopped = attacker.get("/staff/sign-in").submit({"email": EMAIL, "password": PASSWORD}, with_field="password")
    assert stopped.status == 429
    assert int(stopped.response.headers["Retry-After"]) > 0
    with clock.stopped_at(clock.now() + timedelta(minutes=2)):
        page = to_code_page(app, EMAIL, known).submit({"code": code_at()}, with_field="code")
    assert page.url == "/staff/queue"


def test_right_passwords_and_codes_cost_no_try(app: Flask, people: People) -> None:
    people.staff(Role.REVIEWER)
    start = clock.now()
    for turn in range(12):
        with clock.stopped_at(start + timedelta(seconds=31 * turn)):
            page = to_code_page(app, EMAIL).submit({"code": code_at()}, with_field="code")
            assert page.url == "/staff/queue"
    counts = db.session.execute(select(RateCount.count).where(RateCount.key.contains("staff-"))).scalars().all()
    assert counts and set(counts) == {0}


def test_another_spelling_of_an_address_is_no_other_account(app: Flask, people: People) -> None:
    people.staff(Role.REVIEWER, "zoé@example.org")
    spellings = ["zoé@example.org", " ZOÉ@EXAMPLE.ORG ", "zoe\u0301@example.org", "Zoé@Example.org"]
    statuses = [
        Browser(app)
        .get("/staff/sign-in")
        .submit({"email": spellings[number % 4], "password": "une autre phrase"}, with_field="password")
        .status
        for number in range(11)
    ]
    assert statuses == [422] * 10 + [429]


def test_one_network_cannot_try_many_accounts(app: Flask) -> None:
    browser = Browser(app)
    statuses = [
        browser.get("/staff/sign-in")
        .submit({"email": f"someone{number}@example.org", "password": PASSWORD}, with_field="password")
        .status
        for number in range(31)
    ]
    assert statuses == [422] * 30 + [429]


def test_too_many_codes_are_stopped(app: Flask, people: People) -> None:
    people.staff(Role.REVIEWER)
    page = to_code_page(app, EMAIL)
    statuses = [page.browser.get("/staff/sign-in/code").submit({"code": "000000"}).status for _try in range(6)]

    assert statuses == [422] * 5 + [429]


def test_a_signed_in_member_is_sent_on_from_the_sign_in_page(people: People) -> None:
    assert people.signed_in_staff(Role.MARKETING).get("/staff/sign-in").url == "/staff/marketing"


def test_the_cookies_of_staff_are_strict_and_unreadable(app: Flask, people: People) -> None:
    people.staff(Role.REVIEWER)
    page = to_code_page(app, EMAIL)
    answer = page.submit({"code": code_at()}, with_field="code", follow=False)

    cookies = {text.partition("=")[0]: text for text in answer.response.headers.getlist("Set-Cookie")}
    assert {"staff_session", "staff_device"} <= set(cookies)
    assert all("HttpOnly" in text and "SameSite=Strict" in text for text in cookies.values())


def test_the_staff_side_changes_its_language_by_its_own_form(people: People) -> None:
    browser = people.signed_in_staff(Role.REVIEWER)
    page = browser.get("/staff/permissions")
    token = page.tree.find(attrs={"name": "csrf_token"})["value"]

    page = browser.post("/staff/language", {"csrf_token": token, "language": "en", "next": "/staff/permissions"})

    assert page.url == "/staff/permissions"
    assert page.h1 == "Who may do what"


def test_a_menu_is_offered_only_where_it_holds_something(browser: Browser, people: People) -> None:
    assert browser.get("/staff/sign-in").tree.select("button.menu") == []
    assert browser.get("/sign-in").tree.select("button.menu") == []
    (button,) = people.signed_in_staff(Role.REVIEWER).get("/staff/account").tree.select("button.menu")
    assert button["popovertarget"] == "site-menu"
