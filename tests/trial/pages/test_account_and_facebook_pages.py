"""Every page around Facebook and a change of address: axe finds nothing, nothing scrolls sideways, the policy is kept."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pyotp
import pytest

from tests.support.acting.visitor import Visitor
from tests.support.looking.pages.page_checks import check_page, refuse, tour

SCREENS = [(1280, "fr"), (390, "en")]
WORDS = "words that nobody guesses"


def go_to_facebook(visitor: Visitor, path: str = "/sign-in/facebook", form: str = "main form.button-form") -> None:
    """Press the button that leads to Facebook and follow its link, to where the person chooses."""
    visitor.open(path)
    visitor.send({}, form)
    visitor.page.locator("main a.button.primary").click()
    visitor.page.wait_for_url("**/dialog/oauth*")


def choose(visitor: Visitor, choice: str) -> None:
    """Answer at the stand-in as a person, or by what goes wrong, and wait for the way back."""
    visitor.page.locator(f"a[href$='choice={choice}']").click()
    visitor.page.wait_for_url(f"{visitor.served.url}/**")


def mailed(visitor: Visitor, email: str, start: str) -> str:
    return visitor.served.found_in_mail(email, rf"http://localhost:\d+({start}\S+)")


def register(visitor: Visitor, email: str) -> None:
    visitor.register({"given_name": "Åsa", "family_name": "Ny", "email": email, "password": WORDS})


def set_up_app(visitor: Visitor) -> None:
    page = visitor.open("/account/second-step")
    visitor.send({}, "form[action$='/app/new']")
    page.wait_for_selector("img.qr")
    secret = page.locator("code.secret").inner_text().replace(" ", "")
    visitor.send({"code": pyotp.TOTP(secret).now()}, "form:has([name=code])")
    page.wait_for_url("**/recovery-codes")


@pytest.mark.parametrize(("width", "language"), SCREENS)
def test_what_facebook_may_answer(visit: Callable[..., Visitor], width: int, language: str) -> None:
    visitor = visit(width=width, language=language)
    visitor.open("/sign-in/facebook")
    check_page(visitor.page)
    visitor.send({}, "main form.button-form")
    check_page(visitor.page)
    for choice in ("cancelled", "refused", "forgotten_code", "down", "sacha", "camille"):
        go_to_facebook(visitor)
        choose(visitor, choice)
        check_page(visitor.page)


def test_the_stand_in(visit: Callable[..., Visitor]) -> None:
    visitor = visit(width=390)
    go_to_facebook(visitor)
    check_page(visitor.page)
    settings = visitor.page.locator("a[href='/']").evaluate("link => link.href")
    visitor.page.goto(settings)
    check_page(visitor.page)
    with (
        visitor.page.expect_navigation()
    ):  # a page that is not there yet, or has no style yet, is not the one to look at
        visitor.page.locator("button").first.click()
    check_page(visitor.page)


def test_an_account_that_facebook_opens(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    go_to_facebook(visitor)
    choose(visitor, "alex")
    if visitor.path == "/register/sent":
        check_page(visitor.page)
        elsewhere, link = visit(width=390), mailed(visitor, "alex.morin@example.org", "/confirm/")
        check_page(elsewhere.open(link))
        visitor.open(link)
        visitor.send({}, "form[action*='/confirm/']")
    visitor.page.wait_for_url("**/data")
    tour(visitor, ["/account", "/account/facebook", "/account/confirm-password?next=/account/address"])
    go_to_facebook(visitor, "/account/confirm-password?next=/account/address")
    check_page(visitor.page)
    choose(visitor, "camille")
    title = visitor.says("C’est un autre compte Facebook", "This is another Facebook account")
    assert visitor.page.locator("h1").inner_text() == title
    check_page(visitor.page)
    go_to_facebook(visitor, "/account/confirm-password?next=/account/address")
    choose(visitor, "alex")
    assert visitor.path == "/account/address"
    visitor.send({"email": "alex.nouveau@example.org"}, "form:has([name=email])")
    check_page(visit(width=390).open(mailed(visitor, "alex.nouveau@example.org", "/address/confirm/")))
    visitor.open("/account/address")
    visitor.send({}, "form[action$='/cancel']")
    check_page(visitor.page)
    other = visit(width=390, language="en")
    register(other, "facebook.taken@example.org")
    go_to_facebook(other, "/account/facebook")
    choose(other, "alex")
    title = other.says("Ce lien n’est pas possible", "This link is not possible")
    assert other.page.locator("h1").inner_text() == title
    check_page(other.page)
    go_to_facebook(other, "/account/facebook")
    choose(other, "sacha")
    check_page(other.page)


@pytest.mark.parametrize(("width", "language"), SCREENS)
def test_a_change_of_address(visit: Callable[..., Visitor], width: int, language: str) -> None:
    visitor, elsewhere = visit(width=width, language=language), visit(width=390, language=language)
    old, new = (
        f"asa.old.{language}@example.org",
        f"a.rather.long.address.of.a.new.mailbox.{language}@subdomain.example.org",
    )
    register(visitor, old)
    visitor.open("/account/address")
    check_page(visitor.page)
    refuse(visitor, "form:has([name=email])")
    visitor.send({"email": new}, "form:has([name=email])")
    visitor.page.wait_for_selector(".panel.warn")
    check_page(visitor.page)
    tour(visitor, ["/account", "/account/confirm-password?next=/account/address"])
    confirm, deny = mailed(visitor, new, "/address/confirm/"), mailed(visitor, old, "/address/not-me/")
    tour(elsewhere, [confirm, deny, "/address/not-me/unknown", "/address/confirm/unknown"])
    elsewhere.open(confirm)
    refuse(elsewhere, "form:has([name=password])")
    check_page(visitor.open(confirm))
    visitor.send({}, "form[action*='/address/confirm/']")
    visitor.page.wait_for_url("**/account")
    check_page(visitor.page)
    check_page(visitor.open(confirm))
    undo = mailed(visitor, old, "/address/not-me/")
    assert undo != deny
    set_up_app(visitor)
    check_page(elsewhere.open(undo))
    elsewhere.send({}, "form[action*='/not-me/']")
    elsewhere.page.wait_for_url("**/address/not-me")
    tour(elsewhere, ["/address/not-me", undo])
    assert visitor.open("/account").url.endswith("/sign-in?next=/account")


def test_a_customer_on_hold_and_one_who_was_erased(visit: Callable[..., Visitor]) -> None:
    visitor = visit(width=390, language="en")
    register(visitor, "on.hold@example.org")
    go_to_facebook(visitor, "/account/facebook")
    choose(visitor, "camille")
    titles = {
        "restricted": visitor.says("Vos données sont en pause", "Your data are on hold"),
        "erased": visitor.says("Ce compte est fermé", "This account is closed"),
    }
    for status, title in titles.items():
        set_status(visitor, "on.hold@example.org", status)
        visitor.page.context.clear_cookies()
        go_to_facebook(visitor)
        choose(visitor, "camille")
        assert visitor.page.locator("h1").inner_text() == title
        check_page(visitor.page)


def set_status(visitor: Visitor, email: str, status: str) -> None:
    """Bring a customer into a status that takes staff days to bring them into."""
    with closing(sqlite3.connect(visitor.served.instance / "portal.sqlite", timeout=20)) as database, database:
        statement = "UPDATE customers SET status = ?, restricted_at = '2026-11-20 10:00:00' WHERE email_normalised = ?"
        assert database.execute(statement, (status, email)).rowcount == 1
