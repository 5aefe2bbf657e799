"""The header stands on one line at 1280 pixels, whatever font the machine has, for everybody and in both languages."""

from collections.abc import Callable

import pytest

from tests.support.acting.visitor import Visitor

# How far apart the middles of what stands in the header are, in pixels.
_SPREAD = """() => {
  const middles = [...document.querySelectorAll("header .brand, header nav a, header .tools :is(a, button)")].map(item => {
    const box = item.getBoundingClientRect();
    return box.top + box.height / 2;
  });
  return [middles.length, Math.max(...middles) - Math.min(...middles), document.fonts.check("16px Figtree")];
}"""


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(("who", "entries"), [("camille", 8), ("officer", 10), ("administrator", 7)])
def test_the_header_is_one_line(visit: Callable[..., Visitor], who: str, entries: int, language: str) -> None:
    visitor = visit(language=language)
    visitor.page.route("**/*.woff2*", lambda route: route.abort())
    visitor.sign_in(who) if who == "camille" else visitor.sign_in_staff(who)
    found, spread, has_font = visitor.page.evaluate(_SPREAD)
    assert found == entries
    assert not has_font
    assert spread < 4
    visitor.page.unroute("**/*.woff2*")
