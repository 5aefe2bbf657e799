"""Change of the sign-in address: proven at the new one, told to the old one, undone by whoever reads the old one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.accounts.links import LIFE, Purpose
from portal.accounts.models import Account, AccountPasskey, AccountRecoveryCode, AccountToken
from portal.accounts.sessions.freeze import FREEZE, frozen_until
from portal.audit.models import AuditEvent
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.infrastructure.mail.models import Mail
from portal.preferences.feed.reading import look_up
from portal.records.imports.ingest import Refusal, start_run
from tests.support.acting.authenticator import Authenticator
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.passkeys import make_passkey, use_passkey
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.second_steps import PAGE, give, set_up_app
from tests.support.acting.staff_codes import code_at
from tests.support.acting.visitors import (
    ask_for_reset,
    confirmed,
    count,
    is_signed_in,
    mailed_link,
    register,
    sign_in,
    writes_of,
)  # fmt: skip
from tests.support.looking import audit_trail
from tests.support.records import customer, ndjson

OLD, NEW, OTHER = "camille@example.org", "camille.lefevre@example.net", "other@example.com"
CONFIRM, NOT_ME = "/address/confirm/", "/address/not-me/"


def ask(browser: Browser, email: str = NEW) -> Page:
    return browser.get("/account/address").submit({"email": email}, with_field="email")


def account() -> Account:
    return db.session.query(Account).filter(Account.customer_id.is_not(None)).order_by(Account.id).first()


def changed(browser: Browser, mailbox: Mailbox, email: str = NEW) -> Page:
    ask(browser, email)
    return browser.get(mailed_link(mailbox, email, CONFIRM)).submit()


def events() -> list[tuple[str, dict[str, Any]]]:
    rows = db.session.query(AuditEvent).filter(AuditEvent.tag.like("customer:address:%")).order_by(AuditEvent.sequence)
    return [(row.tag.removeprefix("customer:address:"), row.facts) for row in rows]


def test_nothing_changes_before_the_new_address_is_proven(people: People, mailbox: Mailbox) -> None:
    browser = people.signed_in(OLD)
    page = ask(browser)
    assert page.url == "/account/address"
    assert f"Une nouvelle adresse attend sa confirmation {NEW}" in page.text
    assert "changement à confirmer" in browser.get("/account").text
    assert account().email == OLD
    told = mailbox.last_to(OLD)
    assert told["Subject"] == "Votre adresse de connexion va changer – Netkin"
    assert "c•••e@example.net" in text_of(told)
    assert NEW not in text_of(told)
    assert "Camille" not in text_of(mailbox.last_to(NEW))
    assert sign_in(Browser(people.app), NEW, PASSWORD).status == 422


def test_the_new_address_opens_the_account_and_the_old_one_is_told(people: People, mailbox: Mailbox) -> None:
    browser, elsewhere = people.signed_in(OLD), people.sign_in(OLD)
    before = browser.client.get_cookie("session").value
    page = changed(browser, mailbox)
    assert page.url == "/account"
    assert "Votre adresse est changée." in page.text
    assert browser.client.get_cookie("session").value != before
    assert is_signed_in(browser)
    assert not is_signed_in(elsewhere)
    found = account()
    assert (found.email, found.customer.email, found.customer.email_normalised) == (NEW, NEW, NEW)
    told = text_of(mailbox.last_to(OLD))
    assert "aucune copie de vos données ne peut être téléchargée" in " ".join(told.split())
    assert mailbox.last_to(NEW)["Subject"] == "Cette adresse ouvre maintenant votre compte – Netkin"
    assert sign_in(Browser(people.app), OLD, PASSWORD).status == 422
    assert sign_in(Browser(people.app), NEW, PASSWORD).url == "/data"
    assert events() == [("change_asked", {}), ("changed", {"sessions_ended": 1, "others_ended": 0})]


def test_copies_wait_for_three_days(people: People, mailbox: Mailbox) -> None:
    changed(people.signed_in(OLD), mailbox)
    assert frozen_until(account()) == account().email_changed_at + FREEZE
    with clock.stopped_at(clock.now() + timedelta(hours=73)):
        assert frozen_until(account()) is None
    assert LIFE[Purpose.DENY_CHANGE] >= FREEZE, "nothing leaves before the owner can undo the change"


def test_asking_needs_a_fresh_proof_that_names_the_account_masked(people: People) -> None:
    browser = people.signed_in(OLD)
    with clock.stopped_at(clock.now() + timedelta(minutes=11)):
        page = browser.get("/account/address")
        assert page.url == "/account/confirm-password"
        assert "c•••e@example.org" in page.text
        assert page.submit({"password": PASSWORD}, with_field="password").url == "/account/address"


@pytest.mark.parametrize("email", ["nobody", " Camille@EXAMPLE.org "])
def test_what_is_no_new_address_is_refused(people: People, email: str) -> None:
    browser = people.signed_in(OLD)
    page = ask(browser, email)
    assert (page.status, len(page.errors)) == (422, 1)
    assert page.tree.find(id="email")["value"] == email.strip()
    assert count(AccountToken) == 0


class TestNoOracle:
    """Whoever asks for an address learns nothing about its account; the one who reads it is told."""

    def test_a_used_address_is_answered_and_written_alike(self, app: Flask, people: People, mailbox: Mailbox) -> None:
        people.account(OTHER, external_id="C-2")
        browser = people.signed_in(OLD)
        token = browser.form_token("/account/address")

        def send(email: str) -> Callable[[], Any]:
            return lambda: browser.post("/account/address", {"csrf_token": token, "email": email}, follow=False)

        writes_of(send("first@example.net"))
        free, page = writes_of(send(NEW)), browser.get("/account/address").text
        used, alike = writes_of(send(OTHER)), browser.get("/account/address").text
        assert used == free
        assert alike == page.replace(NEW, OTHER)

    def test_the_owner_of_a_used_address_is_told_and_gets_no_link(self, people: People, mailbox: Mailbox) -> None:
        people.account(OTHER, external_id="C-2")
        ask(people.signed_in(OLD), OTHER)
        [mail] = mailbox.to(OTHER)
        assert mail["Subject"] == "Cette adresse ouvre déjà votre compte – Netkin"
        assert CONFIRM not in text_of(mail)
        assert "C-2" not in text_of(mail)
        assert OLD not in text_of(mail)

    @pytest.mark.trial
    def test_an_address_gets_five_mails_and_an_account_five_changes_an_hour(self, people: People) -> None:
        browser = people.signed_in(OLD)
        token = browser.form_token("/account/address")
        statuses = [
            browser.post("/account/address", {"csrf_token": token, "email": NEW}, follow=False).status for _ in range(6)
        ]
        assert statuses == [303] * 5 + [429]
        assert db.session.query(Mail).filter_by(template="accounts/address_change_asked").count() == 5


class TestOtherBrowser:
    def test_the_password_tells_who_asked(self, app: Flask, people: People, mailbox: Mailbox) -> None:
        here = people.signed_in(OLD)
        ask(here)
        elsewhere = Browser(app)
        page = elsewhere.get(mailed_link(mailbox, NEW, CONFIRM))
        refused = page.submit({"password": "not the right one"}, with_field="password")
        assert (refused.status, account().email) == (422, OLD)
        page = refused.submit({"password": PASSWORD}, with_field="password")
        assert page.url == "/sign-in"
        assert account().email == NEW
        assert not is_signed_in(here)
        assert not is_signed_in(elsewhere)

    @pytest.mark.trial
    def test_somebody_else_s_session_is_not_enough(self, people: People, mailbox: Mailbox) -> None:
        ask(people.signed_in(OLD))
        stranger = people.signed_in(OTHER, external_id="C-2")
        link = mailed_link(mailbox, NEW, CONFIRM)
        assert stranger.get(link).form(with_field="password")
        assert stranger.post(link, {"csrf_token": stranger.form_token(link)}).status == 422
        assert account().email == OLD

    @pytest.mark.trial
    def test_tries_of_the_password_are_counted(self, app: Flask, people: People, mailbox: Mailbox) -> None:
        ask(people.signed_in(OLD))
        browser, link = Browser(app), mailed_link(mailbox, NEW, CONFIRM)
        wrong = {"csrf_token": browser.form_token(link), "password": "not the right one"}
        assert [browser.post(link, wrong).status for _try in range(11)] == [422] * 10 + [429], (
            "the owner’s own right sign-in costs none"
        )


class TestLinks:
    def test_the_page_alone_changes_nothing_and_the_link_works_once(self, people: People, mailbox: Mailbox) -> None:
        browser = people.signed_in(OLD)
        ask(browser)
        link = mailed_link(mailbox, NEW, CONFIRM)
        browser.get(link)
        assert account().email == OLD
        browser.get(link).submit()
        page = browser.get(link)
        assert (page.status, page.h1) == (410, "Votre adresse est déjà changée")

    @pytest.mark.parametrize("start", [CONFIRM, NOT_ME])
    def test_a_link_that_is_none_is_not_found(self, browser: Browser, start: str) -> None:
        assert browser.get(f"{start}{'0' * 32}.{'0' * 64}").status == 404

    def test_it_expires_within_the_hour(self, people: People, mailbox: Mailbox) -> None:
        browser = people.signed_in(OLD)
        ask(browser)
        link = mailed_link(mailbox, NEW, CONFIRM)
        with clock.stopped_at(clock.now() + timedelta(minutes=61)):
            page = people.sign_in(OLD).get(link)
            assert (page.status, page.h1) == (410, "Ce lien a expiré")
            assert "changement à confirmer" not in people.sign_in(OLD).get("/account").text

    @pytest.mark.trial
    def test_a_second_wish_takes_the_place_of_the_first(self, people: People, mailbox: Mailbox) -> None:
        browser = people.signed_in(OLD)
        ask(browser)
        first = mailed_link(mailbox, NEW, CONFIRM)
        ask(browser, OTHER)
        assert browser.get(first).status == 410
        assert browser.get(mailed_link(mailbox, OTHER, CONFIRM)).submit().url == "/account"
        assert account().email == OTHER

    def test_a_cancelled_change_is_over(self, people: People, mailbox: Mailbox) -> None:
        browser = people.signed_in(OLD)
        page = ask(browser).submit(action="/account/address/cancel")
        assert "Le changement est annulé." in page.text
        assert mailbox.to(NEW) == [], "the mail that was still to be written is not"
        assert [tag for tag, _facts in events()] == ["change_asked", "change_cancelled"]
        browser.post("/account/address/cancel", {"csrf_token": browser.form_token("/account")})
        assert len(events()) == 2

    @pytest.mark.trial
    def test_changing_the_password_ends_a_change_and_a_change_ends_a_reset(
        self, people: People, mailbox: Mailbox
    ) -> None:
        browser = people.signed_in(OLD)
        ask_for_reset(browser, OLD)
        reset = mailed_link(mailbox, OLD, "/password/reset/")
        ask(browser)
        link = mailed_link(mailbox, NEW, CONFIRM)
        browser.get("/account/password").submit(
            {"current_password": PASSWORD, "new_password": "une autre phrase de passe"}, with_field="current_password"
        )
        assert (browser.get(link).status, browser.get(reset).status) == (410, 410)
        ask_for_reset(Browser(people.app), OLD)
        ask(browser)
        reset = mailed_link(mailbox, OLD, "/password/reset/")
        browser.get(mailed_link(mailbox, NEW, CONFIRM)).submit()
        assert browser.get(reset).status == 410

    @pytest.mark.trial
    def test_two_accounts_that_want_one_address(self, app: Flask, people: People, mailbox: Mailbox) -> None:
        first, second = people.signed_in(OLD), people.signed_in(OTHER, external_id="C-2")
        ask(first)
        mine = mailed_link(mailbox, NEW, CONFIRM)
        ask(second)
        assert second.get(mailed_link(mailbox, NEW, CONFIRM)).submit().url == "/account"
        assert first.get(mine).status == 410
        assert account().email == OLD


class TestAddressOfOthers:
    def test_whoever_registers_and_proves_it_first_keeps_it(self, app: Flask, people: People, mailbox: Mailbox) -> None:
        browser = people.signed_in(OLD)
        ask(browser)
        link = mailed_link(mailbox, NEW, CONFIRM)
        confirmed(Browser(app), mailbox, NEW)
        assert browser.get(link).status == 410
        assert account().email == OLD

    @pytest.mark.trial
    def test_registrations_that_wait_for_it_end(self, app: Flask, people: People, mailbox: Mailbox) -> None:
        stranger = Browser(app)
        register(stranger, NEW)
        theirs = mailed_link(mailbox, NEW, "/confirm/")
        changed(people.signed_in(OLD), mailbox)
        assert stranger.get(theirs).status == 410
        assert not is_signed_in(stranger)

    @pytest.mark.trial
    def test_a_file_of_the_company_that_has_it_stays(self, people: People, mailbox: Mailbox) -> None:
        people.customer(NEW, external_id="C-3")
        page = changed(people.signed_in(OLD), mailbox)
        assert (page.status, page.h1) == (409, "Cette adresse appartient à une autre fiche")
        assert account().email == OLD
        assert db.session.query(Customer).filter_by(email=NEW).one().external_id == "C-3"


class TestNotMe:
    """The holder of the former address stops a change, or takes the account back."""

    def test_it_stops_a_change_that_waits(self, app: Flask, people: People, mailbox: Mailbox) -> None:
        thief = people.signed_in(OLD)
        ask(thief)
        owner = Browser(app)
        page = owner.get(mailed_link(mailbox, OLD, NOT_ME))
        assert account().password_hash is not None, "the page alone does nothing"
        assert page.submit().h1 == "Votre compte est fermé aux autres"
        assert not is_signed_in(thief)
        assert thief.get(mailed_link(mailbox, NEW, CONFIRM)).status == 410
        assert sign_in(thief, OLD, PASSWORD).status == 422
        chosen = {"password": "une toute nouvelle phrase"}
        owner.get(mailed_link(mailbox, OLD, "/password/reset/")).submit(chosen)
        assert sign_in(owner, OLD, chosen["password"]).url == "/data"

    def test_it_undoes_a_change_whatever_the_thief_did_since(
        self, app: Flask, people: People, mailbox: Mailbox
    ) -> None:
        thief = people.signed_in(OLD)
        changed(thief, mailbox)
        back = mailed_link(mailbox, OLD, NOT_ME)
        ask_for_reset(thief, NEW)
        thief.get(mailed_link(mailbox, NEW, "/password/reset/")).submit({"password": "le mot de passe du voleur"})
        sign_in(thief, NEW, "le mot de passe du voleur")
        changed(thief, mailbox, OTHER)
        planted = mailed_link(mailbox, NEW, NOT_ME)
        Browser(app).get(back).submit()
        found = account()
        assert (found.email, found.customer.email, found.password_hash) == (OLD, OLD, None)
        assert not is_signed_in(thief)
        assert thief.get(planted).status == 410
        assert sign_in(thief, OTHER, "le mot de passe du voleur").status == 422
        assert frozen_until(found)
        assert mailbox.last_to(OTHER)["Subject"] == "Cette adresse n’ouvre plus de compte – Netkin"
        assert events()[-1] == ("change_denied", {"was_changed": True, "sessions_ended": 1})

    def test_a_thief_cannot_use_it_to_take_it_from_the_owner(
        self, app: Flask, people: People, mailbox: Mailbox
    ) -> None:
        """Whoever moved the account asks for one more change, and says "not me" at the address that they moved it to."""
        thief = people.signed_in(OLD)
        changed(thief, mailbox)
        back = mailed_link(mailbox, OLD, NOT_ME)
        ask(thief, OTHER)
        Browser(app).get(mailed_link(mailbox, NEW, NOT_ME)).submit()
        thief.get(mailed_link(mailbox, NEW, "/password/reset/")).submit({"password": "le mot de passe du voleur"})
        assert Browser(app).get(back).submit().h1 == "Votre compte est fermé aux autres"
        assert account().email == OLD
        assert sign_in(thief, NEW, "le mot de passe du voleur").status == 422

    def test_it_takes_away_what_the_thief_added_to_the_second_step(
        self, app: Flask, people: People, mailbox: Mailbox
    ) -> None:
        thief = people.signed_in(OLD)
        set_up_app(thief)
        changed(thief, mailbox)
        back = mailed_link(mailbox, OLD, NOT_ME)
        make_passkey(thief.get("/account/second-step/passkeys"), Authenticator())
        page = Browser(app).get(back)
        assert "ajouté à la seconde étape" in page.text
        page.submit()
        assert ["a été retiré" in text_of(mail) for mail in mailbox.to(OLD) if "seconde étape" in mail["Subject"]] == [
            False,
            True,
        ]
        assert [count(kept) for kept in (AccountPasskey, AccountRecoveryCode)] == [0, 0]
        owner, chosen = Browser(app), {"password": "une toute nouvelle phrase"}
        owner.get(mailed_link(mailbox, OLD, "/password/reset/")).submit(chosen)
        assert sign_in(owner, OLD, chosen["password"]).url == "/data"
        changes = [event.facts["change"] for event in audit_trail.events("customer:second_step:changed")]
        assert changes == ["app_added", "passkey_added", "undone"]

    def test_what_the_owner_had_before_still_counts(self, app: Flask, people: People, mailbox: Mailbox) -> None:
        """Else whoever reads a mailbox that the owner has left would do without the second step."""
        with clock.stopped_at(clock.now() - timedelta(days=4)):
            secret, codes = set_up_app(people.signed_in(OLD))
        thief = give(sign_in(Browser(app), OLD, PASSWORD), codes[0]).browser
        make_passkey(thief.get("/account/second-step/passkeys"), Authenticator())
        changed(thief, mailbox)
        Browser(app).get(mailed_link(mailbox, OLD, NOT_ME)).submit()
        assert count(AccountPasskey) == 0
        owner, chosen = Browser(app), {"password": "une toute nouvelle phrase"}
        owner.get(mailed_link(mailbox, OLD, "/password/reset/")).submit(chosen)
        page = sign_in(owner, OLD, chosen["password"])
        assert page.url == "/sign-in/code"
        assert give(give(page, codes[0]), code_at(secret=secret)).url == "/data"

    @pytest.mark.trial
    def test_codes_and_an_app_in_the_place_of_the_owner_s_go_too(
        self, app: Flask, people: People, mailbox: Mailbox
    ) -> None:
        key = Authenticator()
        with clock.stopped_at(clock.now() - timedelta(days=4)):
            page = make_passkey(people.signed_in(OLD).get("/account/second-step/passkeys"), key)
            page.submit(action="/kept")
        thief = use_passkey(sign_in(Browser(app), OLD, PASSWORD), key).browser
        secret, _none = set_up_app(thief, has_codes=True)
        planted = [
            code.get_text() for code in thief.get(PAGE).submit(action="/recovery-codes").tree.select(".secret li code")
        ]
        ask(thief)
        Browser(app).get(mailed_link(mailbox, OLD, NOT_ME)).submit()
        owner, chosen = Browser(app), {"password": "une toute nouvelle phrase"}
        owner.get(mailed_link(mailbox, OLD, "/password/reset/")).submit(chosen)
        page = sign_in(owner, OLD, chosen["password"])
        for code in (code_at(secret=secret), planted[0]):
            page = give(page, code)
            assert page.status == 422
        assert use_passkey(page, key).url == "/data"

    @pytest.mark.trial
    def test_it_is_over_after_three_days(self, people: People, mailbox: Mailbox) -> None:
        changed(people.signed_in(OLD), mailbox)
        with clock.stopped_at(clock.now() + timedelta(hours=73)):
            page = Browser(people.app).get(mailed_link(mailbox, OLD, NOT_ME))
        assert (page.status, page.h1) == (410, "Ce lien a expiré")

    @pytest.mark.trial
    def test_an_address_that_is_somebody_elses_by_now_stays_theirs(
        self, app: Flask, people: People, mailbox: Mailbox
    ) -> None:
        changed(people.signed_in(OLD), mailbox)
        back = mailed_link(mailbox, OLD, NOT_ME)
        confirmed(Browser(app), mailbox, OLD)
        assert Browser(app).get(back).submit().status == 409
        assert account().email == NEW


def test_imports_and_the_feed_follow_the_new_address(people: People, mailbox: Mailbox) -> None:
    changed(people.signed_in(OLD), mailbox)
    lines = ndjson(customer("C-camille", email=OLD), customer("C-7", email=NEW), customer("C-8", email=OLD))
    refusals: list[Refusal] = []
    start_run(refusals.append).run(enumerate(lines.splitlines(), start=1), actor="command", channel="command")
    db.session.rollback()
    assert [refusal.field for refusal in refusals] == ["email"], "the new address is taken, the old one is free"
    assert account().customer.email == NEW
    assert [item["customer"] for item in look_up([], [NEW, OLD])] == ["C-camille", "C-8"]


@pytest.mark.trial
def test_an_address_is_not_kept_beyond_its_link(people: People, mailbox: Mailbox) -> None:
    ask(people.signed_in(OLD))
    assert count(AccountToken, AccountToken.email.is_not(None)) == 2
    with clock.stopped_at(clock.now() + timedelta(days=34)):
        mailbox.deliver()
    assert count(AccountToken, AccountToken.email.is_not(None)) == 0


@pytest.mark.trial
def test_the_person_sees_what_waits_in_their_data(people: People) -> None:
    browser = people.signed_in(OLD)
    ask(browser)
    text = browser.get("/data/identity").text
    assert "Nouvelle adresse à confirmer c•••e@example.net" in text
