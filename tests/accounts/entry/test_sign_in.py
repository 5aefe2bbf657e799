"""Sign-in: one message, bounded tries, no account learnt, nobody locked out."""

from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask

from portal.accounts.entry.sign_in import Check, Verdict, check_password
from portal.accounts.entry.sign_in import sign_in as open_account
from portal.accounts.models import Account, AccountSession
from portal.audit.models import AuditEvent
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db, transaction
from portal.infrastructure.passwords import hashing
from portal.infrastructure.passwords.hashing import hash_password
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.visitors import (
    VISITOR_PASSWORD,
    come_from,
    count,
    is_signed_in,
    mailed_link,
    register,
    sign_in,
    statements,
)
from tests.support.hashing import REAL, hasher

EMAIL = "camille@example.org"
REFUSED = ["Cette adresse et ce mot de passe ne vont pas ensemble. Vérifiez les deux et réessayez."]
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def test_the_right_pair_opens_the_data(people: People) -> None:
    browser = people.signed_in()
    assert is_signed_in(browser)
    account = db.session.query(Account).one()
    assert account.last_sign_in_at is not None
    assert db.session.query(AuditEvent).one().facts == {"method": "password", "is_new_device": True}


@pytest.mark.parametrize("typed", [" camille@example.org ", "CAMILLE@EXAMPLE.ORG", "Camille@Example.org"])
def test_an_address_is_compared_in_one_form(app: Flask, people: People, typed: str) -> None:
    people.account(EMAIL)
    assert sign_in(Browser(app), typed, PASSWORD).url == "/data"


@pytest.mark.parametrize(
    ("email", "password"),
    [
        (EMAIL, "un mauvais mot de passe"),
        (EMAIL, PASSWORD + " "),
        (EMAIL, " " + PASSWORD),
        (EMAIL, PASSWORD.upper()),
        (EMAIL, PASSWORD[:-1]),
        ("nobody@example.org", PASSWORD),
    ],
)
def test_a_wrong_pair_gets_one_message(app: Flask, people: People, email: str, password: str) -> None:
    people.account(EMAIL)
    browser = Browser(app)
    page = sign_in(browser, email, password)
    assert (page.status, page.errors) == (422, REFUSED)
    assert page.form(with_field="password").find(attrs={"name": "email"})["value"] == email.strip()
    assert not page.form(with_field="password").find(attrs={"name": "password"}).get("value")
    assert not is_signed_in(browser)
    assert db.session.query(AuditEvent).one().tag == "customer:session:denied"


def test_a_password_is_the_same_composed_or_not(app: Flask, people: People) -> None:
    account_id = people.account(EMAIL).id
    with transaction():
        db.session.get_one(Account, account_id).password_hash = hash_password("un été à la forêt")
    assert sign_in(Browser(app), EMAIL, "un e\u0301te\u0301 a\u0300 la fore\u0302t").url == "/data"


def test_empty_fields_are_named(browser: Browser) -> None:
    page = sign_in(browser, "", "")
    assert page.errors == ["Saisissez votre adresse e-mail.", "Saisissez votre mot de passe."]
    assert page.tree.title.get_text().startswith(("Erreur", "Error"))


def test_whoever_is_signed_in_already_goes_to_their_data(people: People) -> None:
    browser = people.signed_in()
    for path in ("/sign-in", "/register"):
        assert browser.get(path).url == "/data"


def test_an_erased_customer_is_out(app: Flask, people: People) -> None:
    browser = people.signed_in()
    with transaction():
        db.session.query(Customer).one().status = CustomerStatus.ERASED
    assert not is_signed_in(browser)
    assert sign_in(Browser(app), EMAIL, PASSWORD).errors == REFUSED


def test_a_hash_of_weaker_times_is_made_anew(app: Flask, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "_hasher", REAL)
    account_id = people.account(EMAIL).id
    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    with transaction():
        db.session.get_one(Account, account_id).password_hash = weak
    assert sign_in(Browser(app), EMAIL, PASSWORD).url == "/data"
    renewed = db.session.get_one(Account, account_id).password_hash
    assert renewed != weak
    assert renewed
    assert "m=19456,t=2" in renewed
    assert sign_in(Browser(app), EMAIL, PASSWORD).url == "/data"


