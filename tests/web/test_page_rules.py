"""The rules that every page is held to, wherever a test fetches it, find what breaks them."""

import lxml.html
import pytest

from tests.support.looking.page_rules import check_page

HEAD = "<!doctype html><html lang=fr><head><title>Portail</title></head>"
GOOD = (
    f"{HEAD}<body><h1>Vos données</h1><script src=/a.js></script><form><label for=a>Nom</label><input id=a>"
    "<label>Ville <input></label><input aria-label=Rue><input type=hidden><fieldset><label for=b>Oui</label>"
    "<input type=radio id=b aria-describedby='c a'></fieldset><p id=c>Aide</p></form></body></html>"
)


def check(page: str) -> None:
    check_page(lxml.html.document_fromstring(page), "/page")


def test_a_good_page_passes() -> None:
    check(GOOD)


@pytest.mark.parametrize(
    ("good", "bad", "fault"),
    [
        ("<h1>Vos données</h1>", "", "one h1, not 0"),
        ("</body>", "<h1>Encore</h1></body>", "one h1, not 2"),
        ("<title>Portail</title>", "", "a title"),
        ("<title>Portail</title>", "<title> </title>", "a title"),
        ("lang=fr", "", "html lang"),
        ("lang=fr", "lang=de", "html lang"),
        ("<p id=c>", "<p id=c></p><p id=c>", "ids used twice: ['c']"),
        ("<form>", "<style>p {}</style><form>", "an inline style element"),
        ("<form>", "<form style='color: red'>", "a style attribute"),
        ("<script src=/a.js>", "<script>a()", "an inline script"),
        ("<form>", "<form onsubmit='a()'>", "inline handlers ['onsubmit']"),
        ("<p id=c>", "<p>", "described by missing ['c']"),
        ("<label for=a>", "<label>", "has no label"),
        ("<label>Ville <input></label>", "Ville <select></select>", "has no label"),
        (" aria-label=Rue", "", "has no label"),
        ("fieldset", "div", "stands in no fieldset"),
    ],
)  # fmt: skip
def test_a_broken_rule_is_told(good: str, bad: str, fault: str) -> None:
    assert good in GOOD
    with pytest.raises(AssertionError) as told:
        check(GOOD.replace(good, bad))
    assert fault in str(told.value)
