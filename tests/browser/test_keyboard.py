"""By keyboard alone: every stop is seen, the content is one key away, and a clear identity check takes a dozen keys."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.acting.visitor import Visitor
from tests.support.looking.pages.stops import stops
from tests.support.servers.served import ROOT, Served

Visit = Callable[..., Visitor]


@pytest.mark.parametrize("width", [1280, 390])
def test_every_stop_of_a_customer_is_seen(visit: Visit, width: int) -> None:
    visitor = visit(width=width)
    faults = []
    for path, least in (("/", 8), ("/sign-in", 8)):
        number, found = stops(visitor.open(path))
        assert number >= least, f"{path} has {number} stops"
        faults += found
    visitor.sign_in("camille")
    for path, least in (("/data", 15), ("/data/financial", 12), ("/preferences", 40), ("/requests/new/erasure", 12)):
        number, found = stops(visitor.open(path))
        assert number >= least, f"{path} has {number} stops"
        faults += [f"{path} {fault}" for fault in found]
    assert not faults, "\n".join(faults)


def test_every_stop_of_staff_is_seen(visit: Visit) -> None:
    visitor = visit()
    visitor.sign_in_staff("officer")
    page = visitor.open("/staff/queue")
    number, faults = stops(page)
    assert number >= 20
    for reference in ("DR-2026-00005", "DR-2026-00008"):
        _number, found = stops(visitor.open(f"/staff/requests/{reference}"))
        faults += [f"{reference} {fault}" for fault in found]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("path", ["/", "/policy", "/staff/sign-in"])
def test_the_content_is_one_key_away(visit: Visit, path: str) -> None:
    page = visit(width=390).open(path)
    page.keyboard.press("Tab")
    expect(page.locator("a.skip")).to_be_focused()
    expect(page.locator("a.skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


class Keys:
    """Presses keys and counts them; a chord counts as one.

    A page that just came is waited for: until its scripts run, it hears no key.
    """

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pressed = 0

    def press(self, *keys: str) -> None:
        self.page.wait_for_load_state()
        for key in keys:
            self.page.keyboard.press(key)
            self.pressed += 1


def confirm_identity(keys: Keys) -> None:
    """Take the case shown, open its document, tick every point and record the finding, counted from the queue."""
    page = keys.page
    keys.press("o")
    expect(page.locator(".document img").first).to_be_visible()
    points = page.locator("[name=checklist]")
    keys.press(*(str(number) for number in range(1, points.count() + 1)))
    assert all(point.is_checked() for point in points.all())
    keys.press("a", "Control+Enter")
    expect(page.locator("form[action$='/decision']")).to_be_visible()
    assert keys.pressed <= 12, f"the identity check took {keys.pressed} keys"


@pytest.mark.trial
def test_twenty_clear_cases_are_checked_by_keyboard(served: Served, visit: Visit) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "tests.support.documents.clear_cases", "20"],
        cwd=ROOT, env=os.environ | {"PORTAL_INSTANCE": str(served.instance)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    references = made.stdout.split()
    assert len(references) == 20
    visitor = visit()
    visitor.sign_in_staff("reviewer")
    for reference in references:
        page = visitor.open(f"/staff/queue?text={reference}")
        keys = Keys(page)
        keys.press("j", "Enter")
        page.wait_for_url(f"**/staff/requests/{reference}")
        confirm_identity(keys)


def test_a_document_is_enlarged_turned_and_closed_by_itself(visit: Visit) -> None:
    visitor = visit()
    visitor.page.clock.install()
    visitor.sign_in_staff("reviewer")
    page = visitor.open("/staff/requests/DR-2026-00010")
    keys = Keys(page)
    keys.press("o")
    sheet, tools = page.locator(".sheet").first, page.locator(".viewer-tools")
    expect(tools).to_be_visible()
    for key, found in (
        ("z", "sheet larger"),
        ("z", "sheet largest"),
        ("t", "sheet largest turned turn-1"),
        ("z", "sheet turned turn-1"),
    ):
        keys.press(key)
        expect(sheet).to_have_class(found)
    page.clock.fast_forward("11:00")
    expect(page.locator("[data-look-over]")).to_be_visible()
    expect(page.locator(".document img")).to_have_count(0)


def test_a_clear_case_is_decided_by_keyboard(visit: Visit) -> None:
    visitor = visit()
    visitor.sign_in_staff("reviewer")
    page = visitor.open("/staff/queue?text=DR-2026-00010")
    keys = Keys(page)
    keys.press("j", "Enter")
    page.wait_for_url("**/staff/requests/DR-2026-00010")
    confirm_identity(keys)
    keys.press("a")
    expect(page.locator("[name=way][value=proposed]")).to_be_checked()
    expect(page.locator("[name=message]")).to_be_focused()
    page.keyboard.type("Here is your copy.")
    keys.press("Control+Enter")
    assert keys.pressed <= 14, f"check and answer took {keys.pressed} keys beside the words of the answer"
    page.wait_for_url(lambda url: not url.endswith("/DR-2026-00010"))
    expect(page.locator(".banner")).to_be_visible()
