"""Pictures of what a test looks at, for people to look at too: set PORTAL_PICTURES to a folder, as `make pictures` does."""

import os
import re
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page

from tests.support.acting.visitor import Scheme

WIDTHS = (390, 768, 1280)
SCHEMES: tuple[Scheme, ...] = ("light", "dark")

_taken: Counter[str] = Counter()


def keep_pictures(page: Page) -> None:
    """Save the whole page at each width in light and dark; a second state of an address gets a number."""
    folder = os.environ.get("PORTAL_PICTURES")
    if not folder:
        return
    name = _name_of(page)
    _taken[name] += 1
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            path = Path(folder) / f"{name}-{os.getpid()}-{_taken[name]}-{width}-{scheme}.png"
            page.screenshot(path=path, full_page=True)
    page.emulate_media(color_scheme="light")


def _name_of(page: Page) -> str:
    language = page.locator("html").get_attribute("lang")
    words = re.sub(r"[^A-Za-z0-9]+", "-", urlsplit(page.url).path).strip("-") or "first"
    return f"{words[:80]}-{language}"
