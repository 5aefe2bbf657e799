"""Every page of strangers and customers: axe finds nothing, nothing scrolls sideways, the content policy is kept."""

from collections.abc import Callable
from datetime import date

import pyotp
import pytest

from portal.demo.specimens import Holder, card_back, card_front
from portal.identity_checks.decoding.inspection import MAX_BYTES
from tests.support.acting.doubts import sign_in_under_another_name
from tests.support.acting.visitor import Visitor
from tests.support.documents.specimens import protected_pdf
from tests.support.looking.pages.page_checks import check_page, links, refuse, tour

HOLDER = Holder("Girard", "Thomas", date(1979, 11, 22))
PUBLIC = [
    "/", "/sign-in", "/register", "/password/forgotten", "/password/forgotten/sent", "/cookies", "/policy",
    "/accessibility", "/unsubscribe", "/unsubscribe/unknown", "/confirm/unknown", "/password/reset/unknown",
    "/feed/v1/problems/404", "/nowhere", "/staff/sign-in", "/staff/invitation/unknown", "/staff/nowhere",
]  # fmt: skip
ALIKE = [
    f"/data/{category}" for category in ("contact", "financial", "tracking", "transaction", "profile", "technical")
]
CUSTOMER = [
    "/data", "/data/identity", "/data/usage", "/data/marketing", "/preferences", "/preferences/history", "/requests",
    "/requests/new", "/access-log", "/account", "/account/password", "/account/second-step", "/account/second-step/passkeys", "/requests/DR-2020-99999",
]  # fmt: skip
FIRST_STEPS = [f"/requests/new/{right}" for right in
               ("access", "rectification", "erasure", "restriction", "portability", "objection", "directives")]  # fmt: skip


def test_public_pages(visit: Callable[..., Visitor]) -> None:
    tour(visit(), PUBLIC)


