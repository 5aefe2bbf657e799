"""Company sign-on against a provider on loopback: members only, tokens proven, our own factor where theirs is missing."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal import clock
from portal.access.permissions import Role
from portal.audit.models import AuditEvent
from portal.config import Settings, SettingsFault
from portal.infrastructure.database import db, transaction
from portal.infrastructure.sealing.keys import new_master_keys, new_sealing_pair
from portal.staff.company import provider
from portal.staff.company.provider import CompanyProvider
from portal.staff.members.administration import disable, lock_pair, renew_way_in
from portal.staff.members.invitation import invite, link_of, prepare
from portal.staff.models import StaffMember, StaffSession
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.acting.staff_codes import code_at, told
from tests.support.acting.visitors import count
from tests.support.servers.company import CLIENT_ID, CLIENT_SECRET, UNPUBLISHED, Company, altered

EMAIL = "reviewer@example.org"


@pytest.fixture
def company(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    provider = Company(settings.public_url)
    changed = settings.model_copy(update={
        "staff_oidc_issuer": provider.url, "staff_oidc_client_id": CLIENT_ID, "staff_oidc_client_secret": CLIENT_SECRET,
    })  # fmt: skip
    monkeypatch.setitem(app.extensions, "company_provider", CompanyProvider(changed))
    yield provider
    provider.close()


def to_company(browser: Browser, path: str = "/staff/sign-in") -> Page:
    return browser.get(path).submit(action="/sign-in/company")


def come_back(browser: Browser, company: Company) -> Page:
    """Go to the provider and come back to the page that follows."""
    return browser.get(company.follow(to_company(browser)))


def continued(browser: Browser, company: Company) -> Page:
    return come_back(browser, company).submit(action="/sign-in/company/enter")


def tags() -> list[tuple[str, Any]]:
    rows = db.session.execute(select(AuditEvent).order_by(AuditEvent.sequence)).scalars()
    return [(row.tag, row.facts.get("reason") or row.facts.get("method")) for row in rows]


def pinned() -> list[str | None]:
    db.session.rollback()
    return list(db.session.execute(select(StaffMember.company_subject).order_by(StaffMember.id)).scalars())


def test_a_member_comes_in_with_the_companys_second_factor(app: Flask, people: People, company: Company) -> None:
    people.staff(Role.REVIEWER)
    browser = Browser(app, "en")
    page = come_back(browser, company)
    assert (page.h1, "You are Nora Petit." in page.text) == ("Your company knows you", True)
    assert browser.get("/staff/queue").url == "/staff/sign-in", "nobody is in before the button"
    page = browser.get("/staff/sign-in")
    page = continued(browser, company)
    assert page.url == "/staff/queue"
    assert count(StaffSession, StaffSession.method == "company") == 1
    assert ("staff:company_identity:pinned", None) in tags()
    assert ("staff:session:opened", "company") in tags()
    assert pinned() == ["company-7"]


def test_the_page_asked_for_comes_after_it(app: Flask, people: People, company: Company) -> None:
    people.staff(Role.REVIEWER)
    browser = Browser(app)
    page = browser.get(company.follow(to_company(browser, "/staff/customers")))
    assert page.submit(action="/sign-in/company/enter").url == "/staff/customers"


@pytest.mark.parametrize("amr", [None, [], ["pwd"], ["sms"], "mfa", [["mfa"]]])
def test_our_own_factor_is_asked_where_theirs_is_not_said(
    app: Flask, people: People, company: Company, amr: Any
) -> None:
    people.staff(Role.REVIEWER)
    company.claims = {"amr": amr}
    browser = Browser(app)
    page = continued(browser, company)
    assert page.url == "/staff/sign-in/code"
    assert browser.get("/staff/queue").url == "/staff/sign-in"
    page = browser.get("/staff/sign-in/code").submit({"code": code_at()}, with_field="code")
    assert page.url == "/staff/queue"
    assert ("staff:session:opened", "company+totp") in tags()


@pytest.mark.parametrize("amr", [["mfa"], ["otp"], ["hwk", "pin"], ["sc"]])
def test_methods_that_are_a_second_factor(app: Flask, people: People, company: Company, amr: list[str]) -> None:
    people.staff(Role.REVIEWER)
    company.claims = {"amr": amr}
    assert continued(Browser(app), company).url == "/staff/queue"


@pytest.mark.parametrize("algorithm", ["PS256", "ES256"])
def test_other_signatures_of_the_provider(app: Flask, people: People, company: Company, algorithm: str) -> None:
    people.staff(Role.REVIEWER)
    company.algorithm = algorithm
    assert continued(Browser(app), company).url == "/staff/queue"


def test_an_invited_member_is_activated_and_their_link_ends(app: Flask, company: Company) -> None:
    with transaction():
        link = link_of(invite(EMAIL, "Nora Petit", Role.REVIEWER, actor="command"), app.extensions["settings"])
    browser = Browser(app, "en")
    assert told(continued(browser, company)).url == "/staff/queue"
    member = db.session.execute(select(StaffMember)).scalar_one()
    assert (member.activated_at is not None, member.password_hash, member.language) == (True, None, "en")
    assert ("staff:member:activated", None) in tags()
    assert Browser(app).get(link.partition("8000")[2]).status == 410


def test_what_was_begun_by_their_link_opens_nothing_after_it(app: Flask, company: Company) -> None:
    """Somebody else held the link, chose a password and read the secret: neither may outlive the link."""
    with transaction():
        link = link_of(invite(EMAIL, "Nora Petit", Role.REVIEWER, actor="command"), app.extensions["settings"])
    stranger, chosen = Browser(app), "quatre mots choisis par un autre"
    stranger.get(link.partition("8000")[2]).submit({"password": chosen}, with_field="password")
    continued(Browser(app, "en"), company)
    values = {"email": EMAIL, "password": chosen}
    assert stranger.get("/staff/sign-in").submit(values, with_field="password").status == 422
    db.session.rollback()
    assert db.session.execute(select(StaffMember)).scalar_one().sealed_totp_secret is None


def test_an_invited_member_without_any_second_factor_is_told(app: Flask, company: Company) -> None:
    with transaction():
        invite(EMAIL, "Nora Petit", Role.REVIEWER, actor="command")
    company.claims = {"amr": ["pwd"]}
    page = come_back(Browser(app, "en"), company)
    assert (page.status, page.h1) == (403, "A second factor is missing")
    assert pinned() == [None]


def test_a_member_whose_invitation_waits_for_a_second_person_is_unknown(app: Flask, company: Company) -> None:
    with transaction():
        prepare(EMAIL, "Nora Petit", Role.REVIEWER, language="fr")
    page = come_back(Browser(app, "en"), company)
    assert (page.status, page.h1) == (403, "You have no access here")
    assert pinned() == [None]


def test_from_then_on_the_subject_counts_and_not_the_address(app: Flask, people: People, company: Company) -> None:
    people.staff(Role.REVIEWER)
    people.staff(Role.OFFICER, name="Ada Roux")
    continued(Browser(app), company)
    company.claims = {"email": "officer@example.org", "email_verified": False}
    assert "Nora Petit" in come_back(Browser(app), company).text
    assert pinned() == ["company-7", None]
    company.claims = {"sub": "company-8"}
    page = come_back(Browser(app, "en"), company)
    assert (page.status, page.h1) == (403, "You have no access here"), "the address was given to somebody else"
    assert count(StaffSession) == 1


def test_a_renewed_way_in_forgets_the_company_account(app: Flask, people: People, company: Company) -> None:
    member_id = people.staff(Role.REVIEWER).public_id
    administrator_id = people.staff(Role.ADMINISTRATOR).id
    continued(Browser(app), company)
    with transaction():
        pair = lock_pair(administrator_id, member_id)
        assert pair
        renew_way_in(pair.member, "command")
    assert pinned() == [None, None]


@pytest.mark.parametrize("when", ["before", "after_return"])
def test_a_disabled_member_stays_outside(app: Flask, people: People, company: Company, when: str) -> None:
    member_id = people.staff(Role.REVIEWER).public_id
    administrator_id = people.staff(Role.ADMINISTRATOR).id
    browser = Browser(app, "en")
    page = come_back(browser, company) if when == "after_return" else None
    with transaction():
        pair = lock_pair(administrator_id, member_id)
        assert pair
        disable(pair)
    page = page.submit(action="/sign-in/company/enter") if page else come_back(browser, company)
    assert (page.status, page.h1) == (
        (400, "This attempt is over") if when == "after_return" else (403, "You have no access here")
    )
    assert count(StaffSession) == 0


@pytest.mark.parametrize(
    ("claims", "title"),
    [
        ({"email": "nobody@example.org"}, "You have no access here"),
        ({"email_verified": False}, "Your company does not confirm your address"),
        ({"email_verified": "true"}, "Your company does not confirm your address"),
        ({"email_verified": None}, "Your company does not confirm your address"),
        ({"email": ["reviewer@example.org"]}, "Your company does not confirm your address"),
    ],
)
def test_who_is_no_member_is_told_so(
    app: Flask, people: People, company: Company, claims: dict[str, Any], title: str
) -> None:
    people.staff(Role.REVIEWER)
    company.claims = claims
    page = come_back(Browser(app, "en"), company)
    assert (page.status, page.h1) == (403, title)
    assert tags() == [("staff:session:denied", "company")]
    assert pinned() == [None]


FORGERIES: dict[str, dict[str, Any]] = {
    "wrong nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None}},
    "wrong audience": {"claims": {"aud": "another client"}},
    "two audiences, meant for none": {"claims": {"aud": [CLIENT_ID, "another"]}},
    "meant for another": {"claims": {"aud": [CLIENT_ID, "another"], "azp": "another"}},
    "wrong issuer": {"claims": {"iss": "https://another.example"}},
    "expired": {"claims": {"exp": 1_600_000_000}},
    "no expiry": {"claims": {"exp": None}},
    "old": {"claims": {"iat": 1_600_000_000}},
    "of tomorrow": {"claims": {"iat": 4_000_000_000}},
    "no subject": {"claims": {"sub": None}},
    "empty subject": {"claims": {"sub": ""}},
    "subject no text": {"claims": {"sub": 7}},
    "unsigned": {"algorithm": "none"},
    "signed with our view of the key": {"algorithm": "HS256"},
    "unknown key": {"key": UNPUBLISHED},
    "an algorithm we do not take": {"algorithm": "RS512"},
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_token_that_proves_nothing_lets_nobody_in(app: Flask, people: People, company: Company, name: str) -> None:
    people.staff(Role.REVIEWER)
    for knob, value in FORGERIES[name].items():
        setattr(company, knob, value)
    page = come_back(Browser(app, "en"), company)
    assert (page.status, page.h1) == (502, "The company’s answer cannot be trusted")
    assert tags() == [("staff:session:denied", "company_token")]
    assert pinned() == [None]


def test_a_changed_token_lets_nobody_in(
    app: Flask, people: People, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    people.staff(Role.REVIEWER)
    made = company._id_token
    monkeypatch.setattr(company, "_id_token", lambda asked: altered(made(asked)))
    assert come_back(Browser(app), company).status == 502


@pytest.mark.parametrize(
    ("fault", "status", "title"),
    [
        ("access_denied", 200, "You cancelled at your company"),
        ("bad_code", 400, "This attempt is over"),
        ("bad_client", 502, "Coming in from your company does not work at the moment"),
        ("down", 503, "Your company does not answer"),
        ("slow", 503, "Your company does not answer"),
        ("no_json", 503, "Your company does not answer"),
        ("other_issuer", 502, "Coming in from your company does not work at the moment"),
    ],
)
def test_every_fault_has_its_page(
    app: Flask, company: Company, monkeypatch: pytest.MonkeyPatch, fault: str, status: int, title: str
) -> None:
    browser = Browser(app, "en")
    page = to_company(browser)
    company.fault = fault
    if fault == "slow":
        monkeypatch.setattr(provider, "TIMEOUT_SECONDS", 0.3)
    page = browser.get(company.follow(page))
    assert (page.status, page.h1) == (status, title)


def test_a_provider_that_is_down_at_the_start(app: Flask, company: Company) -> None:
    company.fault = "down"
    page = to_company(Browser(app, "en"))
    assert (page.status, page.h1) == (503, "Your company does not answer")


def test_a_return_belongs_to_one_browser_and_happens_once(app: Flask, people: People, company: Company) -> None:
    people.staff(Role.REVIEWER)
    browser, other = Browser(app, "en"), Browser(app, "en")
    back = company.follow(to_company(browser))
    kept = browser.client.get_cookie("staff_company").value
    to_company(other)
    assert other.get(back).status == 400
    assert Browser(app).get(back).status == 400
    assert browser.get(back.replace("state=", "state=x")).status == 400
    again = Browser(app, "en")
    again.client.set_cookie("staff_company", kept)
    assert again.get(back.replace("iss=http", "iss=https")).status == 400, "another issuer answers"
    assert again.get(back).status == 400, "its state is spent"
    assert count(StaffSession) == 0


def test_an_attempt_ends_after_ten_minutes(app: Flask, people: People, company: Company) -> None:
    people.staff(Role.REVIEWER)
    browser = Browser(app)
    back = company.follow(to_company(browser))
    with clock.stopped_at(clock.now() + timedelta(minutes=11)):
        assert browser.get(back).status == 400


def long_inside(browser: Browser, company: Company) -> Browser:
    """Come in through the company, and let the ten minutes pass in which nobody is asked again."""
    continued(browser, company)
    with transaction():
        db.session.execute(update(StaffMember).values(informed_at=clock.now()))
        db.session.execute(update(StaffSession).values(reauthenticated_at=clock.now() - timedelta(minutes=11)))
    return browser


def asked_again(browser: Browser, company: Company) -> Page:
    """Open a page that wants a fresh proof, go to the provider for it and come back."""
    page = browser.get("/staff/account/passkeys")
    assert (page.url, page.tree.select("[name=password]")) == ("/staff/account/confirm-password", [])
    return browser.get(company.follow(page.submit(action="/confirm-password/company")))


def without_password(company: Company, app: Flask) -> Browser:
    with transaction():
        invite(EMAIL, "Nora Petit", Role.REVIEWER, actor="command")
    return long_inside(Browser(app, "en"), company)


def test_who_has_no_password_proves_themselves_at_the_company(app: Flask, company: Company) -> None:
    browser = without_password(company, app)
    before = browser.client.get_cookie("staff_session").value
    page = asked_again(browser, company)
    assert (page.status, page.h1) == (200, "Your company knows you")
    assert browser.get("/staff/account/passkeys").url == "/staff/account/confirm-password", "only the button proves it"
    page = page.submit(action="/confirm-password/company/done")
    assert page.url == "/staff/account/passkeys"
    assert browser.client.get_cookie("staff_session").value != before
    assert ("staff:session:proven_again", "company") in tags()
    assert count(StaffSession) == 1


@pytest.mark.parametrize(
    "claims", [{"auth_time": None}, {"auth_time": 1_600_000_000}, {"auth_time": True}, {"auth_time": 4_000_000_000}]
)
def test_a_provider_that_did_not_ask_again_proves_nothing(app: Flask, company: Company, claims: dict[str, Any]) -> None:
    browser = without_password(company, app)
    company.claims = claims
    page = asked_again(browser, company)
    assert (page.status, page.h1) == (403, "Your company did not ask you again")
    assert browser.get("/staff/account/passkeys").url == "/staff/account/confirm-password"
    assert ("staff:session:denied", "company_again") in tags()


def test_a_colleague_does_not_prove_it_for_them(app: Flask, people: People, company: Company) -> None:
    people.staff(Role.OFFICER, name="Ada Roux")
    company.claims = {"sub": "company-8", "email": "officer@example.org"}
    continued(Browser(app), company)
    company.claims = {}
    browser = without_password(company, app)
    company.claims = {"sub": "company-8"}
    page = asked_again(browser, company)
    assert (page.status, page.h1) == (403, "This is another company account")
    assert browser.get("/staff/account/passkeys").url == "/staff/account/confirm-password"


def test_a_proof_serves_once_and_is_no_sign_in(app: Flask, company: Company) -> None:
    browser = without_password(company, app)
    page = asked_again(browser, company)
    held = browser.client.get_cookie("staff_form").value
    page.submit(action="/confirm-password/company/done")
    with transaction():
        db.session.execute(update(StaffSession).values(reauthenticated_at=clock.now() - timedelta(minutes=11)))
    browser.client.set_cookie("staff_form", held)
    assert page.submit(action="/confirm-password/company/done").status == 400
    assert asked_again(browser, company).status == 200
    token = browser.form_token("/staff/account/confirm-password")
    assert browser.post("/staff/sign-in/company/enter", {"csrf_token": token}).status == 400
    assert count(StaffSession) == 1


def test_a_page_of_the_password_is_not_for_who_has_none(
    app: Flask, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = without_password(company, app)
    assert "your company lets you in" in browser.get("/staff/account").text
    assert browser.get("/staff/account/password").status == 404
    monkeypatch.setitem(app.extensions, "company_provider", None)
    assert "Ask an administrator for a new link" in browser.get("/staff/account/confirm-password").text


def test_where_the_address_is_kept_elsewhere(app: Flask, people: People, company: Company) -> None:
    people.staff(Role.REVIEWER)
    company.userinfo = {"sub": "company-7", "email": EMAIL, "email_verified": True}
    company.claims = {"amr": ["mfa"]}
    assert continued(Browser(app), company).url == "/staff/queue"
    company.userinfo = {"sub": "somebody else", "email": EMAIL, "email_verified": True}
    assert come_back(Browser(app), company).status == 502


def test_without_a_provider_there_is_no_such_page(app: Flask) -> None:
    browser = Browser(app)
    assert "entreprise" not in browser.get("/staff/sign-in").text
    assert browser.get("/staff/sign-in/company").status == 404
    assert browser.get("/staff/sign-in/company/return?code=x&state=y").status == 404


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ISSUER": "http://id.example.org"}, "PORTAL_STAFF_OIDC_ISSUER: give the issuer exactly"),
        ({"ISSUER": "https://id.example.org/?x=1"}, "PORTAL_STAFF_OIDC_ISSUER: give the issuer exactly"),
        ({"CLIENT_SECRET": ""}, "PORTAL_STAFF_OIDC_ISSUER, _CLIENT_ID and _CLIENT_SECRET go together"),
    ],
)
def test_settings_are_checked_at_the_start(tmp_path: Any, changes: dict[str, str], words: str) -> None:
    sealing, opening = new_sealing_pair()
    company = {"ISSUER": "https://id.example.org/", "CLIENT_ID": "portal", "CLIENT_SECRET": "secret"}
    environment = {
        "PORTAL_INSTANCE": str(tmp_path), "PORTAL_SECRET_KEY": "x" * 40, "PORTAL_MASTER_KEYS": new_master_keys(),
        "PORTAL_SEALING_KEY": sealing, "PORTAL_OPENING_KEYS": opening, "PORTAL_PUBLIC_URL": "http://localhost",
        "PORTAL_LEDGER_KEY": new_master_keys(), "PORTAL_TOMBSTONE_KEYS": new_master_keys(),
    }  # fmt: skip
    named = {f"PORTAL_STAFF_OIDC_{name}": value for name, value in company.items()}
    assert Settings.from_environment(environment | named).staff_oidc_client_id == "portal"
    with pytest.raises(SettingsFault, match=words):
        Settings.from_environment(environment | named | {f"PORTAL_STAFF_OIDC_{n}": v for n, v in changes.items()})
