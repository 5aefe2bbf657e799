"""What a person finds in a category by kind, period and words: their own rows, what the page shows, and in bounded time."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from portal.records import queries
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.records import invoice, record, visit

CAMILLE = "C-camille"
TakeIn = Callable[..., list[Any]]


def search(browser: Browser, category: str = "transaction", **given: str) -> Page:
    page = browser.get(f"/data/{category}?{urlencode(given)}")
    assert page.status == 200, given
    return page


def found(page: Page) -> list[str]:
    """Return the title of each record that a page shows."""
    return [title.get_text(strip=True) for title in page.tree.select("#records summary strong")]


@pytest.fixture
def purchases(people: People, take_in: TakeIn) -> Browser:
    browser = people.signed_in()
    take_in(
        invoice("F-MARCH", "1234.50", of=CAMILLE, recorded_at="2026-03-31T23:30:00+02:00"),
        invoice("F-APRIL", "8.40", of=CAMILLE, recorded_at="2026-04-01T00:30:00+02:00"),
        invoice("F-OLD", "9", of=CAMILLE, recorded_at="2024-05-01T10:00:00+02:00"),
        record("order", "O-1", {"number": "CMD-1", "items": "Hébergement Élan", "amount": "8.40"}, CAMILLE,
               recorded_at="2026-04-02T10:00:00+02:00"),
        record("payment", "P-1", {"reference": "P-1", "amount": "5", "card_last4": "4242"}, CAMILLE,
               recorded_at="2026-04-03T10:00:00+02:00", source="payments"),
    )  # fmt: skip
    return browser


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"kind": "invoice"}, ["F-APRIL", "F-MARCH", "F-OLD"]),
        ({"period": "2026-03"}, ["F-MARCH"]),
        ({"period": "2026-04", "kind": "invoice"}, ["F-APRIL"]),
        ({"period": "2024"}, ["F-OLD"]),
        ({"words": "elan hebergement"}, ["Hébergement Élan · CMD-1"]),
        ({"words": "1234,50"}, ["F-MARCH"]),
        ({"words": "8,40", "kind": "order"}, ["Hébergement Élan · CMD-1"]),
        ({"words": "FACTURE f-o"}, ["F-OLD"]),
    ],
)
def test_kind_period_and_words_narrow_what_is_shown(
    purchases: Browser, given: dict[str, str], expected: list[str]
) -> None:
    page = search(purchases, **given)
    assert found(page) == expected
    everything = page.tree.select_one("main a[href='/data/transaction']")
    assert everything is not None
    assert len(found(purchases.get("/data/transaction"))) == 5


HOSTILE = [
    {"words": "' OR 1=1 --"},
    {"words": "%' OR customer_id <> 0 OR '_"},
    {"words": '"><script>alert(1)</script>'},
    {"words": "{{ 7 * 7 }}%(count)s"},
    {"words": "(a+)+$" * 400},
    {"words": "\x00\u202e\ud7ff"},
    {"kind": "invoice' --", "words": "F-nothing"},
    {"kind": "page_visit", "words": "F-nothing"},
    {"period": "2026-13", "words": "F-nothing"},
    {"period": "0000", "words": "F-nothing"},
    {"period": "99999-01", "words": "F-nothing"},
    {"period": "２０２６", "words": "F-nothing"},
]


def test_hostile_words_find_nothing_and_break_nothing(purchases: Browser) -> None:
    for given in HOSTILE:
        page = search(purchases, **given)
        assert found(page) == [], given
        body = page.response.get_data(as_text=True)
        assert "<script>alert" not in body, given
        assert "49%" not in body, given
    for cursor in ("%00", "x" * 5000, "W10.abc"):
        assert purchases.get(f"/data/transaction?words=F&cursor={cursor}").status == 400, cursor


def test_a_filter_that_cannot_be_meant_limits_nothing(purchases: Browser) -> None:
    for given in ({"kind": "page_visit"}, {"kind": "nothing"}, {"period": "2026-00"}, {"period": "x"}, {"words": " "}):
        assert len(found(search(purchases, **given))) == 5, given


def test_nobody_finds_the_rows_of_somebody_else_or_what_is_masked(people: People, take_in: TakeIn) -> None:
    people.account("other@example.org")
    take_in(
        invoice("F-THEIRS", "77", of="C-other", recorded_at="2026-03-10T10:00:00Z"),
        *(visit(number, of="C-other") for number in range(60)),
    )
    browser = people.signed_in()
    take_in(
        record("phone_number", "T-1", {"number": "+33611223344", "line": "mobile"}, CAMILLE, source="platform"),
        record("email_address", "E-1", {"address": "camille@example.org"}, CAMILLE, source="platform"),
    )
    for given in ({"kind": "invoice"}, {"period": "2026-03"}, {"words": "F-THEIRS"}, {"words": "facture"}):
        assert found(search(browser, **given)) == [], given
    assert found(search(browser, "contact", words="3344")) != []
    assert found(search(browser, "contact", words="112233")) == []
    theirs = people.sign_in("other@example.org")
    onwards = search(theirs, "usage", words="netkin", kind="page_visit").link("Plus anciennes")
    assert theirs.get(onwards).status == 200
    assert browser.get(onwards).status == 400


def test_a_search_reads_a_bounded_number_of_rows_and_goes_on_from_there(
    people: People, take_in: TakeIn, statements: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "RECORDS_A_SEARCH", 100)
    browser = people.signed_in()
    take_in(*(visit(number, of=CAMILLE) for number in range(330)))
    browser.get("/data/usage")
    with statements() as plain:
        browser.get("/data/usage")
    with statements() as sent:
        page = search(browser, "usage", words="page/7")
    assert len(sent) == len(plain)
    (read,) = [text for text in sent if "records.recorded_at DESC" in text]
    assert "LIMIT" in read
    # Only 330 to 230 were looked at: none of 7, 70 to 79, and there is a way on.
    assert found(page) == []
    assert "Rien trouvé en remontant jusqu’au" in page.text.replace("\u00a0", " ")
    seen: list[str] = []
    pages = 1
    while any("ancien" in link.get_text() for link in page.tree.select("main a[rel=next]")):
        page = browser.get(str(page.tree.select_one("main a[rel=next]")["href"]))
        seen += found(page)
        pages += 1
    assert pages <= 4
    assert sorted(seen) == sorted(f"https://netkin.fr/page/{number}" for number in (7, *range(70, 80)))


def test_pages_of_a_search_go_forwards_and_backwards(people: People, take_in: TakeIn) -> None:
    browser = people.signed_in()
    take_in(*(visit(number, of=CAMILLE) for number in range(140)))
    page = search(browser, "usage", words="page/1")
    first = found(page)
    second = page.click("Plus anciennes")
    assert len(first) == 30
    assert len({*first, *found(second)}) == 51
    assert found(second.click("Plus récentes")) == first
