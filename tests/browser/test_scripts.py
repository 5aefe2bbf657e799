"""What the scripts add, in Chromium under the real content policy; without them every page still works."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.support.acting.visitor import Visitor

Visit = Callable[..., Visitor]


def test_a_refused_form_is_read_first(visit: Visit) -> None:
    visitor = visit()
    visitor.open("/sign-in")
    page = visitor.send({"email": ""}, "form:has([name=password])")
    expect(page.locator(".error-summary")).to_be_focused()
    assert page.title().startswith("Erreur")
    page.locator(".error-summary a").first.click()
    expect(page.locator("[name=email]")).to_be_focused()


@pytest.mark.parametrize(("language", "show", "hide"), [("fr", "Afficher", "Masquer"), ("en", "Show", "Hide")])
def test_a_password_can_be_shown(visit: Visit, language: str, show: str, hide: str) -> None:
    page = visit(language=language).open("/sign-in")
    field = page.locator("[name=password]")
    field.fill("words that nobody guesses")
    button = page.locator("[data-reveal]")
    expect(button).to_have_text(show)
    button.click()
    expect(field).to_have_attribute("type", "text")
    expect(button).to_have_text(hide)
    expect(field).to_have_value("words that nobody guesses")
    button.click()
    expect(field).to_have_attribute("type", "password")


def test_a_long_text_is_counted(visit: Visit) -> None:
    visitor = visit()
    visitor.sign_in("camille")
    page = visitor.open("/requests/new/erasure")
    line = page.locator("[data-counter]").first
    field, most = page.locator(f"#{line.get_attribute('data-counter')}"), int(line.get_attribute("data-most") or 0)
    expect(line).to_be_empty()
    field.fill("é" * (most - 20))
    expect(line).to_have_text("Caractères restants\u00a0: 20")
    expect(line).to_have_attribute("aria-live", "polite")
    field.fill(("é" * 120 + "\n") * 32 + "é" * (most - 32 * 121))
    expect(line).to_have_text("Caractères restants\u00a0: 0")
    field.fill("é" * (most - 1) + "\né")
    expect(line).to_have_text("Caractères en trop\u00a0: 1")


def test_staff_work_by_keyboard(visit: Visit) -> None:
    visitor = visit()
    visitor.sign_in_staff("officer")
    page = visitor.open("/staff/queue")
    rows, search, shortcuts = page.locator(".fold tbody th a"), page.locator("#text"), page.locator("[data-shortcuts]")
    page.keyboard.press("j")
    expect(rows.first).to_be_focused()
    page.keyboard.press("j")
    expect(rows.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(rows.first).to_be_focused()
    page.keyboard.press("/")
    expect(search).to_be_focused()
    page.keyboard.type("jn?")
    expect(search).to_have_value("jn?")
    search.blur()
    page.keyboard.press("?")
    expect(shortcuts).to_be_visible()
    expect(shortcuts.locator("h2")).to_be_focused()
    expect(shortcuts.locator("kbd", has_text="N")).to_be_visible()
    page.get_by_label("Utiliser les raccourcis").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    expect(rows.first).not_to_be_focused()
    page.reload()
    page.keyboard.press("j")
    expect(rows.first).not_to_be_focused()
    page.get_by_role("button", name="Raccourcis clavier").click()
    page.get_by_label("Utiliser les raccourcis").check()
    page.get_by_role("button", name="Fermer").click()
    page.keyboard.press("j")
    expect(rows.first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/staff/requests/*")


@pytest.mark.parametrize("who", ["camille", "reviewer"])
def test_a_page_left_open_asks_before_the_session_ends(visit: Visit, who: str) -> None:
    visitor = visit(language="en")
    visitor.sign_in("camille") if who == "camille" else visitor.sign_in_staff(who)
    visitor.page.clock.install()
    page = visitor.open("/preferences" if who == "camille" else "/staff/queue")
    line, asked = page.locator("[data-session-end]"), page.get_by_role("dialog", name="Are you still there?")
    expect(line).to_contain_text("Your session ends at")
    idle = int(line.get_attribute("data-session-end") or 0)
    assert idle > 120
    page.clock.fast_forward((idle - 125) * 1000)
    expect(asked).to_be_hidden()
    page.clock.fast_forward(10_000)
    expect(asked).to_be_visible()
    expect(asked.get_by_role("heading")).to_be_focused()
    page.keyboard.press("Tab")
    expect(asked.get_by_role("button", name="Stay signed in")).to_be_focused()
    with page.expect_response("**/stay") as answer:
        page.keyboard.press("Enter")
    assert answer.value.status == 200
    expect(asked).to_be_hidden()
    page.clock.fast_forward((idle - 100) * 1000)
    expect(asked).to_be_visible()
    page.keyboard.press("Escape")
    expect(asked).to_be_hidden()