def test_a_password_changed_between_check_and_session_opens_nothing(app: Flask, people: People) -> None:
    account_id = people.account(EMAIL).id
    with app.test_request_context():
        check = check_password(EMAIL, PASSWORD)
        assert check.verdict is Verdict.RIGHT
        with transaction():
            db.session.get_one(Account, account_id).password_hash = hash_password("le nouveau mot de passe")
        with transaction():
            assert open_account(check, device_token="x", device_label="") is None
    assert count(AccountSession) == 0


def test_a_registration_not_confirmed_is_told_so_to_whoever_knows_its_password(app: Flask, mailbox: Mailbox) -> None:
    register(Browser(app), "nadia@example.org")
    other = Browser(app)
    assert sign_in(other, "nadia@example.org", "un mauvais mot de passe").errors == REFUSED
    page = sign_in(other, "nadia@example.org", VISITOR_PASSWORD)
    assert (page.url, page.h1) == ("/register/sent", "Confirmez d’abord votre adresse")
    page.submit(action="/register/resend")
    assert other.get(mailed_link(mailbox, "nadia@example.org", "/confirm/")).submit().url == "/data"


def test_registering_an_address_does_not_tell_whether_it_has_an_account(app: Flask, people: People) -> None:
    people.account(EMAIL)
    pages = []
    for email in (EMAIL, "nadia@example.org"):
        browser = Browser(app)
        register(browser, email)
        pages.append(sign_in(browser, email, VISITOR_PASSWORD).text.replace(email, ""))
    assert pages[0] == pages[1]


def test_a_wrong_password_asks_writes_and_computes_the_same_for_any_address(app: Flask, people: People) -> None:
    people.account(EMAIL)
    answers = []
    for number, email in enumerate([EMAIL, "nobody@example.org"] * 2):
        browser = come_from(Browser(app), f"192.0.2.{number}")
        page = browser.get("/sign-in")
        values = {"email": email, "password": "un mauvais mot de passe"}
        before = hasher.computed
        with statements() as seen:
            page.submit(values, with_field="password")
        answers.append((seen, hasher.computed - before))
    assert answers[0][1] == 2
    assert all(answer == answers[0] for answer in answers)


def test_ten_tries_then_a_pause(app: Flask, people: People) -> None:
    people.account(EMAIL)
    statuses = [
        sign_in(come_from(Browser(app), f"192.0.2.{number}"), EMAIL, "un mauvais mot de passe").status
        for number in range(1, 11)
    ]
    assert statuses == [422] * 10
    page = sign_in(come_from(Browser(app), "192.0.2.200"), EMAIL, PASSWORD)
    assert page.status == 429
    assert 0 < int(page.response.headers["Retry-After"]) <= 300
    assert count(AccountSession) == 0
    unknown = [
        sign_in(come_from(Browser(app), f"198.51.100.{number}"), "nobody@example.org", PASSWORD).status
        for number in range(1, 12)
    ]
    assert unknown == [422] * 10 + [429], "an unknown address is limited the same way"


def test_an_attack_locks_out_neither_a_known_browser_nor_a_mailed_link(
    app: Flask, people: People, mailbox: Mailbox
) -> None:
    people.account(EMAIL)
    known = come_from(Browser(app), "203.0.113.5")
    assert sign_in(known, EMAIL, PASSWORD).url == "/data"
    register(Browser(app), "nadia@example.org")
    for email in (EMAIL, "nadia@example.org"):
        attackers = [come_from(Browser(app), f"192.0.2.{number}") for number in range(11)]
        assert [sign_in(one, email, "un mauvais mot de passe").status for one in attackers][-1] == 429
    known.post("/sign-out", {"csrf_token": known.form_token("/account")})
    assert not is_signed_in(known)
    assert sign_in(known, EMAIL, PASSWORD).url == "/data"
    elsewhere = Browser(app).get(mailed_link(mailbox, "nadia@example.org", "/confirm/"))
    assert elsewhere.submit({"password": VISITOR_PASSWORD}, with_field="password").url == "/data"


