"""A customer's second step: set up, asked for on every way in, used once, lost and found again; through the real forms."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.one_time_codes import keep_totp_secret
from portal.access.recovery_codes import make_recovery_codes, replace_codes
from portal.accounts.commands import account as account_commands
from portal.accounts.entry.sign_in import SecondStepDue, enter
from portal.accounts.models import Account, AccountPasskey, AccountRecoveryCode, AccountSession
from portal.accounts.sessions.freeze import frozen_until
from portal.infrastructure.database import db, transaction
from tests.support.acting.authenticator import Authenticator
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.passkeys import make_passkey, options_of, use_passkey
from tests.support.acting.people import PASSWORD, TOTP_SECRET, People
from tests.support.acting.second_steps import PAGE, give, set_up_app
from tests.support.acting.staff_codes import code_at
from tests.support.acting.visitors import ask_for_reset, count, is_signed_in, mailed_link, sign_in
from tests.support.hashing import hasher
from tests.support.looking.audit_trail import events

EMAIL = "camille@example.org"


def later(**period: int) -> Any:
    return clock.stopped_at(clock.now() + timedelta(**period))


def the_account() -> Account:
    db.session.rollback()
    return db.session.query(Account).filter_by(email=EMAIL).one()


@pytest.fixture
def camille(people: People) -> Browser:
    """Signed in, without a second step."""
    return people.signed_in(EMAIL)


@pytest.fixture
def codes(people: People) -> list[str]:
    """An account with an app; its recovery codes."""
    people.account(EMAIL)
    made = make_recovery_codes()
    account = the_account()
    with transaction():
        keep_totp_secret(account, TOTP_SECRET)
        replace_codes(AccountRecoveryCode, made, account_id=account.id)
    return made.codes


def to_step(app: Flask, browser: Browser | None = None) -> Page:
    page = sign_in(browser or Browser(app), EMAIL, PASSWORD)
    assert page.url == "/sign-in/code", page.text
    return page


def test_an_app_counts_once_it_gave_a_code(app: Flask, camille: Browser, mailbox: Mailbox) -> None:
    picture = camille.get(PAGE).submit(action="/app/new").tree.select_one("img.qr")["src"]
    assert camille.client.get(picture).mimetype == "image/svg+xml"
    assert sign_in(Browser(app), EMAIL, PASSWORD).url == "/data", "nothing was confirmed yet"

    secret, codes = set_up_app(camille)

    assert len(set(codes)) == 8
    sealed = the_account().sealed_totp_secret
    assert sealed and secret not in sealed
    stored = " ".join(str(row) for table in db.metadata.sorted_tables for row in db.session.execute(select(table)))
    assert EMAIL in stored
    assert not [word for word in (secret, codes[0], codes[0].replace("-", "")) if word in stored]
    with later(minutes=1):
        page = give(to_step(app), code_at(secret=secret))
    assert page.url == "/data"
    assert events("customer:session:opened")[-1].facts["method"] == "password+totp"
    told = [text_of(mail) for mail in mailbox.to(EMAIL) if "seconde étape" in mail["Subject"]]
    assert len(told) == 1
    assert "Une application d’authentification a été configurée." in told[0]


def test_a_passkey_is_added_used_and_removed(app: Flask, camille: Browser, mailbox: Mailbox) -> None:
    key = Authenticator()
    elsewhere = sign_in(Browser(app), EMAIL, PASSWORD).browser
    before = camille.client.get_cookie("session").value
    page = make_passkey(camille.get(f"{PAGE}/passkeys"), key, "Mon téléphone")
    assert page.url == f"{PAGE}/recovery-codes"
    assert camille.client.get_cookie("session").value != before
    assert not is_signed_in(elsewhere)

    page = use_passkey(to_step(app), key)

    assert page.url == "/data"
    assert db.session.query(AccountPasskey).one().sign_count == 1
    shown = camille.get(PAGE).text
    assert "Mon téléphone" in shown
    assert "Dernier usage :" in shown
    camille.get(PAGE).submit(action="/remove")
    assert sign_in(Browser(app), EMAIL, PASSWORD).url == "/data"
    assert count(AccountRecoveryCode) == 0, "codes without a second step open nothing"
    changes = [event.facts["change"] for event in events("customer:second_step:changed")]
    assert changes == ["passkey_added", "passkey_removed"]
    assert sum("seconde étape" in mail["Subject"] for mail in mailbox.to(EMAIL)) == 2


def test_an_answer_that_proves_nothing_computes_nothing(camille: Browser) -> None:
    page = camille.get(f"{PAGE}/passkeys")
    before = hasher.computed
    assert page.submit({"credential": "{}", "name": "Clé"}, with_field="credential").status == 422
    assert hasher.computed == before
    make_passkey(page, Authenticator())
    assert hasher.computed == before + 8


def test_a_passkey_of_somebody_else_opens_nothing(app: Flask, people: People, codes: list[str]) -> None:
    key = Authenticator()
    make_passkey(people.signed_in("thomas@example.org").get(f"{PAGE}/passkeys"), key)
    own = Authenticator()
    page = give(to_step(app), code_at())
    make_passkey(page.browser.get(f"{PAGE}/passkeys"), own)
    page = to_step(app)
    assert use_passkey(page, key).status == 422
    answer = own.sign(options_of(page))
    assert to_step(app).submit({"credential": answer}, with_field="credential").status == 422, "another browser"
    assert page.submit({"credential": answer}, with_field="credential").url == "/data"
    assert events("customer:second_step:denied")[0].facts == {"reason": "passkey"}


def test_a_reset_password_is_not_enough(app: Flask, codes: list[str], mailbox: Mailbox) -> None:
    browser, new = Browser(app), "une nouvelle phrase secrète"
    early = to_step(app)
    ask_for_reset(browser, EMAIL)
    browser.get(mailed_link(mailbox, EMAIL, "/password/reset/")).submit({"password": new})
    assert give(early, code_at()).url == "/sign-in", "the old password opened this wait"
    page = sign_in(browser, EMAIL, new)
    assert page.url == "/sign-in/code"
    assert not is_signed_in(browser)
    assert give(page, codes[0]).url == "/data"


def test_a_changed_password_ends_what_waits(app: Flask, codes: list[str]) -> None:
    browser = give(to_step(app), codes[0]).browser
    early = to_step(app)
    values = {"current_password": PASSWORD, "new_password": "une nouvelle phrase secrète"}
    browser.get("/account/password").submit(values, with_field="new_password")
    assert give(early, code_at()).url == "/sign-in"


def test_closing_the_other_sessions_ends_what_waits(app: Flask, codes: list[str]) -> None:
    browser = give(to_step(app), codes[0]).browser
    waiting = to_step(app)
    browser.post("/account/sessions/end-others", {"csrf_token": browser.form_token("/account")})
    assert give(waiting, code_at()).url == "/sign-in"


def test_no_way_in_can_forget_the_second_step(app: Flask, codes: list[str]) -> None:
    account = the_account()
    with app.test_request_context(), pytest.raises(SecondStepDue), transaction():
        enter(account, device_token="x", device_label="", tell=False)
    assert count(AccountSession) == 0


def test_the_page_asked_for_comes_after_the_second_step(app: Flask, codes: list[str]) -> None:
    page = Browser(app).get("/preferences").submit({"email": EMAIL, "password": PASSWORD}, with_field="password")
    assert give(page, "000000").status == 422
    assert give(give(page, "000000"), code_at()).url == "/preferences"


def test_the_second_step_alone_or_too_late_opens_nothing(app: Flask, codes: list[str]) -> None:
    assert Browser(app).get("/sign-in/code").url == "/sign-in"
    page = to_step(app)
    with later(minutes=5, seconds=1):
        late = give(page, code_at())
    assert late.url == "/sign-in"
    assert "dans les cinq minutes" in late.text
    assert count(AccountSession) == 0


def test_a_code_works_once_and_none_before_it(app: Flask, codes: list[str]) -> None:
    instant = clock.now()
    with clock.stopped_at(instant):
        assert give(to_step(app), code_at()).url == "/data"
        assert give(to_step(app), code_at()).status == 422
        assert give(to_step(app), code_at(instant - timedelta(seconds=30))).status == 422


def at_once(pages: list[Page], code: str) -> list[str]:
    together = Barrier(len(pages))

    def send(page: Page) -> str:
        together.wait(timeout=30)
        return give(page, code).url

    with ThreadPoolExecutor(len(pages)) as pool:
        return sorted(pool.map(send, pages))


def test_of_many_browsers_with_one_code_one_gets_in(app: Flask, codes: list[str]) -> None:
    for minutes, code in ((0, None), (6, codes[5])):
        with later(minutes=minutes):
            pages = [to_step(app) for _browser in range(3)]
            urls = at_once(pages, code or code_at())
        assert urls == ["/data", "/sign-in/code", "/sign-in/code"]
    assert count(AccountSession) == 2


def test_a_recovery_code_works_once_and_is_told(app: Flask, codes: list[str], mailbox: Mailbox) -> None:
    assert give(to_step(app), codes[0].lower().replace("-", " ")).url == "/data"
    assert give(to_step(app), codes[0]).status == 422
    assert events("customer:recovery_code:used")[0].facts == {"left": 7}
    assert any("Il vous reste 7 codes" in text_of(mail).replace("\u00a0", " ") for mail in mailbox.to(EMAIL))


def test_new_recovery_codes_replace_the_old_ones(app: Flask, codes: list[str]) -> None:
    browser = give(to_step(app), code_at()).browser
    page = browser.get(PAGE).submit(action="/recovery-codes")
    fresh = [code.get_text() for code in page.tree.select(".secret li code")]
    assert give(to_step(app), codes[0]).status == 422
    assert give(to_step(app), fresh[0]).url == "/data"


def test_tries_are_few_and_the_owner_keeps_theirs(app: Flask, codes: list[str]) -> None:
    known = give(to_step(app), code_at()).browser
    known.post("/sign-out", {"csrf_token": known.form_token("/sign-out")})
    attacker = to_step(app)
    statuses = [give(attacker, "000000").status for _try in range(6)]
    assert statuses == [422] * 5 + [429], "the owner's own right code cost no try"
    with later(minutes=1):
        assert give(to_step(app, known), code_at()).url == "/data"


def test_every_change_needs_a_fresh_password(app: Flask, codes: list[str]) -> None:
    browser = give(to_step(app), code_at()).browser
    page = browser.get(PAGE)
    with later(minutes=11):
        for action in ("/app/new", "/app/remove", "/recovery-codes"):
            assert page.submit(action=action).url == "/account/confirm-password", action
        assert browser.get(f"{PAGE}/passkeys").url == "/account/confirm-password"
        again = page.submit(action="/app/remove").submit({"password": PASSWORD}, with_field="password")
        assert again.url == PAGE
        assert again.submit(action="/app/remove").status == 200
    assert the_account().sealed_totp_secret is None


def test_codes_left_on_the_screen_are_not_shown_later_without_a_fresh_password(app: Flask, codes: list[str]) -> None:
    shown = give(to_step(app), code_at()).browser.get(PAGE).submit(action="/recovery-codes")
    assert shown.url == f"{PAGE}/recovery-codes"
    with later(minutes=11):
        again = shown.browser.get(shown.url)
        assert again.url.startswith("/account/confirm-password")
        assert main_of(again.submit({"password": PASSWORD}, with_field="password")) == main_of(shown)


def main_of(page: Page) -> str:
    assert page.tree.main is not None
    return page.tree.main.get_text()


def test_what_is_lost_is_lifted_by_the_organisation(app: Flask, codes: list[str], mailbox: Mailbox) -> None:
    signed_in = give(to_step(app), codes[0]).browser
    result = app.test_cli_runner().invoke(account_commands, ["lift-second-step", "Camille@Example.org"])
    assert result.exit_code == 0, result.output
    assert "1 sessions ended" in result.output or "1 session ended" in result.output
    assert not is_signed_in(signed_in)
    assert sign_in(Browser(app), EMAIL, PASSWORD).url == "/data"
    assert frozen_until(the_account()) is not None
    [mail] = [text_of(mail) for mail in mailbox.to(EMAIL) if "seconde étape" in mail["Subject"]]
    assert "étaient perdus" in mail
    assert "trois jours" in mail
    again = app.test_cli_runner().invoke(account_commands, ["lift-second-step", EMAIL])
    assert again.exit_code == 1
    assert count(AccountRecoveryCode) == 0


def test_the_copy_of_the_data_tells_of_passkeys_and_never_of_secrets(app: Flask, codes: list[str]) -> None:
    from tests.accounts.test_account_holdings import counts, held

    browser = give(to_step(app), code_at()).browser
    make_passkey(browser.get(f"{PAGE}/passkeys"), Authenticator(), "Mon téléphone")
    customer_id = the_account().customer_id
    items = held("accounts", customer_id, "identity")
    assert counts("accounts", customer_id)["identity"][0] == len(items) == 2
    passkey = next(item for item in items if item.kind == "portal_passkey")
    assert passkey.values["name"] == "Mon téléphone"
    account = next(item for item in items if item.kind == "portal_account")
    assert (account.values["authenticator_app_is_set_up"], account.values["recovery_codes_left"]) == (True, 8)
    sealed = the_account().sealed_totp_secret or ""
    hashes = [row.code_hash for row in db.session.query(AccountRecoveryCode)]
    assert not [secret for secret in (TOTP_SECRET, sealed, *hashes) if secret in repr(items)]
