"""Sign-in with Facebook through a provider that really speaks the protocol: every outcome, and every attack."""

import json
import time
from datetime import timedelta
from threading import Event
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.wrappers import Request, Response

from portal import clock
from portal.access.one_time_codes import keep_totp_secret
from portal.accounts.models import Account, AccountSession, LinkedIdentity
from portal.accounts.sessions.freeze import FREEZE, frozen_until
from portal.audit.models import AuditEvent
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db, transaction
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import PASSWORD, TOTP_SECRET, People
from tests.support.acting.staff_codes import code_at
from tests.support.acting.visitors import confirmed, count, is_signed_in, mailed_link, register, sign_in
from tests.support.servers.facebook import Provider, begin, come_in, go, link_facebook

EMAIL = "nadia@example.org"


def set_up(app: Flask, monkeypatch: pytest.MonkeyPatch, **changed: str) -> None:
    changed_settings = app.extensions["settings"].model_copy(update=changed)
    monkeypatch.setitem(app.extensions, "settings", changed_settings)


def known(people: People, **facts: Any) -> None:
    """Make an account that the provider's person opens."""
    people.account(EMAIL)
    link_facebook(EMAIL, **facts)


def link_from_account(browser: Browser) -> Page:
    return browser.get(go(browser.get("/account/facebook").submit(action="/account/facebook")))


def with_code_of(back: str, other: str) -> str:
    """Return the way back of one attempt with the code of another."""
    state, code = parse_qs(urlsplit(back).query)["state"][0], parse_qs(urlsplit(other).query)["code"][0]
    return f"/sign-in/facebook/return?{urlencode({'state': state, 'code': code})}"


def test_a_first_visit_makes_an_account_that_our_own_mail_must_confirm(
    provider: Provider, browser: Browser, mailbox: Mailbox
) -> None:
    page = come_in(browser)
    assert page.url == "/register/sent"
    assert not is_signed_in(browser)
    assert count(Customer) == 0
    page = browser.get(mailed_link(mailbox, EMAIL, "/confirm/")).submit()
    assert page.url == "/data"
    account = db.session.query(Account).one()
    assert (account.given_name, account.family_name, account.password_hash) == ("Nadia", "Benali", None)
    assert db.session.query(LinkedIdentity).one().brought_names
    assert db.session.query(AccountSession).one().method == "facebook"
    assert "Aucun mot de passe" in browser.get("/account").text


def test_a_returning_customer_goes_where_they_wanted(provider: Provider, people: People, browser: Browser) -> None:
    known(people)
    assert come_in(browser, "/sign-in?next=/preferences").url == "/preferences"
    assert is_signed_in(browser)


def test_the_protocol_is_kept(provider: Provider, people: People, browser: Browser) -> None:
    known(people)
    begun = begin(browser)
    asked = parse_qs(urlsplit(begun.link("Aller sur Facebook")).query)
    assert asked["redirect_uri"] == ["http://localhost:8000/sign-in/facebook/return"]
    browser.get(go(begun))
    (token_path, sent), (me_path, looked) = provider.calls
    assert (token_path, me_path) == ("/v24.0/oauth/access_token", "/v24.0/me")
    assert len(sent["code_verifier"]) >= 43
    assert looked["fields"] == "id,first_name,last_name,email"
    assert len(looked["appsecret_proof"]) == 64


