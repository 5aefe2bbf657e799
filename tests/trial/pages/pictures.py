"""Draw docs/pictures/components.png, the sheet of all parts: `python -m tests.trial.pages.pictures`, after a change of the look."""

import sys
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

from portal.translations.__main__ import compile_catalogues
from tests.support.acting.visitor import FLAGS
from tests.support.looking.pages.component_page import serve_components
from tests.support.servers.machine import need

SHEET = Path(__file__).parents[3] / "docs/pictures/components.png"
# Audience, language, width in pixels and scheme of each look, from left to right.
LOOKS = [("customer", "fr", 1280, "light"), ("staff", "en", 1280, "dark"), ("customer", "en", 390, "light")]
HEIGHT = 5100
GAP = 40


def main() -> int:
    """Draw the sheet at half its size."""
    compile_catalogues()
    with TemporaryDirectory() as folder, serve_components(Path(folder)) as served, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=need("chromium"), args=FLAGS)
        pictures = [_picture(chromium, served.url, *look) for look in LOOKS]
        chromium.close()
    sheet = Image.new("RGB", (sum(picture.width + GAP for picture in pictures) - GAP, HEIGHT), "#80879a")
    left = 0
    for picture in pictures:
        sheet.paste(picture, (left, 0))
        left += picture.width + GAP
    small = sheet.resize((sheet.width // 2, sheet.height // 2), Image.Resampling.LANCZOS)
    small.quantize(256, kmeans=2, dither=Image.Dither.NONE).save(SHEET, optimize=True)
    print(f"{SHEET.name}: {SHEET.stat().st_size} bytes")
    return 0


def _picture(chromium: Browser, url: str, audience: str, language: str, width: int, scheme: str) -> Image.Image:
    page = chromium.new_page(
        viewport={"width": width, "height": HEIGHT}, color_scheme="dark" if scheme == "dark" else "light"
    )
    page.goto(f"{url}/components/{audience}/{language}", wait_until="networkidle")
    page.evaluate(
        "() => { document.activeElement.blur(); document.querySelector('.save-bar').style.position = 'static' }"
    )
    return Image.open(BytesIO(page.screenshot()))


if __name__ == "__main__":
    sys.exit(main())
