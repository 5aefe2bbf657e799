"""Passkeys in Chromium with a virtual authenticator: made and used by the portal's own script, staff and customer."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.acting.visitor import Visitor

AUTHENTICATOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


@pytest.fixture
def with_authenticator() -> Iterator[Callable[[Page], None]]:
    """Give a page an authenticator that says yes; it is taken away after the test."""
    sessions = []

    def give(page: Page) -> None:
        session = page.context.new_cdp_session(page)
        session.send("WebAuthn.enable")
        session.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        sessions.append(session)

    yield give
    for session in sessions:
        session.send("WebAuthn.disable")
        session.detach()


def test_a_customer(visit: Callable[..., Visitor], with_authenticator: Callable[[Page], None]) -> None:
    visitor = visit(width=390)
    with_authenticator(visitor.page)
    person = {
        "given_name": "Inès",
        "family_name": "Clé",
        "email": "ines.cle@example.org",
        "password": "quatre mots sans lien",
    }
    visitor.open("/register")
    visitor.register(person)
    page = visitor.open("/account/second-step/passkeys")
    expect(page.get_by_text("Les clés d’accès demandent JavaScript")).to_be_hidden()
    page.get_by_role("button", name="Créer une clé d’accès").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Vos codes de secours")
    page.get_by_role("button", name="Je les ai notés").click()
    page.context.clear_cookies()

    visitor.open("/sign-in")
    visitor.send({"email": person["email"], "password": person["password"]}, "form:has([name=password])")
    page.get_by_role("button", name="Utiliser une clé d’accès").click()
    page.wait_for_url("**/data")
    page = visitor.open("/account/second-step")
    expect(page.get_by_text("Dernier usage")).to_be_visible()


def test_a_staff_member(visit: Callable[..., Visitor], with_authenticator: Callable[[Page], None]) -> None:
    visitor = visit()
    with_authenticator(visitor.page)
    administrator = visit()
    administrator.sign_in_staff("administrator")
    administrator.open("/staff/members/new")
    invited = {"name": "Ada Neuve", "email": "ada@example.org", "role": "reviewer", "reason": "Ada arrive lundi."}
    administrator.send(invited, "form:has([name=role])")
    visitor.served.flask("staff", "second", administrator.page.url[-32:], "--because", "Seule à bord.")
    link = visitor.served.found_in_mail("ada@example.org", r"(http://\S+/staff/invitation/\S+)")
    password = "une phrase de réviseuse"
    page = visitor.open(link.removeprefix(visitor.served.url))
    visitor.send({"password": password}, "form:has([name=password])")
    page.get_by_role("button", name="Créer une clé d’accès").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Vos codes de secours")
    page.context.clear_cookies()

    visitor.open("/staff/sign-in")
    visitor.send({"email": "ada@example.org", "password": password}, "form:has([name=password])")
    page.get_by_role("button", name="Utiliser une clé d’accès").click()
    page.wait_for_url("**/staff/notice?**")
    visitor.send({})
    page.wait_for_url("**/staff/queue")
    page = visitor.open("/staff/account/passkeys")
    page.get_by_role("button", name="Créer une clé d’accès").click()
    expect(page.get_by_role("status")).to_have_text("Cet appareil contient déjà une clé d’accès de ce compte.")