def test_the_token_and_the_code_stay_nowhere(
    provider: Provider, people: People, browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    known(people)
    browser.get(go(begin(browser)))
    secrets = [provider.calls[0][1]["code"], provider.calls[1][1]["authorization"].removeprefix("Bearer ")]
    kept = caplog.text + "".join(str(cookie) for cookie in browser.client._cookies.values())
    for table in db.metadata.sorted_tables:
        kept += repr(db.session.execute(text(f'SELECT * FROM "{table.name}"')).all())
    assert not [secret for secret in secrets if secret in kept]


def test_somebody_who_cancels_is_told_that_nothing_changed(provider: Provider, browser: Browser) -> None:
    provider.person = None
    page = come_in(browser)
    assert (page.status, page.h1) == (200, "Vous avez annulé sur Facebook")
    assert count(Account) == 0


@pytest.mark.parametrize(
    ("fault", "status", "heading"),
    [
        ("refused", 403, "Facebook ne vous a pas laissé passer"),
        ("down", 503, "Facebook ne répond pas"),
        ("garbled", 503, "Facebook ne répond pas"),
        ("slow", 503, "Facebook ne répond pas"),
        ("forgotten_code", 400, "Cette tentative est terminée"),
    ],
)
def test_what_fails_at_facebook_has_its_page(
    provider: Provider,
    people: People,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    status: int,
    heading: str,
) -> None:
    known(people)
    provider.fault = fault
    with monkeypatch.context() as patched:
        if fault == "slow":
            patched.setattr("portal.accounts.facebook.provider.TIMEOUT_SECONDS", 0.3)
        page = come_in(browser)
    assert (page.status, page.h1) == (status, heading)
    assert not is_signed_in(browser)
    provider.fault = ""
    assert come_in(browser).url == "/data", "and the next attempt works"


@pytest.mark.parametrize(
    "profile",
    [
        *({"id": scoped_id} for scoped_id in (None, 218471, 1.5, True, [], ["218471"], {}, "", " ", "none", "12a", "٣١")),
        {"id": "1" * 400}, {}, [], "218471", None, 218471,
        {"id": "218471\n"}, {"id": "\ud800"},
    ],
    ids=repr,
)  # fmt: skip
def test_who_has_no_digits_at_facebook_is_nobody_here(
    provider: Provider, people: People, browser: Browser, monkeypatch: pytest.MonkeyPatch, profile: Any
) -> None:
    known(people)
    answers = {"email": "x@example.com"} | profile if isinstance(profile, dict) else profile
    answer_with(provider, monkeypatch, "/me", json.dumps(answers))
    page = come_in(browser)
    assert (page.status, page.h1) == (503, "Facebook ne répond pas")
    assert count(Account) == count(LinkedIdentity) == 1


@pytest.mark.parametrize(
    "answer",
    ["", "[", "[" * 60_000, "{}", "[]", "null", '"token"', "5", '{"access_token": null}', '{"access_token": 5}',
     '{"access_token": {"a": 1}}', '{"access_token": "x", "expires_in": "soon"}', '{"access_token": "\\ud800"}',
     '{"access_token": "' + "x" * 70_000 + '"}', "9" * 5000],
    ids=lambda answer: answer[:30],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/oauth/access_token", "/me"])
def test_nonsense_of_facebook_is_facebook_down(
    provider: Provider, browser: Browser, monkeypatch: pytest.MonkeyPatch, path: str, answer: str
) -> None:
    answer_with(provider, monkeypatch, path, answer)
    assert come_in(browser).status == 503
    assert count(Account) == 0


@pytest.mark.parametrize("path", ["/oauth/access_token", "/me"])
@pytest.mark.parametrize("fault", ["drips", "floods", "redirects"])
def test_facebook_holds_no_thread_and_leads_nowhere(
    provider: Provider, browser: Browser, monkeypatch: pytest.MonkeyPatch, path: str, fault: str
) -> None:
    back, over = go(begin(browser)), Event()
    answers: dict[str, Any] = {
        "drips": lambda: Response((b" " for _drop in range(1200) if not over.wait(0.05)), mimetype="application/json"),
        "floods": lambda: Response(b" " * 60_000 for _part in range(1000)),
        "redirects": lambda: Response('{"access_token": "x", "id": "218471"}', 307, {"Location": "/elsewhere"}),
    }
    answer_with(provider, monkeypatch, path, answers[fault])
    monkeypatch.setattr("portal.accounts.facebook.provider.TIMEOUT_SECONDS", 1 if fault == "drips" else 60)
    began = time.monotonic()
    page = browser.get(back)
    over.set()
    assert (page.status, page.h1) == (503, "Facebook ne répond pas")
    assert time.monotonic() - began < 40, "it would drip for a minute"
    assert not [asked for asked, _values in provider.calls if "elsewhere" in asked]


def test_a_name_that_is_no_text_is_left_out(
    provider: Provider, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = {"id": "218471", "first_name": ["Nadia"], "last_name": "\ud800", "email": EMAIL}
    answer_with(provider, monkeypatch, "/me", json.dumps(profile))
    assert come_in(browser).url == "/register/sent"
    account = db.session.query(Account).one()
    assert (account.given_name, account.family_name) == ("", "")


def answer_with(provider: Provider, monkeypatch: pytest.MonkeyPatch, path: str, answer: Any) -> None:
    """Have the provider answer calls to a path of Graph with a text, or with what a function returns."""
    honest = provider.graph

    def graph(request: Request, values: dict[str, str]) -> Response:
        if not request.path.endswith(path):
            return honest(request, values)
        return answer() if callable(answer) else Response(answer, mimetype="application/json")

    monkeypatch.setattr(provider, "graph", graph)


def test_a_provider_that_is_gone_is_down(
    app: Flask, provider: Provider, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    back = go(begin(browser))
    set_up(app, monkeypatch, facebook_graph_url="http://127.0.0.1:9")
    assert browser.get(back).status == 503


def test_a_wrong_secret_is_our_fault(
    app: Flask, provider: Provider, browser: Browser, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    set_up(app, monkeypatch, facebook_app_secret="not the secret")
    page = come_in(browser)
    assert (page.status, page.h1) == (502, "La connexion par Facebook ne marche pas en ce moment")
    assert "check PORTAL_FACEBOOK_APP_ID" in caplog.text
    assert "not the secret" not in caplog.text


@pytest.mark.parametrize("email", [None, "", "not an address", "a@b@c"])
def test_without_an_address_there_is_no_account(provider: Provider, browser: Browser, email: str | None) -> None:
    assert provider.person is not None
    provider.person["email"] = email
    page = come_in(browser)
    assert (page.status, page.h1) == (422, "Facebook ne nous a pas donné d’adresse")
    assert count(Account) == 0


def test_an_address_used_here_is_linked_by_its_owner_only(
    provider: Provider, people: People, browser: Browser, mailbox: Mailbox
) -> None:
    people.account(EMAIL)
    page = come_in(browser)
    assert (page.status, page.h1) == (409, "Cette adresse a déjà un compte ici")
    assert count(LinkedIdentity) == 0
    assert not is_signed_in(browser)
    assert EMAIL not in page.text
    assert "reliez Facebook" in mailbox.last_to(EMAIL)["Subject"], "nobody meets the address unseen"
    page = sign_in(browser, EMAIL, PASSWORD, path=str(page.tree.select("main a.button")[0]["href"]))
    assert page.url == "/account/facebook"
    assert "Facebook ouvre maintenant aussi votre compte" in link_from_account(browser).text
    assert come_in(Browser(people.app)).url == "/data"


def test_an_erased_customer_finds_the_account_closed(provider: Provider, people: People, browser: Browser) -> None:
    known(people)
    with transaction() as session:
        session.query(Customer).one().status = CustomerStatus.ERASED
    page = come_in(browser)
    assert (page.status, page.h1) == (403, "Ce compte est fermé")
    assert not is_signed_in(browser)


def test_a_restricted_customer_still_sees_their_data(provider: Provider, people: People, browser: Browser) -> None:
    known(people)
    with transaction() as session:
        customer = session.query(Customer).one()
        customer.status, customer.restricted_at = CustomerStatus.RESTRICTED, clock.now()
    page = come_in(browser, "/sign-in?next=/preferences")
    assert (page.url, page.h1) == ("/account/on-hold", "Vos données sont en pause")
    assert page.click("Continuer").url == "/preferences"


def test_a_restricted_customer_is_told_after_their_second_step_too(
    provider: Provider, people: People, browser: Browser
) -> None:
    known(people)
    with transaction() as session:
        customer = session.query(Customer).one()
        customer.status, customer.restricted_at = CustomerStatus.RESTRICTED, clock.now()
        keep_totp_secret(session.query(Account).one(), TOTP_SECRET)
    page = come_in(browser, "/sign-in?next=/preferences").submit({"code": code_at()}, with_field="code")
    assert (page.url, page.h1) == ("/account/on-hold", "Vos données sont en pause")
    assert page.click("Continuer").url == "/preferences"


def test_a_restricted_customer_is_told_at_their_first_visit_too(
    provider: Provider, people: People, browser: Browser, mailbox: Mailbox
) -> None:
    people.customer(EMAIL, status=CustomerStatus.RESTRICTED, restricted_at=clock.now())
    come_in(browser)
    page = browser.get(mailed_link(mailbox, EMAIL, "/confirm/")).submit()
    assert (page.url, page.h1) == ("/account/on-hold", "Vos données sont en pause")
    assert page.click("Continuer").url == "/data"


def test_nobody_else_is_told_that_their_data_are_on_hold(people: People) -> None:
    assert people.signed_in(EMAIL).get("/account/on-hold").status == 404


def test_an_identity_that_was_unlinked_opens_nothing(provider: Provider, people: People, browser: Browser) -> None:
    known(people, unlinked_at=clock.now())
    assert come_in(browser).status == 409
    assert not is_signed_in(browser)


class TestAttacks:
    """Codes and states of others, and accounts prepared for others."""

    def test_a_return_begun_in_another_browser_is_refused(self, app: Flask, provider: Provider, people: People) -> None:
        known(people)
        attacker, victim = Browser(app), Browser(app)
        back = go(begin(attacker))
        assert victim.get(back).status == 400
        begin(victim)
        assert victim.get(back).status == 400
        assert not is_signed_in(victim)

    def test_a_return_works_once_even_where_the_cookie_is_put_back(
        self, provider: Provider, people: People, browser: Browser
    ) -> None:
        known(people)
        back, kept = go(begin(browser)), browser.client.get_cookie("form").value
        assert browser.get(back).url == "/data"
        called = len(provider.calls)
        browser.client.delete_cookie("session")
        for cookie in (browser.client.get_cookie("form").value, kept):
            browser.client.set_cookie("form", cookie)
            assert browser.get(back).status == 400
        assert not is_signed_in(browser)
        assert len(provider.calls) == called, "Facebook is not even asked"

    def test_a_code_of_another_attempt_is_refused_even_under_one_s_own_state(
        self, app: Flask, provider: Provider, people: People
    ) -> None:
        """The code stays with the verifier of the browser that asked for it (RFC 7636); and it works once."""
        known(people)
        attacker, victim = Browser(app), Browser(app)
        used, unused = go(begin(attacker)), go(begin(Browser(app)))
        assert attacker.get(used).url == "/data"
        for other in (used, unused):
            page = victim.get(with_code_of(go(begin(victim)), other))
            assert (page.status, page.h1) == (400, "Cette tentative est terminée")
        assert not is_signed_in(victim)

    def test_a_return_without_a_code_opens_nothing_and_is_spent(
        self, provider: Provider, people: People, browser: Browser
    ) -> None:
        known(people)
        back = go(begin(browser))
        state = parse_qs(urlsplit(back).query)["state"][0]
        assert browser.get(f"/sign-in/facebook/return?state={state}").status == 403
        assert browser.get(back).status == 400
        assert provider.calls == []

    @pytest.mark.parametrize("query", ["", "?code=x", "?state=x&code=x", "?error=access_denied", "?state=é&code=x"])
    def test_a_return_without_its_state_is_refused(self, provider: Provider, browser: Browser, query: str) -> None:
        begin(browser)
        assert browser.get(f"/sign-in/facebook/return{query}").status == 400
        assert provider.calls == []

    def test_a_return_after_a_quarter_of_an_hour_is_refused(
        self, provider: Provider, people: People, browser: Browser
    ) -> None:
        known(people)
        back = go(begin(browser))
        with clock.stopped_at(clock.now() + timedelta(minutes=16)):
            assert browser.get(back).status == 400
        assert provider.calls == []

    def test_an_attempt_to_sign_in_links_nothing_and_the_other_way_round(
        self, app: Flask, provider: Provider, people: People
    ) -> None:
        """The attacker's code in the victim's signed-in browser does not link the attacker's identity."""
        victim = people.signed_in("victim@example.org")
        attacker = Browser(app)
        back = go(begin(attacker))
        assert victim.get(back).status == 400
        begun = victim.get("/account/facebook").submit(action="/account/facebook")
        assert victim.get(back).status == 400
        assert count(LinkedIdentity) == 0
        # The victim's own attempt is spent by the forged return, and good for nobody else.
        assert attacker.get(go(begun)).status == 400
        assert count(LinkedIdentity) == 0

    def test_a_link_ends_with_the_session_that_began_it(self, provider: Provider, people: People) -> None:
        browser = people.signed_in("first@example.org")
        people.account("second@example.org", external_id="C-2")
        back = go(browser.get("/account/facebook").submit(action="/account/facebook"))
        browser.client.delete_cookie("session")
        assert browser.get(back).status == 400
        assert count(LinkedIdentity) == 0

    def test_linking_asks_for_a_fresh_proof(self, provider: Provider, people: People) -> None:
        browser = people.signed_in(EMAIL)
        begun = browser.get("/account/facebook").submit(action="/account/facebook")
        back = go(begun)
        with clock.stopped_at(clock.now() + timedelta(minutes=11)):
            assert browser.get("/account/facebook").url == "/account/confirm-password"
            assert browser.get(back).status == 400
        assert count(LinkedIdentity) == 0

    def test_an_identity_opens_one_account(self, provider: Provider, people: People) -> None:
        known(people)
        browser = people.signed_in("other@example.org")
        assert link_from_account(browser).status == 409
        assert count(LinkedIdentity) == 1

    def test_a_password_planted_first_is_gone_when_the_owner_comes_by_facebook(
        self, app: Flask, provider: Provider, mailbox: Mailbox
    ) -> None:
        attacker, victim = Browser(app), Browser(app)
        register(attacker, EMAIL, password="le mot de passe du voleur")
        come_in(victim)
        assert victim.get(mailed_link(mailbox, EMAIL, "/confirm/")).submit().url == "/data"
        assert sign_in(attacker, EMAIL, "le mot de passe du voleur").status == 422
        assert not is_signed_in(attacker)

    def test_a_facebook_account_with_somebody_elses_address_opens_nothing_of_theirs(
        self, app: Flask, provider: Provider, mailbox: Mailbox
    ) -> None:
        attacker, victim = Browser(app), Browser(app)
        come_in(attacker)
        planted = mailed_link(mailbox, EMAIL, "/confirm/")
        page = victim.get(planted)
        assert "Le compte a été créé par Facebook" in page.text
        assert not page.tree.select("main form")
        assert victim.post(planted, {"csrf_token": victim.form_token("/sign-in")}).status == 200
        assert count(Customer) == 0
        confirmed(victim, mailbox, EMAIL)
        assert count(LinkedIdentity) == 0
        assert attacker.get(go(begin(attacker))).status == 409
        assert not is_signed_in(attacker)

    def test_the_same_person_in_another_browser_confirms_by_facebook(
        self, app: Flask, provider: Provider, mailbox: Mailbox
    ) -> None:
        come_in(Browser(app))
        other = Browser(app)
        other.get(mailed_link(mailbox, EMAIL, "/confirm/")).click("Continuer avec Facebook")
        assert come_in(other, "/sign-in/facebook").url == "/register/sent"
        assert other.get(mailed_link(mailbox, EMAIL, "/confirm/")).submit().url == "/data"
        assert count(Account) == 1

    def test_a_form_without_token_begins_nothing(self, provider: Provider, browser: Browser) -> None:
        assert browser.client.post("/sign-in/facebook").status_code == 419
        assert browser.get("/sign-in/facebook", follow=False).status == 200

    def test_attempts_are_counted_by_network(self, provider: Provider, browser: Browser) -> None:
        token = browser.form_token("/sign-in")
        statuses = [browser.post("/sign-in/facebook", {"csrf_token": token}).status for _try in range(31)]
        assert statuses == [200] * 30 + [429]


def test_unlinking_ends_what_facebook_opened_and_tells_the_owner(
    app: Flask, provider: Provider, people: People, mailbox: Mailbox
) -> None:
    known(people)
    by_facebook, own = Browser(app), people.sign_in(EMAIL)
    come_in(by_facebook)
    page = own.get("/account/facebook").submit(action="/unlink")
    assert "Facebook n’ouvre plus votre compte" in page.text
    assert not is_signed_in(by_facebook)
    assert is_signed_in(own)
    assert mailbox.last_to(EMAIL)["Subject"].startswith("Facebook n’ouvre plus votre compte")
    db.session.rollback()
    [event] = db.session.query(AuditEvent).filter_by(tag="customer:facebook:unlinked")
    assert event.facts == {"by": "customer", "was_last_way_in": False, "sessions_ended": 1}
    assert come_in(by_facebook).status == 409


def test_linking_is_told_and_gives_the_session_a_new_cookie(
    provider: Provider, people: People, mailbox: Mailbox
) -> None:
    browser = people.signed_in(EMAIL)
    before = browser.client.get_cookie("session").value
    link_from_account(browser)
    assert browser.client.get_cookie("session").value != before
    assert mailbox.last_to(EMAIL)["Subject"].startswith("Facebook ouvre maintenant votre compte")


def test_undoing_a_link_does_not_free_the_copies_that_wait_for_it(
    app: Flask, provider: Provider, people: People
) -> None:
    """Whoever linked their own Facebook would else unlink it, link it elsewhere, and take the copy at once."""
    link_from_account(people.signed_in(EMAIL))
    thief = Browser(app)
    come_in(thief)
    assert "Facebook n’ouvre plus votre compte" in thief.get("/account/facebook").submit(action="/unlink").text
    link_from_account(people.signed_in("thief@example.org", external_id="C-2"))
    db.session.rollback()
    linked = db.session.query(Account).filter_by(email=EMAIL).one()
    assert frozen_until(linked)
    with clock.stopped_at(clock.now() + FREEZE):
        assert frozen_until(linked) is None


def test_the_last_way_in_stays(provider: Provider, browser: Browser, mailbox: Mailbox) -> None:
    come_in(browser)
    browser.get(mailed_link(mailbox, EMAIL, "/confirm/")).submit()
    page = browser.get("/account/facebook")
    assert not page.tree.select("main form[action$='/unlink']")
    page = browser.post("/account/facebook/unlink", {"csrf_token": browser.form_token("/account")})
    assert (page.status, "Facebook est votre seul accès" in page.text) == (409, True)
    assert db.session.query(LinkedIdentity).one().unlinked_at is None


class TestProofByFacebook:
    """Whom Facebook alone lets in proves themselves there again, as the same person and no other."""

    @pytest.fixture
    def own(self, provider: Provider, browser: Browser, mailbox: Mailbox) -> Browser:
        """A browser signed in to an account that Facebook alone opens, eleven minutes ago."""
        with clock.stopped_at(clock.now() - timedelta(minutes=11)):
            come_in(browser)
            browser.get(mailed_link(mailbox, EMAIL, "/confirm/")).submit()
        return browser

    def begin(self, own: Browser) -> Page:
        page = own.get("/account/address")
        assert page.url == "/account/confirm-password"
        assert "n•••a@example.org" in page.text
        return page.submit(action="/account/confirm-facebook")

    def test_it_opens_what_needs_a_fresh_proof(self, provider: Provider, own: Browser) -> None:
        before = own.client.get_cookie("session").value
        page = own.get(go(self.begin(own)))
        assert page.url == "/account/address"
        assert provider.asked[-1]["auth_type"] == "reauthenticate"
        assert own.client.get_cookie("session").value != before
        db.session.rollback()
        assert db.session.query(AuditEvent).filter_by(tag="customer:facebook:proven_again").count() == 1
        assert db.session.query(LinkedIdentity).one().unlinked_at is None

    def test_another_person_at_facebook_is_refused(self, provider: Provider, own: Browser) -> None:
        begun = self.begin(own)
        provider.person = provider.person | {"id": "999"}
        page = own.get(go(begun))
        assert (page.status, page.h1) == (403, "C’est un autre compte Facebook")
        assert own.get("/account/address").url == "/account/confirm-password"
        assert count(Account) == 1

    def test_a_return_of_another_errand_or_account_proves_nothing(
        self, app: Flask, provider: Provider, people: People, own: Browser
    ) -> None:
        elsewhere = Browser(app)
        assert own.get(go(begin(elsewhere))).status == 400
        theirs = go(self.begin(own))
        other = people.signed_in("other@example.org")
        assert other.get(theirs).status == 400
        own.client.delete_cookie("session")
        assert own.get(theirs).status == 400

    def test_whoever_has_a_password_gives_it(self, provider: Provider, people: People) -> None:
        own = people.signed_in("other@example.org")
        link_facebook("other@example.org", "77")
        assert own.post("/account/confirm-facebook", {"csrf_token": own.form_token("/account")}).status == 404

    def test_without_the_link_a_password_is_offered(
        self, app: Flask, provider: Provider, own: Browser, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        set_up(app, monkeypatch, facebook_app_id="")
        page = own.get("/account/confirm-password")
        assert "Votre compte n’en a pas encore" in page.text
        assert page.tree.select("main a.button")[0]["href"] == "/password/forgotten"
        chosen = {"password": "une nouvelle phrase secrète"}
        own.get("/password/forgotten").submit({"email": EMAIL}, with_field="email")
        own.get(mailed_link(mailbox, EMAIL, "/password/reset/")).submit(chosen)
        assert sign_in(own, EMAIL, chosen["password"]).url == "/data"


def test_without_an_application_nothing_is_offered(people: People, browser: Browser) -> None:
    assert "Facebook" not in browser.get("/sign-in").text
    for path in ("/sign-in/facebook", "/sign-in/facebook/return?code=x&state=x"):
        assert browser.get(path).status == 404
    own = people.signed_in(EMAIL)
    assert "Facebook" not in own.get("/account").text
    assert own.get("/account/facebook").status == 404


def test_facebook_does_not_pass_over_the_second_step(provider: Provider, people: People, browser: Browser) -> None:
    known(people)
    account = db.session.query(Account).filter_by(email=EMAIL).one()
    with transaction():
        keep_totp_secret(account, TOTP_SECRET)
    page = browser.get(go(begin(browser, "/sign-in?next=/preferences")))
    assert page.url == "/sign-in/code"
    assert not is_signed_in(browser)
    page = page.submit({"code": code_at()}, with_field="code")
    assert page.url == "/preferences"
    assert db.session.query(AccountSession).one().method == "facebook+totp"


def test_a_second_step_that_waits_ends_with_the_link(app: Flask, provider: Provider, people: People) -> None:
    known(people)
    own, elsewhere = people.sign_in(EMAIL), Browser(app)
    account = db.session.query(Account).filter_by(email=EMAIL).one()
    with transaction():
        keep_totp_secret(account, TOTP_SECRET)
    waiting = elsewhere.get(go(begin(elsewhere)))
    own.get("/account/facebook").submit(action="/unlink")
    assert waiting.submit({"code": code_at()}, with_field="code").url == "/sign-in"
    assert not is_signed_in(elsewhere)
