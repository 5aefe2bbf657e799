"""The header stands on one line at 1280 pixels, whatever font the machine has, for everybody and in both languages."""

from collections.abc import Callable

import pytest

from tests.support.acting.visitor import Visitor

# Take the typeface away, as where it never arrives: what stands in for it remains.
_WITHOUT_FONT = """() => {
  for (const sheet of document.styleSheets)
    for (let at = sheet.cssRules.length - 1; at >= 0; at--)
      if (sheet.cssRules[at].style?.fontFamily === "Figtree") sheet.deleteRule(at);
  return [...document.fonts].filter(face => face.family === "Figtree").length;
}"""
# How many things stand in the header, and how far apart their middles are, in pixels.
_SPREAD = """() => {
  const items = [...document.querySelectorAll("header .brand, header nav a, header .tools :is(a, button)")];
  const middles = items.map(item => item.getBoundingClientRect()).map(box => box.top + box.height / 2);
  return [middles.length, Math.max(...middles) - Math.min(...middles)];
}"""


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(("who", "entries"), [("camille", 8), ("officer", 11), ("administrator", 7)])
def test_the_header_is_one_line(visit: Callable[..., Visitor], who: str, entries: int, language: str) -> None:
    visitor = visit(language=language)
    visitor.sign_in(who) if who == "camille" else visitor.sign_in_staff(who)
    assert visitor.page.evaluate(_WITHOUT_FONT) == 0
    found, spread = visitor.page.evaluate(_SPREAD)
    assert found == entries
    assert spread < 4
    # The measure bites: at half the width the same things stand on several lines.
    visitor.page.set_viewport_size({"width": 1121, "height": 900})
    visitor.page.evaluate("() => document.querySelector('.bar').setAttribute('class', 'bar narrow centre')")
    assert visitor.page.evaluate(_SPREAD)[1] > 4
