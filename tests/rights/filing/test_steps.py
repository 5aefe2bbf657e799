"""The first page says of how many steps a request is, and the last page counts the same."""

import re

import pytest

from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.filing import trust_device

ANSWERS = {
    "access": {"scope": "all"},
    "erasure": {"scope": "all"},
    "restriction": {"scope": "all", "case": "accuracy"},
    "portability": {"scope": "all"},
    "objection": {"use": "other", "details": "Une autre utilisation."},
    "directives": {"consent": "y"},
}


def steps(page: Page) -> tuple[int, int] | None:
    found = re.search(r"Étape (\d) sur (\d)", page.text)
    return (int(found[1]), int(found[2])) if found else None


def walk(browser: Browser, right: str, **answers: str) -> list[tuple[int, int] | None]:
    """Fill the pages of a request until it can be sent, and return the numbers that they showed."""
    page = browser.get(f"/requests/new/{right}")
    seen = [steps(page)]
    values = ANSWERS.get(right, {}) | answers
    page = page.submit(values, with_field=next(iter(values)))
    seen.append(steps(page))
    if page.tree.select("form[action$='/later']"):
        page = page.submit(action="/later")
        seen.append(steps(page))
    assert page.tree.select("form[action$='/send']"), page.text
    return seen


@pytest.mark.parametrize("right", ANSWERS)
@pytest.mark.parametrize("is_known", [True, False], ids=["known device", "new device"])
def test_the_first_page_counts_as_the_last(people: People, right: str, is_known: bool) -> None:
    browser = people.signed_in(external_id="C-1001")
    if is_known:
        trust_device()
    seen = walk(browser, right)
    assert {total for _number, total in seen} == {len(seen)}
    assert [number for number, _total in seen] == list(range(1, len(seen) + 1))


@pytest.mark.parametrize(("category", "total"), [("identity", 3), ("usage", 2)])
def test_where_the_answer_decides_the_first_page_counts_nothing(people: People, category: str, total: int) -> None:
    browser = people.signed_in(external_id="C-1001")
    seen = walk(browser, "rectification", category=category, wrong="Faux.")
    assert seen == [None, *((number, total) for number in range(2, total + 1))]
