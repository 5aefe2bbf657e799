"""Sending an identity document from a phone: the line breaks and comes back, and the case holds the whole document."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from PIL import Image
from playwright.sync_api import Page, Request, expect

from portal.demo.specimens import Holder, card_back, card_front
from tests.support.acting.doubts import sign_in_under_another_name
from tests.support.acting.visitor import Visitor
from tests.support.looking.pages.page_checks import check_page
from tests.support.servers.breaking_line import breaking_line

Visit = Callable[..., Visitor]
HOLDER = Holder("Girard", "Thomas", date(1979, 11, 22))
FRONT, BACK = card_front(HOLDER, date(2031, 9, 17)), card_back(HOLDER, date(2021, 9, 18), date(2031, 9, 17))


def as_file(name: str, content: bytes) -> dict[str, object]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": content}


def large_front() -> bytes:
    """The front as a good camera makes it: several parts of half a megabyte."""
    picture = Image.open(io.BytesIO(FRONT)).resize((3000, 1890))
    noise = Image.effect_noise(picture.size, 40).convert("RGB")
    buffer = io.BytesIO()
    Image.blend(picture, noise, 0.25).save(buffer, "JPEG", quality=88)
    return buffer.getvalue()


def listen(page: Page) -> Callable[[], list[str]]:
    """Note what is read aloud from now on; the answer returns it."""
    page.evaluate("""() => {
      window.heard = [];
      const place = document.querySelector("[data-said]");
      new MutationObserver(() => window.heard.push(place.textContent)).observe(place, {childList: true});
    }""")
    return lambda: [str(text) for text in page.evaluate("window.heard")]


def part_of(request: Request) -> int:
    """Return at which byte the part begins that a request sends, or -1 when it sends none."""
    tail = request.url.rpartition("/")[2]
    return int(tail) if tail.isdigit() and "/uploads/" in request.url else -1


def document_page(visitor: Visitor, paper: str) -> None:
    page = visitor.open("/requests/new/access")
    visitor.send({"scope": "all", "details": "Tout."}, "main form:has([name=details])")
    page.wait_for_url("**/requests/identity/*")
    visitor.open(f"{visitor.path}/document?paper={paper}")


@pytest.mark.trial
def test_a_line_that_breaks_at_sixty_percent_is_resumed_to_the_end(visit: Visit) -> None:
    visitor = visit(width=390)
    sign_in_under_another_name(visitor, "thomas")
    document_page(visitor, "identity_card")
    page, front = visitor.page, visitor.page.locator("[data-side=front]")
    picture = large_front()
    parts: list[int] = []
    page.on("requestfinished", lambda request: parts.append(part_of(request)))
    with breaking_line(int(visitor.served.url.rpartition(":")[2]), len(picture) * 6 // 10) as line:
        served, visitor.served = visitor.served, replace(visitor.served, url=f"http://localhost:{line.port}")
        page.goto(page.url.replace(served.url, visitor.served.url))
        said = listen(page)
        page.set_input_files("[name=front]", as_file("carte.jpg", picture))
        expect(front.locator("[data-text]")).to_contain_text("La connexion s’est coupée à")
        line.repair()
        expect(front.locator("[data-arrived]")).to_be_focused()
        heard = said()
    assert any(text.startswith("La connexion s’est coupée à ") for text in heard), heard
    assert heard[-1].startswith("Recto reçu le")
    # Every part arrived once: after the break the portal was asked where to go on.
    arrived = [part for part in parts if part >= 0]
    assert arrived == list(range(0, len(picture), 512 * 1024))
    # The beginning, the cut part's first half, and little else went up twice.
    assert line.sent < len(picture) + 512 * 1024 + 100_000
    page.goto(page.url.replace(visitor.served.url, served.url))
    visitor.served = served
    expect(front.locator("[data-arrived]")).to_contain_text("Recto reçu le")
    image = front.locator(".previews img")
    expect(image).to_have_count(1)
    assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1000
    check_page(page, is_brief=True, widths=(390,))
    # The other side is refused: its words stand beside it, and the good side stays.
    page.set_input_files("[name=back]", as_file("carte.jpg", picture))
    back = page.locator("[data-side=back]")
    expect(back.locator("[data-error]")).to_contain_text("deux fois le même fichier")
    expect(front.locator("[data-arrived]")).to_be_visible()
    page.set_input_files("[name=back]", as_file("verso.jpg", BACK))
    expect(back.locator("[data-arrived]")).to_contain_text("Verso reçu le")
    page.locator("[data-actions] button").click()
    page.wait_for_url("**/check")
    expect(page.locator("main dl")).to_contain_text("Recto reçu le")


@pytest.mark.trial
def test_a_side_is_cancelled_and_a_dead_line_gives_up_and_is_tried_again(visit: Visit) -> None:
    visitor = visit(width=390, language="en")
    sign_in_under_another_name(visitor, "camille")
    document_page(visitor, "passport")
    page, side = visitor.page, visitor.page.locator("[data-side=page]")
    page.clock.install()
    page.route("**/uploads/*/*", lambda route: route.abort("connectionreset"))
    with page.expect_event("requestfailed"):
        page.set_input_files("[name=page]", as_file("passport.jpg", FRONT))
    for _wait in range(6):
        expect(side.locator("[data-text]")).to_contain_text("The connection broke at 0 %")
        with page.expect_event("requestfailed"):
            page.clock.run_for(31_000)
    expect(side.locator("[data-error]")).to_contain_text("The connection does not come back")
    expect(side.locator("[data-again]")).to_be_focused()
    check_page(page, is_brief=True, widths=(390,))
    side.locator("[data-cancel]").click()
    expect(side.locator("[data-choice]")).to_be_visible()
    expect(page.locator("[data-said]")).to_have_text("Cancelled. Nothing of this file was kept.")
    page.set_input_files("[name=page]", as_file("passport.jpg", FRONT))
    expect(side.locator("[data-text]")).to_contain_text("The connection broke")
    page.unroute("**/uploads/*/*")
    page.clock.run_for(31_000)
    expect(side.locator("[data-arrived]")).to_contain_text("Page received on")


@pytest.mark.trial
def test_a_session_that_ends_in_the_middle_is_said(visit: Visit) -> None:
    visitor = visit()
    sign_in_under_another_name(visitor, "aicha")
    document_page(visitor, "passport")
    page = visitor.page
    cookies = page.context.cookies()
    page.context.clear_cookies(name="session")
    page.set_input_files("[name=page]", as_file("passport.jpg", FRONT))
    expect(page.locator("[data-side=page] [data-error]")).to_contain_text("Votre session est terminée")
    page.context.add_cookies(cookies)
