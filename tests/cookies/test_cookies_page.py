"""The cookies page lists every cookie that the portal sets, by its real name, and there is no banner."""

from pathlib import Path

from flask import Flask

from portal.app import create_app
from portal.config import Settings
from portal.cookies.portal_cookies import portal_cookies
from tests.support.acting.browser import Browser
from tests.support.acting.people import People


def listed(browser: Browser) -> set[str]:
    return {code.get_text() for code in browser.get("/cookies").tree.select("table code")}


def names(browser: Browser) -> set[str]:
    """Return the names of the cookies that the browser holds."""
    return {cookie.key for cookie in browser.client._cookies.values()}


def test_every_cookie_that_is_set_is_listed(app: Flask, people: People) -> None:
    browser = people.signed_in()
    page = browser.get("/cookies")
    page.browser.post(
        "/language", {"language": "en", "csrf_token": page.tree.find("input", attrs={"name": "csrf_token"})["value"]}
    )
    staff = people.signed_in_staff("support")
    staff.get("/staff/account")
    held = names(browser) | names(staff)
    assert {"session", "form", "language", "device"} <= names(browser)
    assert held <= listed(Browser(app)), f"list {held - listed(Browser(app))} on the cookies page"
    assert held == listed(Browser(app)), "nothing is listed that is not set"


def test_the_page_explains_and_leads_to_the_choices(browser: Browser) -> None:
    page = browser.get("/cookies")
    assert "Ce portail n’utilise que les cookies sans lesquels il ne marche pas" in page.text
    assert page.click("Choisir dans vos préférences").url == "/sign-in"
    assert "Mesure d’audience" in page.text
    for row in page.tree.select("table tbody tr"):
        assert len(row.find_all(["th", "td"])) == 3
        assert all(cell.get_text().strip() for cell in row.find_all("td"))


def test_it_speaks_english(app: Flask) -> None:
    page = Browser(app, "en").get("/cookies")
    assert "This portal uses only the cookies that it cannot work without" in page.text


def test_a_first_visit_shows_no_banner_and_no_other_cookie(app: Flask) -> None:
    browser = Browser(app)
    for path in ("/", "/cookies", "/policy", "/sign-in"):
        page = browser.get(path)
        assert not page.tree.select("[class*=cookie-banner], [role=dialog]")
    assert names(browser) <= {"form"}


def test_under_tls_the_names_carry_their_prefix(settings: Settings, tmp_path: Path) -> None:
    under_tls = settings.model_copy(update={"public_url": "https://privacy.example.org", "instance": tmp_path})
    app = create_app(under_tls)
    with app.test_request_context():
        cookies = portal_cookies()
    named = {cookie.name for cookie in (*cookies.everybody, *cookies.staff)}
    assert {"__Host-session", "__Host-form", "__Host-device", "__Host-language", "__Host-staff_session"} <= named
