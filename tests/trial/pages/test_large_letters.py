"""Letters twice as large, as people set them in their browser: nothing scrolls sideways, and nothing is cut (WCAG 1.4.4)."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.acting.chromium import visitors_of
from tests.support.acting.visitor import FLAGS, PATIENCE, Profiles, Visitor
from tests.support.servers.machine import need
from tests.support.servers.served import Served

PAGES = {
    "": ["/", "/sign-in", "/register", "/cookies", "/policy", "/nowhere"],
    "camille": [
        "/data", "/data/usage", "/data/identity", "/preferences", "/preferences/history", "/requests", "/requests/new",
        "/requests/new/access", "/requests/new/directives", "/access-log", "/account", "/account/second-step",
    ],
    "li": ["/data", "/requests/DR-2026-00006"],
    "reviewer": ["/staff/queue", "/staff/requests/DR-2026-00010", "/staff/requests/DR-2026-00005", "/staff/customers"],
    "officer": ["/staff/desk", "/staff/retention", "/staff/register", "/staff/marketing", "/staff/requests/DR-2026-00007"],
    "administrator": ["/staff/members", "/staff/tokens", "/staff/permissions", "/staff/account"],
}  # fmt: skip

# What scrolls sideways; boxes that hide a part of what they hold; words that stand over the edge of their box or of the page.
_CUT = """() => {
  const root = document.documentElement, faults = [];
  const tell = (what, item) => faults.push(what + ": " + item.outerHTML.slice(0, 120));
  if (root.scrollWidth > root.clientWidth) faults.push("scrolls sideways by " + (root.scrollWidth - root.clientWidth));
  for (const item of document.querySelectorAll("body *:not(.visually-hidden, .visually-hidden *, .skip, option, svg *)")) {
    const style = getComputedStyle(item);
    if (!item.checkVisibility({visibilityProperty: true}) || style.clipPath !== "none") continue;
    const isClipped = ["hidden", "clip"].includes(style.overflowX);
    if (isClipped && item.clientWidth > 2 && item.scrollWidth > item.clientWidth + 1) tell("cut", item);
    const edge = item.getBoundingClientRect().right, words = document.createRange();
    for (const text of [...item.childNodes].filter(node => node.nodeType === 3 && node.textContent.trim())) {
      words.selectNode(text);
      const right = words.getBoundingClientRect().right;
      if (style.display !== "inline" && right > edge + 12) tell("over its edge", item);
      if (right > root.clientWidth + 1) tell("off the page", item);
    }
  }
  return faults;
}"""


@pytest.fixture(scope="module")
def large(profiles: Profiles) -> Iterator[Profiles]:
    """A browser whose user chose letters of 32 pixels in place of 16."""
    flags = [*FLAGS, "--blink-settings=defaultFontSize=32"]
    browser = profiles.chromium.browser_type.launch(executable_path=need("chromium"), args=flags, timeout=PATIENCE)
    yield Profiles(browser)
    browser.close()


@pytest.fixture
def visit_large(served: Served, large: Profiles) -> Iterator[Callable[..., Visitor]]:
    with visitors_of(served, large) as make:
        yield make


@pytest.mark.parametrize("who", list(PAGES))
def test_nothing_is_cut(visit_large: Callable[..., Visitor], who: str) -> None:
    visitor = visit_large()
    if who in ("camille", "li"):
        visitor.sign_in(who)
    elif who:
        visitor.sign_in_staff(who)
    faults = []
    for path in PAGES[who]:
        page = visitor.open(path)
        status = page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus")
        assert status == (404 if path == "/nowhere" else 200), f"{path} answered {status}"
        assert page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") == 32
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            faults += [f"{path} at {width}: {fault}" for fault in page.evaluate(_CUT)]
    assert not faults, "\n".join(faults)
