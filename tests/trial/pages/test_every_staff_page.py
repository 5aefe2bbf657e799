"""Every page of staff, role by role: axe finds nothing, nothing scrolls sideways, the content policy is kept."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from tests.support.acting.visitor import Visitor
from tests.support.looking.pages.page_checks import check_page, links, refuse, tour

STAFF = {
    "support": ["/staff/notice", "/staff/queue", "/staff/customers", "/staff/requests/take-in", "/staff/members"],
    "reviewer": ["/staff/queue?closed=yes", "/staff/queue?text=nobody", "/staff/my-cases", "/staff/marketing"],
    "officer": [
        "/staff/desk", "/staff/clock", "/staff/retention", "/staff/retention/records", "/staff/holds", "/staff/instructions", "/staff/notices", "/staff/register", "/staff/reading", "/staff/documents",
        "/staff/marketing", "/staff/queue?when=late",
    ],
    "marketing": ["/staff/marketing", "/staff/queue"],
    "administrator": [
        "/staff/members", "/staff/members/new", "/staff/members/review", "/staff/permissions", "/staff/tokens", "/staff/tokens/new", "/staff/documents", "/staff/account",
        "/staff/account/password", "/staff/account/recovery-codes", "/staff/account/passkeys", "/staff/account/app", "/staff/account/confirm-password",
    ],
}  # fmt: skip


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
    assert len(cases) >= 5, cases
    check_page(visitor.page)
    tour(visitor, cases[:3])
    tour(visitor, cases[3:], is_brief=True)


@pytest.mark.parametrize(("width", "language"), [(1280, "fr"), (390, "en")])
def test_a_document_under_review(visit: Callable[..., Visitor], width: int, language: str) -> None:
    visitor = visit(width=width, language=language)
    visitor.page.clock.install()
    visitor.sign_in_staff("reviewer")
    case = "/staff/requests/DR-2026-00010"
    page = visitor.open(case)
    page.keyboard.press("o")
    page.locator(".document img").first.wait_for()
    check_page(page)
    # Twice as large, then four times, then turned: what is too wide scrolls in its own box, about the same middle.
    for key in ("z", "z", "t", "z"):
        x, y = middle(page)[0]
        page.keyboard.press(key)
        places, halves = middle(page)
        for place, wanted, half in zip(places, (1 - y, x) if key == "t" else (x, y), halves, strict=True):
            # Nothing scrolls beyond its edge: there, the middle is as near to the place as it can be.
            assert abs(place - min(max(wanted, half), 1 - half)) < 0.02
        check_page(page, is_brief=True)
    page.keyboard.press("s")
    assert page.locator(".sheet").nth(1).evaluate("sheet => sheet === document.activeElement")
    page.keyboard.press("?")
    dialog = page.locator("[data-shortcuts]")
    assert dialog.locator("h2").evaluate("heading => heading === document.activeElement")
    assert dialog.locator("kbd", has_text=visitor.says("Entrée", "Enter")).count() == 1
    check_page(page)
    page.keyboard.press("Escape")
    page.clock.fast_forward("11:00")
    page.locator("[data-look-over]").wait_for()
    check_page(page)
    for found in ({}, {"result": "confirmed"}, {"result": "asked_again"}):
        visitor.open(case)
        refuse(visitor, "form[action$='/identity']", **found)
    page = visitor.open("/staff/requests/DR-2026-00011")
    check_page(page)


def middle(page: Page) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return where the middle of what is seen lies on the first sheet, and half of what is seen, as shares across and down."""
    return page.locator(".sheet").first.evaluate(  # type: ignore[no-any-return]
        """sheet => {
          const half = [sheet.clientWidth / sheet.scrollWidth / 2, sheet.clientHeight / sheet.scrollHeight / 2];
          return [[sheet.scrollLeft / sheet.scrollWidth + half[0], sheet.scrollTop / sheet.scrollHeight + half[1]], half];
        }"""
    )


def test_cases_in_english_on_a_phone(visit: Callable[..., Visitor]) -> None:
    visitor = visit(width=390, language="en")
    visitor.sign_in_staff("support")
    cases = links(visitor.open("/staff/queue"), "main table a[href*='/staff/requests/DR-']")
    tour(visitor, ["/staff/queue", *cases[:3]], is_brief=True, widths=(390,))


def test_files_opened_by_staff(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.sign_in_staff("officer")
    visitor.open("/staff/customers")
    page = visitor.send(
        {"identifier": "C-1004", "reason": "Appel du client sur son adresse"}, "form:has([name=identifier])"
    )
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
    invited = {
        "name": "Maximilienne de Saint-Exupéry-Lavergne",
        "email": "maximilienne@example.org",
        "role": "reviewer",
        "reason": "Elle remplace Bruno jusqu’en mars.",
    }
    page = administrator.send(invited, "form:has([name=role])")
    page.wait_for_selector(".secret")
    check_page(page)
    administrator.served.flask("staff", "second", page.url[-32:], "--because", "Seule à bord.")
    link = administrator.served.found_in_mail(invited["email"], r"(http://\S+/staff/invitation/\S+)")
    visitor = visit(width=390)
    check_page(visitor.open(link.removeprefix(visitor.served.url)))
    page = visitor.send({"password": "un mot de passe de réviseuse"}, "form:has([name=password])")
    page.wait_for_selector("img.qr")
    check_page(page)