def test_pages_of_a_customer(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.sign_in("camille")
    requests = links(visitor.open("/requests"), "main a[href^='/requests/DR-']")
    tour(visitor, [*CUSTOMER, *requests])
    tour(visitor, ALIKE, is_brief=True)


def test_first_steps_of_every_right(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.sign_in("camille")
    tour(visitor, FIRST_STEPS)


def test_english_pages_on_a_phone(visit: Callable[..., Visitor]) -> None:
    visitor = visit(width=390, language="en")
    visitor.sign_in("emma")
    requests = links(visitor.open("/requests"), "main a[href^='/requests/DR-']")
    tour(visitor, ["/", "/policy", *CUSTOMER, *ALIKE[:2], *FIRST_STEPS[:2], *requests], is_brief=True, widths=(390,))


def test_pages_of_a_long_name(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.sign_in("jean-baptiste")
    requests = links(visitor.open("/requests"), "main a[href^='/requests/DR-']")
    receipts = [f"{path}/{page}" for path in requests for page in ("receipt", "withdraw")]
    tour(visitor, ["/data/identity", "/data/contact", "/requests/new/access", *requests, *receipts], is_brief=True)


def test_pages_of_a_new_customer(visit: Callable[..., Visitor]) -> None:
    visitor = visit(language="en")
    visitor.open("/register")
    person = {
        "given_name": "Åsa",
        "family_name": "Ny",
        "email": "asa@example.org",
        "password": "words that nobody guesses",
    }
    visitor.send(person, "form:has([name=family_name])")
    visitor.page.wait_for_url("**/register/sent")
    check_page(visitor.page)
    link = visitor.served.found_in_mail("asa@example.org", r"http://localhost:\d+(/confirm/\S+)")
    check_page(visitor.open(link))
    visitor.send({}, "form[action*='/confirm/']")
    visitor.page.wait_for_url("**/data")
    check_page(visitor.page)
    pages = ["/data/identity", "/data/transaction", "/preferences/history", "/requests", "/access-log", link]
    tour(visitor, pages, is_brief=True)


def test_proving_who_one_is(visit: Callable[..., Visitor]) -> None:
    visitor = visit(width=390)
    sign_in_under_another_name(visitor, "thomas")
    visitor.open("/requests/new/access")
    page = visitor.send({"scope": "all", "details": "Tout depuis 2019."}, "form:has([name=details])")
    page.wait_for_url("**/requests/identity/*")
    check_page(page)
    start = visitor.path
    visitor.open(f"{start}/document?paper=passport")
    check_page(page)
    visitor.open(f"{start}/document?paper=identity_card")
    refuse(visitor, "form[enctype]")
    picture = card_front(HOLDER, date(2031, 9, 17))
    file = {"name": "carte.jpg", "mimeType": "image/jpeg", "buffer": picture}
    page.route("**/finish", lambda route: None)
    page.set_input_files("[name=front]", file)
    page.locator("[data-text]").first.filter(has_text=visitor.says("Nous vérifions", "We are checking")).wait_for()
    check_page(page)
    page.unroute("**/finish")
    page.route("**/uploads", lambda route: route.abort("connectionreset"))
    page.reload()
    page.set_input_files("[name=front]", file)
    page.locator("[data-text]").first.filter(has_text=visitor.says("coupée", "broke")).wait_for()
    check_page(page)
    page.unroute("**/uploads")
    page.wait_for_selector("[data-side=front] [data-arrived]")
    page.set_input_files("[name=back]", {**file, "buffer": b"GIF89a"})
    page.wait_for_selector("[data-side=back] [data-error]:not([hidden])")
    check_page(page)
    page.set_input_files("[name=back]", {**file, "buffer": card_back(HOLDER, date(2021, 9, 18), date(2031, 9, 17))})
    page.wait_for_selector("[data-side=back] [data-arrived]")
    check_page(page)
    visitor.open(f"{start}/document?paper=france_identite")
    check_page(page)
    visitor.open(start)
    visitor.send({}, "form[action$='/later']")
    page.wait_for_url("**/check")
    check_page(page)
    check_page(visitor.open("/requests"), is_brief=True)


@pytest.mark.parametrize(("script", "language"), [(False, "fr"), (True, "en")])
def test_the_words_for_each_file_that_will_not_do(visit: Callable[..., Visitor], script: bool, language: str) -> None:
    """One side is good and stays; the other one is wrong in every way, with script and without."""
    visitor = visit(width=390, language=language, script=script)
    sign_in_under_another_name(visitor, "camille")
    visitor.open("/requests/new/access")
    page = visitor.send({"scope": "all", "details": "Tout depuis 2019."}, "form:has([name=details])")
    page.wait_for_url("**/requests/identity/*")
    start = visitor.path
    visitor.open(f"{start}?asked=yes")
    page.wait_for_selector(".error-summary")
    visitor.open(f"{start}/document?paper=identity_card")
    good = card_front(HOLDER, date(2031, 9, 17))
    side = page.locator("[data-side=back] [data-error]:not([hidden])")

    def send(name: str, content: bytes) -> None:
        page.set_input_files(f"[name={name}]", {"name": "carte.jpg", "mimeType": "image/jpeg", "buffer": content})
        if not script:
            page.locator("[data-actions] button").click()

    send("front", good)
    page.wait_for_selector("[data-side=front] [data-arrived]")
    for content in (b"", b"GIF89a", protected_pdf(), good[: len(good) // 2], good, good.ljust(MAX_BYTES + 1, b"\0")):
        send("back", content)
        side.wait_for()
        # axe is a script itself.
        if script:
            check_page(page, is_brief=True)
        assert page.locator("[data-side=front] [data-arrived]").count() == 1
        page.reload() if script else visitor.open(f"{start}/document?paper=identity_card")


def test_a_second_step_by_an_app(visit: Callable[..., Visitor]) -> None:
    visitor = visit(width=390)
    person = {
        "given_name": "Odile",
        "family_name": "Deux",
        "email": "odile@example.org",
        "password": "words that nobody guesses",
    }
    visitor.open("/register")
    visitor.register(person)
    page = visitor.open("/account/second-step")
    visitor.send({}, "form[action$='/app/new']")
    page.wait_for_selector("img.qr")
    check_page(page)
    refuse(visitor, "form:has([name=code])", code="000000")
    secret = page.locator("code.secret").inner_text().replace(" ", "")
    visitor.send({"code": pyotp.TOTP(secret).now()}, "form:has([name=code])")
    page.wait_for_url("**/recovery-codes")
    check_page(page)
    visitor.send({}, "form[action$='/kept']")
    page.wait_for_url("**/second-step")
    check_page(page)
    page.context.clear_cookies()
    visitor.open("/sign-in")
    visitor.send({"email": person["email"], "password": person["password"]}, "form:has([name=password])")
    page.wait_for_url("**/sign-in/code*")
    check_page(page)
    refuse(visitor, "form:has([name=code])", code="000000")


@pytest.mark.parametrize("path", ["/sign-in", "/register", "/password/forgotten", "/unsubscribe", "/staff/sign-in"])
def test_refused_forms_of_strangers(visit: Callable[..., Visitor], path: str) -> None:
    visitor = visit(width=390)
    visitor.open(path)
    refuse(visitor)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_refused_forms_of_customers(visit: Callable[..., Visitor], language: str) -> None:
    visitor = visit(language=language)
    visitor.sign_in("aicha")
    for path in (
        "/requests/new/rectification",
        "/requests/new/restriction",
        "/requests/new/directives",
        "/account/password",
    ):
        visitor.open(path)
        refuse(visitor)


def test_a_form_that_was_open_too_long(visit: Callable[..., Visitor]) -> None:
    visitor = visit(width=390)
    page = visitor.open("/register")
    page.locator("main [name=csrf_token]").evaluate("field => field.value = 'old'")
    with page.expect_response("**/register") as answer:
        visitor.send({"given_name": "A"})
    assert answer.value.status == 419
    check_page(page)


def test_too_many_tries(visit: Callable[..., Visitor]) -> None:
    visitor = visit(language="en")
    page = visitor.open("/sign-in")
    token = page.locator("main form:has([name=password]) [name=csrf_token]").input_value()
    wrong = {"email": "nobody@example.org", "password": "not the right one"}
    for _try in range(10):
        page.request.post(page.url, form=wrong | {"csrf_token": token})
    with page.expect_response("**/sign-in") as answer:
        visitor.send(wrong, "form:has([name=password])")
    assert answer.value.status == 429
    check_page(page)
