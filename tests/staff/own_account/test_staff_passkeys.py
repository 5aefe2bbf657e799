"""Passkeys of staff: made and used through the real forms by an authenticator in software."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.access.permissions import Role
from portal.config import Settings
from portal.infrastructure.database import db, transaction
from portal.staff.members.invitation import invite, link_of
from portal.staff.models import StaffMember, StaffPasskey
from tests.support.acting.authenticator import PRESENT, Authenticator
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.passkeys import make_passkey, options_of, use_passkey
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.staff_codes import code_at, to_code_page, told
from tests.support.looking.audit_trail import events

EMAIL = "reviewer@example.org"


@pytest.fixture
def nora(people: People) -> Browser:
    return people.signed_in_staff(Role.REVIEWER)


@pytest.fixture
def key(nora: Browser) -> Authenticator:
    """A passkey that Nora added."""
    made = Authenticator()
    assert make_passkey(nora.get("/staff/account/passkeys"), made, "Clé du bureau").status == 200
    return made


def later(minutes: int = 1) -> Any:
    return clock.stopped_at(clock.now() + timedelta(minutes=minutes))


def passkeys() -> list[StaffPasskey]:
    db.session.rollback()
    return db.session.query(StaffPasskey).order_by(StaffPasskey.id).all()


def test_a_passkey_opens_the_account_in_the_place_of_a_code(app: Flask, key: Authenticator, mailbox: Mailbox) -> None:
    page = to_code_page(app, EMAIL)
    assert "Avec une clé d’accès" in page.text

    entered = use_passkey(page, key)

    assert entered.url == "/staff/queue"
    assert events("staff:session:opened")[-1].facts["method"] == "password+passkey"
    [passkey] = passkeys()
    assert (passkey.name, passkey.sign_count) == ("Clé du bureau", 1)
    assert passkey.last_used_at is not None
    assert events("staff:second_factor:changed")[0].facts == {"change": "passkey_added", "sessions": 0}
    told = [text_of(mail) for mail in mailbox.to(EMAIL) if "second facteur" in mail["Subject"]]
    assert len(told) == 1
    assert "Une clé d’accès a été ajoutée." in told[0]


def test_the_browser_is_asked_to_check_the_person_and_told_nothing_of_others(app: Flask, key: Authenticator) -> None:
    page = to_code_page(app, EMAIL)
    wanted = options_of(page)
    assert wanted["userVerification"] == "required"
    assert wanted["rpId"] == "localhost"
    assert len(wanted["allowCredentials"]) == 1
    assert options_of(page)["challenge"] != wanted["challenge"]


def other_origin(key: Authenticator) -> None:
    key.origin = "https://localhost.example.net"


def not_verified(key: Authenticator) -> None:
    key.flags = PRESENT


def copied(key: Authenticator) -> None:
    key.counts = -1


def another_key(key: Authenticator) -> None:
    key.key = Authenticator().key


def somebody_elses(key: Authenticator) -> None:
    key.credential_id = b"x" * 32


@pytest.mark.parametrize("spoil", [other_origin, not_verified, copied, another_key, somebody_elses])
def test_an_answer_that_proves_nothing_opens_nothing(
    app: Flask, key: Authenticator, spoil: Callable[[Authenticator], None]
) -> None:
    if spoil is copied:
        use_passkey(to_code_page(app, EMAIL), key)
    spoil(key)

    page = use_passkey(to_code_page(app, EMAIL), key)

    assert page.status == 422
    assert "Nous ne pouvons pas accepter cette réponse" in page.text
    assert events("staff:session:denied")[-1].facts == {"reason": "passkey"}
    assert page.browser.get("/staff/queue").url == "/staff/sign-in"


def test_a_challenge_takes_one_answer_in_its_own_browser_and_time(app: Flask, key: Authenticator) -> None:
    page = to_code_page(app, EMAIL)
    answer = key.sign(options_of(page))
    elsewhere = to_code_page(app, EMAIL)
    assert elsewhere.submit({"credential": answer}, with_field="credential").status == 422, "no challenge there"
    options_of(elsewhere)
    assert elsewhere.submit({"credential": answer}, with_field="credential").status == 422, "another challenge there"
    wrong = page.submit({"credential": "{}"}, with_field="credential")
    assert wrong.status == 422
    assert page.submit({"credential": answer}, with_field="credential").status == 422, "used up by the wrong answer"

    with later(4):
        page = to_code_page(app, EMAIL)
        answer = key.sign(options_of(page))
    with later(10):
        assert page.submit({"credential": answer}, with_field="credential").url == "/staff/sign-in"


@pytest.mark.parametrize(
    "answer",
    ["", "{", "[]", '{"id": 1}', '{"id":"a","rawId":"\\u0000","type":"public-key","response":{}}', "x" * 50_000],
)
def test_hostile_answers_are_refused(app: Flask, key: Authenticator, answer: str) -> None:
    page = to_code_page(app, EMAIL)
    options_of(page)
    assert page.submit({"credential": answer}, with_field="credential").status == 422


def test_passkeys_need_a_fresh_password(nora: Browser) -> None:
    with later(11):
        page = nora.get("/staff/account/passkeys")
        assert page.url == "/staff/account/confirm-password"
        assert page.submit({"password": "une autre phrase"}, with_field="password").status == 422
        before = nora.client.get_cookie("staff_session").value
        page = page.submit({"password": PASSWORD}, with_field="password")
        assert page.url == "/staff/account/passkeys"
        assert nora.client.get_cookie("staff_session").value != before
    assert len(events("staff:session:proven_again")) == 1


def test_a_form_sent_too_late_leads_back_to_its_page(nora: Browser, key: Authenticator) -> None:
    page = nora.get("/staff/account/passkeys")
    with later(11):
        page = page.submit(action="/remove")
        assert page.submit({"password": PASSWORD}, with_field="password").url == "/staff/account/passkeys"
    assert len(passkeys()) == 1


def test_a_change_ends_the_other_sessions_and_renews_this_one(app: Flask, nora: Browser) -> None:
    with later():
        elsewhere = to_code_page(app, EMAIL).submit({"code": code_at()}, with_field="code").browser
    before = nora.client.get_cookie("staff_session").value
    make_passkey(nora.get("/staff/account/passkeys"), Authenticator())
    assert nora.client.get_cookie("staff_session").value != before
    assert nora.get("/staff/account").status == 200
    assert elsewhere.get("/staff/account").url == "/staff/sign-in"


def test_the_same_authenticator_is_taken_once(nora: Browser, key: Authenticator) -> None:
    page = make_passkey(nora.get("/staff/account/passkeys"), key)
    assert page.status == 422
    assert len(passkeys()) == 1


def test_the_last_factor_stays(app: Flask, nora: Browser, key: Authenticator) -> None:
    nora.get("/staff/account/app").submit(action="/app/remove")
    page = nora.get("/staff/account/passkeys").submit(action="/remove")
    assert page.status == 409
    assert "votre seul second facteur" in page.text
    second = Authenticator()
    page = make_passkey(page, second, "")
    assert [passkey.name for passkey in passkeys()] == ["Clé du bureau", "Clé d’accès"]
    assert page.submit(action="/remove").status == 200
    assert use_passkey(to_code_page(app, EMAIL), second).url == "/staff/queue"
    with later():
        assert to_code_page(app, EMAIL).submit({"code": code_at()}, with_field="code").status == 422, "the app is gone"


def test_a_new_telephone_counts_once_it_gave_a_code(app: Flask, nora: Browser) -> None:
    page = nora.get("/staff/account/app").submit(action="/app/new")
    secret = page.tree.select_one("code.secret").get_text().replace(" ", "").strip()
    assert page.submit({"code": "000000"}, with_field="code").status == 422
    assert nora.client.get(page.tree.select_one("img.qr")["src"]).mimetype == "image/svg+xml"
    page = page.submit({"code": code_at(secret=secret)}, with_field="code")
    assert page.url == "/staff/account"
    with later():
        assert to_code_page(app, EMAIL).submit({"code": code_at()}, with_field="code").status == 422
        assert (
            to_code_page(app, EMAIL).submit({"code": code_at(secret=secret)}, with_field="code").url == "/staff/queue"
        )
    assert nora.get("/staff/account/app").tree.select_one("img.qr") is None


def invited(settings: Settings) -> str:
    with transaction():
        invitation = invite("new@example.org", "Ada Neuve", Role.REVIEWER, actor="command")
        return link_of(invitation, settings).removeprefix(settings.public_url)


def to_factor_page(app: Flask, settings: Settings) -> Page:
    return Browser(app).get(invited(settings)).submit({"password": PASSWORD}, with_field="password")


def test_an_invited_member_may_choose_a_passkey(app: Flask, settings: Settings) -> None:
    key = Authenticator()
    page = make_passkey(to_factor_page(app, settings), key)
    assert page.url == "/staff/recovery-codes"
    codes = [code.get_text() for code in page.tree.select(".secret li code")]
    member = db.session.query(StaffMember).one()
    assert member.sealed_totp_secret is None

    page = to_code_page(app, "new@example.org")
    assert "Avec un code de secours" in page.text
    assert told(use_passkey(page, key)).url == "/staff/queue"
    assert to_code_page(app, "new@example.org").submit({"code": codes[0]}, with_field="code").url == "/staff/queue"


def test_an_invitation_opens_nothing_without_a_factor(app: Flask, settings: Settings) -> None:
    page = to_factor_page(app, settings)
    refused = page.submit({"credential": "{}", "name": "x"}, with_field="credential")
    assert refused.status == 422
    assert refused.browser.get("/staff/queue").url == "/staff/sign-in"
    assert db.session.query(StaffMember).one().activated_at is None


def test_two_administrators_take_everything_lost_away(
    app: Flask, people: People, nora: Browser, key: Authenticator, mailbox: Mailbox
) -> None:
    administrator = people.signed_in_staff(Role.ADMINISTRATOR)
    member = db.session.query(StaffMember).filter_by(email=EMAIL).one()
    page = administrator.get(f"/staff/members/{member.public_id}")
    page = page.submit({"way_in-reason": "Nora a tout perdu."}, action="/way-in")
    assert passkeys() != []
    other = people.signed_in_staff(Role.ADMINISTRATOR, "other@example.org")
    other.get(page.url).submit({"answer": "second"}, with_field="answer")
    assert passkeys() == []
    assert nora.get("/staff/account").url == "/staff/sign-in"
    assert any("étaient perdus" in text_of(mail) for mail in mailbox.to(EMAIL))
    own = db.session.query(StaffMember).filter_by(email="administrator@example.org").one().public_id
    token = administrator.form_token("/staff/account")
    assert administrator.post(f"/staff/members/{own}/way-in", {"csrf_token": token}).status == 403
