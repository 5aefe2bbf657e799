"""Sessions: new at each proof, ended by the server, listed and closed by their owner."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import select, update

from portal import clock
from portal.accounts.models import AccountDevice, AccountSession
from portal.infrastructure.database import db, transaction
from tests.support.acting.browser import Browser
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.visitors import count, is_signed_in, sign_in

EMAIL = "camille@example.org"


def cookie_of(browser: Browser, name: str = "session") -> str | None:
    cookie = browser.client.get_cookie(name)
    return cookie.value if cookie else None


def with_cookie(app: Flask, value: str | None, name: str = "session") -> Browser:
    browser = Browser(app)
    if value is not None:
        browser.client.set_cookie(name, value)
    return browser


def test_a_session_known_before_signing_in_opens_nothing_after(app: Flask, people: People) -> None:
    people.account(EMAIL)
    browser = with_cookie(app, "chosen-by-an-attacker")
    form_before = browser.get("/sign-in") and cookie_of(browser, "form")
    sign_in(browser, EMAIL, PASSWORD)
    assert cookie_of(browser) not in {None, "chosen-by-an-attacker"}
    assert not is_signed_in(with_cookie(app, "chosen-by-an-attacker"))
    assert not is_signed_in(with_cookie(app, form_before, "form"))
    assert cookie_of(browser, "form") != form_before


def test_the_database_holds_no_usable_cookie(app: Flask, people: People) -> None:
    browser = people.signed_in(EMAIL)
    session, device = db.session.query(AccountSession).one(), db.session.query(AccountDevice).one()
    assert not is_signed_in(with_cookie(app, session.token_hash))
    assert not is_signed_in(with_cookie(app, session.public_id))
    assert cookie_of(browser, "device") not in {session.token_hash, device.token_hash}


def test_cookies_are_closed_to_scripts_and_to_other_sites(app: Flask, people: People) -> None:
    people.account(EMAIL)
    page = Browser(app).get("/sign-in")
    answer = page.submit({"email": EMAIL, "password": PASSWORD}, with_field="password", follow=False)
    for header in answer.response.headers.getlist("Set-Cookie"):
        assert "HttpOnly" in header, header
        assert "SameSite=Lax" in header, header
        assert "Path=/" in header, header
        assert "Domain" not in header, header


def test_a_session_ends_after_half_an_hour_without_use(people: People) -> None:
    start = clock.now()
    with clock.stopped_at(start):
        browser = people.signed_in(EMAIL)
    for minutes in (29, 58, 87):
        with clock.stopped_at(start + timedelta(minutes=minutes)):
            assert is_signed_in(browser)
    with clock.stopped_at(start + timedelta(minutes=87 + 31)):
        page = browser.get("/account")
        assert page.url == "/sign-in"
        assert "Votre session s’est fermée, pour votre sécurité." in page.text


def test_a_session_ends_after_twelve_hours_however_busy(people: People) -> None:
    start = clock.now()
    with clock.stopped_at(start):
        browser = people.signed_in(EMAIL)
    for quarter in range(1, 49):
        with clock.stopped_at(start + timedelta(minutes=15 * quarter)):
            assert is_signed_in(browser)
    with clock.stopped_at(start + timedelta(hours=12, seconds=1)):
        assert not is_signed_in(browser)


def test_giving_the_password_again_does_not_prolong_a_session(people: People) -> None:
    start = clock.now()
    with clock.stopped_at(start):
        browser = people.signed_in(EMAIL)
    for hours in range(1, 24):
        with clock.stopped_at(start + timedelta(minutes=29 * hours)):
            assert is_signed_in(browser)
    with clock.stopped_at(start + timedelta(hours=11, minutes=30)):
        assert browser.get("/account/confirm-password").submit({"password": PASSWORD}).url == "/account"
    with clock.stopped_at(start + timedelta(hours=11, minutes=59)):
        assert is_signed_in(browser)
    with clock.stopped_at(start + timedelta(hours=12, seconds=1)):
        assert not is_signed_in(browser)


def test_signing_out_ends_the_session_on_the_server(app: Flask, people: People) -> None:
    browser = people.signed_in(EMAIL)
    stolen = cookie_of(browser)
    answer = browser.get("/account").browser.post("/sign-out", {"csrf_token": _token(browser)}, follow=False)
    assert (answer.status, answer.response.headers["Location"]) == (303, "/")
    assert answer.response.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert cookie_of(browser) is None
    assert not is_signed_in(with_cookie(app, stolen))
    assert "Votre session est fermée." in browser.get("/").text


def test_signing_out_twice_asks_nobody_to_sign_in(people: People) -> None:
    browser = people.signed_in(EMAIL)
    token = _token(browser)
    with transaction() as session:
        session.execute(update(AccountSession).values(ended_at=clock.now()))
    assert browser.post("/sign-out", {"csrf_token": token}).url == "/"


def test_signing_out_needs_a_form(people: People) -> None:
    browser = people.signed_in(EMAIL)
    assert browser.get("/sign-out").status == 405
    assert browser.post("/sign-out", {}).status == 419
    assert is_signed_in(browser)


def test_the_list_shows_each_browser_and_closes_one(app: Flask, people: People) -> None:
    laptop = people.signed_in(EMAIL)
    telephone = Browser(app)
    telephone.headers["User-Agent"] = (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/18.0 Mobile/15E148 Safari/604.1"
    )
    sign_in(telephone, EMAIL, PASSWORD)
    page = laptop.get("/account")
    assert "Safari, iPhone" in page.text
    assert [tag.get_text() for tag in page.tree.select(".rows .tag")] == ["cette session"]
    page = page.submit(action="/end")
    assert "Cette session est fermée." in page.text
    assert "Safari, iPhone" not in page.text
    assert not is_signed_in(telephone)
    assert is_signed_in(laptop)
    assert count(AccountDevice) == 1, "the closed browser counts as new from now on"


def test_all_other_sessions_close_at_once(app: Flask, people: People) -> None:
    laptop = people.signed_in(EMAIL)
    others = [Browser(app) for _ in range(3)]
    for other in others:
        sign_in(other, EMAIL, PASSWORD)
    page = laptop.get("/account").submit(action="/account/sessions/end-others")
    assert "3 sessions sont fermées." in page.text
    assert [is_signed_in(other) for other in others] == [False] * 3
    assert is_signed_in(laptop)


def test_nobody_closes_the_session_of_somebody_else(app: Flask, people: People) -> None:
    victim = people.signed_in(EMAIL)
    target = db.session.query(AccountSession).one().public_id
    attacker = people.signed_in("attacker@example.org")
    answer = attacker.post(f"/account/sessions/{target}/end", {"csrf_token": _token(attacker)})
    assert answer.status == 404
    assert is_signed_in(victim)


def test_one_does_not_close_the_session_one_is_in(people: People) -> None:
    browser = people.signed_in(EMAIL)
    own = db.session.query(AccountSession).one().public_id
    assert browser.post(f"/account/sessions/{own}/end", {"csrf_token": _token(browser)}).status == 404
    assert is_signed_in(browser)


def test_a_fresh_proof_changes_the_cookie(app: Flask, people: People) -> None:
    start = clock.now()
    with clock.stopped_at(start):
        browser = people.signed_in(EMAIL)
    with clock.stopped_at(start + timedelta(minutes=11)):
        before = cookie_of(browser)
        page = browser.get("/account/confirm-password?next=/data/identity")
        wrong = page.submit({"password": "un mauvais mot de passe"})
        assert (wrong.status, wrong.errors) == (422, ["Ce mot de passe n’est pas le bon. Saisissez-le à nouveau."])
        assert cookie_of(browser) == before
        right = wrong.submit({"password": PASSWORD}, follow=False)
        assert (right.status, right.response.headers["Location"]) == (303, "/data/identity")
        assert cookie_of(browser) != before
        assert not is_signed_in(with_cookie(app, before))
        assert is_signed_in(browser)
        session = db.session.execute(select(AccountSession)).scalar_one()
        assert session.reauthenticated_at == clock.now()
        assert session.created_at == start


def test_the_password_again_never_leads_away(people: People) -> None:
    browser = people.signed_in(EMAIL)
    page = browser.get("/account/confirm-password?next=//evil.example/")
    answer = page.submit({"password": PASSWORD}, follow=False)
    assert answer.response.headers["Location"] == "/account"


def test_the_password_again_has_ten_tries(people: People) -> None:
    browser = people.signed_in(EMAIL)
    statuses = [
        browser.get("/account/confirm-password").submit({"password": "un mauvais mot de passe"}).status
        for _ in range(10)
    ]
    assert statuses == [422] * 10
    assert browser.get("/account/confirm-password").submit({"password": PASSWORD}).status == 429
    assert is_signed_in(browser)


def _token(browser: Browser) -> str:
    return str(browser.get("/account").tree.find(attrs={"name": "csrf_token"})["value"])
