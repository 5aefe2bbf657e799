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