def test_a_mailed_link_gives_few_tries_of_its_password(app: Flask, mailbox: Mailbox) -> None:
    register(Browser(app), "nadia@example.org")
    link = mailed_link(mailbox, "nadia@example.org", "/confirm/")
    pages = [Browser(app).get(link).submit({"password": "un mauvais mot de passe"}) for _try in range(11)]
    assert [page.status for page in pages] == [422] * 10 + [429]


def test_one_network_has_ten_tries_whatever_the_address(app: Flask) -> None:
    browser = come_from(Browser(app), "2001:db8::1")
    assert [sign_in(browser, f"p{n}@example.org", PASSWORD).status for n in range(10)] == [422] * 10
    neighbour = come_from(Browser(app), "2001:db8::ffff:2")
    assert sign_in(neighbour, "other@example.org", PASSWORD).status == 429
    assert sign_in(come_from(Browser(app), "2001:db8:1::1"), "other@example.org", PASSWORD).status == 422


def test_past_the_limit_no_password_is_computed(app: Flask) -> None:
    browser = come_from(Browser(app), "192.0.2.1")
    page = browser.get("/sign-in")
    data = {
        "csrf_token": page.form(with_field="password").find(attrs={"name": "csrf_token"})["value"],
        "email": EMAIL,
        "password": PASSWORD,
    }
    answers = []
    for _ in range(14):
        before = hasher.computed
        answers.append((browser.post("/sign-in", data).status, hasher.computed - before))
    assert answers == [(422, 2)] * 10 + [(429, 0)] * 4


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\/evil.example",
        "/\t/evil.example/",
        "/\n/evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "///evil.example",
        "/%0d%0aSet-Cookie:x",
        "evil.example",
        "https:///evil.example",
        " /data/identity",
        "data:text/html,x",
    ],
)
def test_next_never_leaves_the_portal(app: Flask, people: People, wanted: str) -> None:
    people.account(EMAIL)
    browser = Browser(app)
    page = browser.get("/sign-in", query_string={"next": wanted})
    answer = page.submit({"email": EMAIL, "password": PASSWORD}, with_field="password", follow=False)
    assert answer.status == 303
    location = answer.response.headers["Location"]
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))
    assert "\n" not in location
    signed_in = browser.get("/sign-in", query_string={"next": wanted}, follow=False)
    assert signed_in.response.headers["Location"] == location


def test_sign_in_goes_on_to_the_wanted_page(app: Flask, people: People) -> None:
    people.account(EMAIL)
    browser = Browser(app)
    page = browser.get("/account")
    assert page.url == "/sign-in"
    page = page.submit({"email": EMAIL, "password": "un mauvais mot de passe"}, with_field="password")
    assert page.status == 422
    assert page.submit({"email": EMAIL, "password": PASSWORD}, with_field="password").url == "/account"


@pytest.mark.parametrize("path", ["/sign-in", "/register"])
def test_a_huge_password_is_refused_without_being_computed(browser: Browser, path: str) -> None:
    page = browser.get(path)
    values: dict[str, Any] = {"email": EMAIL, "password": "é" * 200_000}
    values |= {"given_name": "A", "family_name": "B"} if path == "/register" else {}
    for hostile in (
        {"password": "é" * 200_000},
        {"password": "x" * 5_000_000},
        {"password": PASSWORD, "email": "x" * 500_000 + "@example.org"},
    ):
        before = hasher.computed
        assert page.submit(values | hostile, with_field="password").status in {413, 422}
        assert hasher.computed == before
    assert count(Account) == 0


def test_a_form_without_its_token_is_refused(app: Flask, people: People) -> None:
    people.account(EMAIL)
    browser = Browser(app)
    for data in ({}, {"csrf_token": "x"}, {"csrf_token": _token(Browser(app), "/sign-in")}):
        assert browser.post("/sign-in", data | {"email": EMAIL, "password": PASSWORD}).status == 419
    assert count(AccountSession) == 0


def _token(browser: Browser, path: str = "/account") -> str:
    return str(browser.get(path).tree.find(attrs={"name": "csrf_token"})["value"])


def test_an_absent_account_is_never_right(app: Flask) -> None:
    assert check_password("nobody@example.org", "an account that does not exist") == Check(Verdict.WRONG)
