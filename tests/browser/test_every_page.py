"""Every page in headless Chromium: axe finds nothing, nothing scrolls sideways, the content policy is kept."""

import gzip
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

import pytest
from playwright.sync_api import Page

from portal.demo.specimens import Holder, card_front
from tests.support.page_checks import check_page, faults_of
from tests.support.visitor import Visitor

PUBLIC = [
    "/", "/sign-in", "/register", "/password/forgotten", "/password/forgotten/sent", "/cookies", "/policy",
    "/accessibility", "/unsubscribe", "/unsubscribe/unknown", "/confirm/unknown", "/password/reset/unknown",
    "/feed/v1/problems/404", "/nowhere", "/staff/sign-in", "/staff/invitation/unknown", "/staff/nowhere",
]  # fmt: skip
CATEGORIES = ["identity", "contact", "financial", "usage", "tracking", "transaction", "profile", "technical", "marketing"]
CUSTOMER = [
    "/data", *(f"/data/{category}" for category in CATEGORIES), "/preferences", "/preferences/history", "/requests",
    "/requests/new", "/access-log", "/account", "/account/password", "/requests/DR-2020-99999",
]  # fmt: skip
FIRST_STEPS = [f"/requests/new/{right}" for right in
               ("access", "rectification", "erasure", "restriction", "portability", "objection", "directives")]  # fmt: skip
STAFF = {
    "support": ["/staff/queue", "/staff/customers", "/staff/requests/take-in", "/staff/members"],
    "reviewer": ["/staff/queue?closed=yes", "/staff/queue?text=nobody", "/staff/my-cases", "/staff/marketing"],
    "officer": ["/staff/marketing", "/staff/queue?when=late"],
    "marketing": ["/staff/marketing", "/staff/queue"],
    "administrator": [
        "/staff/members", "/staff/members/new", "/staff/permissions", "/staff/tokens", "/staff/tokens/new", "/staff/account",
        "/staff/account/password", "/staff/account/recovery-codes",
    ],
}  # fmt: skip


def tour(visitor: Visitor, paths: Iterable[str], **options: Any) -> None:
    """Open one page after another and report the faults of all."""
    faults: list[str] = []
    for path in paths:
        visitor.open(path)
        faults += faults_of(visitor.page, **options)
    assert not faults, "\n".join(faults)


def links(page: Page, selector: str) -> list[str]:
    return [str(link.get_attribute("href")) for link in page.locator(selector).all()]


def refuse(visitor: Visitor, form: str = "main form[method=post][novalidate]", **values: str) -> None:
    """Send a form that must be refused: the title says so, the focus is on the summary, a link leads to its field."""
    page = visitor.send(values, form)
    page.wait_for_selector(".error-summary")
    place = page.url
    assert page.title().startswith(visitor.says("Erreur\u00a0:", "Error:")), f"{place}: {page.title()}"
    assert page.evaluate("document.activeElement.classList.contains('error-summary')"), f"{place}: focus on the summary"
    check_page(page, is_brief=True)
    page.locator(".error-summary a").first.click()
    assert page.evaluate("document.activeElement.matches('input, select, textarea')"), f"{place}: the link leads to a field"


def test_public_pages(visit: Callable[..., Visitor]) -> None:
    tour(visit(), PUBLIC)


