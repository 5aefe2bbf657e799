"""Draw the pictures of docs/pictures that show the demonstration: `python -m tests.trial.pages.states`, after a change of the look.

One sheet of the pages that matter most in their states, and the four pictures of the README.
"""

import sys
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import sync_playwright

from portal.translations.__main__ import compile_catalogues
from tests.support.acting.visitor import FLAGS, PATIENCE, Profiles, Scheme, Visitor
from tests.support.servers.machine import need
from tests.support.servers.served import Served, serve_demonstration

PICTURES = Path(__file__).parents[3] / "docs/pictures"
WIDE, NARROW, HEIGHT, GAP = 1280, 390, 1200, 40
LATE, PAUSED, ANSWERED = "DR-2026-00003", "DR-2026-00006", "DR-2026-00002"
TO_CHECK, TO_SECOND = "DR-2026-00010", "DR-2026-00007"
STAFF = ("reviewer", "officer")


@dataclass(frozen=True)
class Look:
    """A page as one person sees it: who (nobody: a stranger), where, in which language and scheme; keys pressed there."""

    who: str
    path: str
    language: str = "fr"
    scheme: Scheme = "light"
    keys: str = ""


# Rows of the sheet: on a screen, and the last one on a telephone.
ROWS = [
    [Look("", "/"), Look("thomas", "/data"), Look("emma", "/data", "en", "dark")],
    [Look("camille", "/preferences"), Look("camille", "/data/transaction"), Look("emma", "/preferences", "en", "dark")],
    [Look("thomas", f"/requests/{LATE}"), Look("li", f"/requests/{PAUSED}"), Look("camille", f"/requests/{ANSWERED}")],
    [Look("reviewer", "/staff/queue"), Look("reviewer", f"/staff/requests/{TO_CHECK}", keys="o"),
     Look("officer", f"/staff/requests/{TO_SECOND}", "en", "dark")],
]  # fmt: skip
PHONES = [
    Look("", "/sign-in"), Look("camille", "/data", scheme="dark"), Look("camille", "/preferences"),
    Look("emma", "/data/transaction", "en"), Look("li", f"/requests/{PAUSED}", scheme="dark"),
    Look("reviewer", "/staff/queue"), Look("reviewer", f"/staff/requests/{TO_SECOND}", scheme="dark"),
    Look("", "/nowhere", "en"), Look("camille", "/preferences/history"),
]  # fmt: skip
README = {
    "dashboard": (Look("li", "/data"), WIDE, 900),
    "preferences-phone": (Look("camille", "/preferences", scheme="dark"), NARROW, 844),
    "queue": (Look("reviewer", "/staff/queue"), WIDE, 900),
    "review": (Look("reviewer", f"/staff/requests/{TO_CHECK}", keys="o"), WIDE, 900),
}


class Painter:
    """Somebody who signs in as whoever is asked for, and takes pictures."""

    def __init__(self, portal: Served, profiles: Profiles) -> None:
        self._portal, self._profiles = portal, profiles
        self._visitors: dict[tuple[str, str], Visitor] = {}

    def picture(self, look: Look, width: int, height: int) -> Image.Image:
        """Take the top of a page."""
        visitor = self._visitor(look)
        page = visitor.page
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=look.scheme, reduced_motion="reduce")
        visitor.open(look.path)
        status = page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus")
        assert status == (404 if look.path == "/nowhere" else 200), f"{look.path} answered {status}"
        for key in look.keys:
            page.keyboard.press(key)
            page.locator(".document img").first.wait_for()
        page.wait_for_load_state("networkidle")
        page.evaluate("() => document.activeElement.blur()")
        return Image.open(BytesIO(page.screenshot())).convert("RGB")

    def _visitor(self, look: Look) -> Visitor:
        key = (look.who, look.language)
        if key not in self._visitors:
            visitor = self._visitors[key] = self._profiles.take(self._portal, language=look.language)
            if look.who in STAFF:
                visitor.sign_in_staff(look.who)
            elif look.who:
                visitor.sign_in(look.who)
            else:
                visitor.open("/")
                visitor.speak()
        return self._visitors[key]


def main() -> int:
    """Draw the sheet at half its size, and the pictures of the README at theirs."""
    compile_catalogues()
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        base = Path(folder)
        with serve_demonstration(base / "served", base) as portal:
            chromium = playwright.chromium.launch(executable_path=need("chromium"), args=FLAGS, timeout=PATIENCE)
            painter = Painter(portal, Profiles(chromium))
            for name, (look, width, height) in README.items():
                _save(painter.picture(look, width, height), name)
            rows = [[painter.picture(look, WIDE, HEIGHT) for look in row] for row in ROWS]
            rows.append([painter.picture(look, NARROW, HEIGHT) for look in PHONES])
            chromium.close()
    _save(_sheet(rows), "states")
    return 0


def _sheet(rows: list[list[Image.Image]]) -> Image.Image:
    width = max(sum(picture.width + GAP for picture in row) for row in rows) - GAP
    sheet = Image.new("RGB", (width, len(rows) * (HEIGHT + GAP) - GAP), "#80879a")
    for number, row in enumerate(rows):
        left = 0
        for picture in row:
            sheet.paste(picture, (left, number * (HEIGHT + GAP)))
            left += picture.width + GAP
    return sheet.resize((sheet.width // 2, sheet.height // 2), Image.Resampling.LANCZOS)


def _save(picture: Image.Image, name: str) -> None:
    path = PICTURES / f"{name}.png"
    picture.quantize(256, kmeans=2, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    sys.exit(main())