def test_pages_of_a_customer(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.sign_in("camille")
    requests = links(visitor.open("/requests"), "main a[href^='/requests/DR-']")
    tour(visitor, [*CUSTOMER, *requests])


def test_first_steps_of_every_right(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.sign_in("camille")
    tour(visitor, FIRST_STEPS)


def test_english_pages_on_a_phone(visit: Callable[..., Visitor]) -> None:
    visitor = visit(width=390, language="en")
    visitor.sign_in("emma")
    requests = links(visitor.open("/requests"), "main a[href^='/requests/DR-']")
    pages = [path for path in CUSTOMER if path not in {"/data/tracking", "/data/technical", "/data/profile"}]
    tour(visitor, ["/", "/policy", "/cookies", *pages, *FIRST_STEPS[:3], *requests], is_brief=True, widths=(390,))


def test_pages_of_a_long_name(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.sign_in("jean-baptiste")
    requests = links(visitor.open("/requests"), "main a[href^='/requests/DR-']")
    receipts = [f"{path}/{page}" for path in requests for page in ("receipt", "withdraw")]
    tour(visitor, ["/data/identity", "/data/contact", "/requests/new/access", *requests, *receipts], is_brief=True)


def test_pages_of_a_new_customer(visit: Callable[..., Visitor]) -> None:
    visitor = visit(language="en")
    visitor.open("/register")
    person = {"given_name": "Åsa", "family_name": "Ny", "email": "asa@example.org", "password": "words that nobody guesses"}
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
    visitor.sign_in("thomas")
    visitor.open("/requests/new/access")
    page = visitor.send({"scope": "all", "details": "Tout depuis 2019."}, "form:has([name=details])")
    page.wait_for_url("**/requests/identity/*")
    check_page(page)
    start = visitor.path
    visitor.open(f"{start}/document?paper=passport")
    check_page(page)
    visitor.open(f"{start}/document?paper=identity_card")
    refuse(visitor, "form[enctype]")
    picture = card_front(Holder("Girard", "Thomas", date(1979, 11, 22)), date(2031, 9, 17))
    page.set_input_files("[name=front]", {"name": "carte.jpg", "mimeType": "image/jpeg", "buffer": picture})
    visitor.send({}, "form[enctype]")
    page.wait_for_selector("[name=front]")
    check_page(page)
    visitor.open(start)
    visitor.send({}, "form[action$='/later']")
    page.wait_for_url("**/check")
    check_page(page)
    check_page(visitor.open("/requests"), is_brief=True)


@pytest.mark.parametrize("path", ["/sign-in", "/register", "/password/forgotten", "/unsubscribe", "/staff/sign-in"])
def test_refused_forms_of_strangers(visit: Callable[..., Visitor], path: str) -> None:
    visitor = visit(width=390)
    visitor.open(path)
    refuse(visitor)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_refused_forms_of_customers(visit: Callable[..., Visitor], language: str) -> None:
    visitor = visit(language=language)
    visitor.sign_in("aicha")
    for path in ("/requests/new/rectification", "/requests/new/restriction", "/requests/new/directives", "/account/password"):
        visitor.open(path)
        refuse(visitor)


def test_refused_forms_of_staff(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.sign_in_staff("administrator")
    for path in ("/staff/members/new", "/staff/tokens/new", "/staff/account/password"):
        visitor.open(path)
        refuse(visitor)
    visitor = visit(width=390)
    visitor.sign_in_staff("reviewer")
    for path in ("/staff/requests/take-in", "/staff/customers"):
        visitor.open(path)
        refuse(visitor)


@pytest.mark.parametrize("role", list(STAFF))
def test_pages_of_each_role(visit: Callable[..., Visitor], role: str) -> None:
    visitor = visit()
    visitor.sign_in_staff(role)
    tour(visitor, STAFF[role])


def test_every_case(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.sign_in_staff("officer")
    cases = links(visitor.open("/staff/queue"), "main table a[href*='/staff/requests/DR-']")
    assert len(cases) >= 7, cases
    check_page(visitor.page)
    tour(visitor, cases)


def test_cases_in_english_on_a_phone(visit: Callable[..., Visitor]) -> None:
    visitor = visit(width=390, language="en")
    visitor.sign_in_staff("support")
    cases = links(visitor.open("/staff/queue"), "main table a[href*='/staff/requests/DR-']")
    tour(visitor, ["/staff/queue", *cases[:3]], is_brief=True, widths=(390,))


def test_files_opened_by_staff(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.sign_in_staff("officer")
    visitor.open("/staff/customers")
    page = visitor.send({"identifier": "C-1004", "reason": "Appel du client sur son adresse"}, "form:has([name=identifier])")
    page.wait_for_url("**/staff/customers/*")
    opened = visitor.path
    tour(visitor, [opened, f"{opened}/contact", f"{opened}/usage", f"{opened}/preferences"])
    visitor.open("/staff/marketing")
    visitor.send({"identifier": "C-1004", "reason": "Question sur un envoi"}, "form:has([name=identifier])")
    page.wait_for_url("**/staff/marketing/customers/*")
    check_page(page)


def test_an_invitation(visit: Callable[..., Visitor]) -> None:
    administrator = visit()
    administrator.sign_in_staff("administrator")
    administrator.open("/staff/members/new")
    invited = {"name": "Maximilienne de Saint-Exupéry-Lavergne", "email": "maximilienne@example.org", "role": "reviewer"}
    page = administrator.send(invited, "form:has([name=role])")
    page.wait_for_selector(".secret")
    check_page(page)
    link = page.locator(".secret").inner_text()
    visitor = visit(width=390)
    check_page(visitor.open(link.removeprefix(visitor.served.url)))
    page = visitor.send({"password": "un mot de passe de réviseuse"}, "form:has([name=password])")
    page.wait_for_selector("img.qr")
    check_page(page)


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
    wrong = {"email": "nobody@example.org", "password": "not the right one"}
    status = 0
    for _try in range(11):
        page = visitor.open("/sign-in")
        with page.expect_response("**/sign-in") as answer:
            visitor.send(wrong, "form:has([name=password])")
        status = answer.value.status
    assert status == 429
    check_page(page)


def test_a_page_weighs_little(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.sign_in("camille")
    page, weights = visitor.page, dict[str, int]()

    def weigh(answer: Any) -> None:
        if answer.status == 200 and "/img/" not in answer.url:
            weights[answer.url] = len(gzip.compress(answer.body()))

    page.on("response", weigh)
    for path in ("/", "/data", "/data/usage", "/preferences", "/requests/new"):
        weights.clear()
        visitor.open(path)
        page.wait_for_load_state("networkidle")
        assert 0 < sum(weights.values()) <= 40_000, f"{path}: {weights}"
