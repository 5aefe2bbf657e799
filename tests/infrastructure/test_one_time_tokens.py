"""The text of a link is read whatever a mail program left around it, and no other text is."""

from urllib.parse import quote

import pytest

from portal.infrastructure.one_time_tokens import read_token, write_token
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, link_in
from tests.support.acting.visitors import register

KEY, PURPOSE, NAMED = "k" * 32, "confirm_address", "0123456789abcdef" * 2
TOKEN = write_token(KEY, PURPOSE, NAMED)


@pytest.mark.parametrize(
    "around",
    [
        "{}.", "{},", "{})", "{}>", "{}»", "{}\u00a0»", "{}”.", "{}…", "{}。", "{}*", "{}_", "{}`", "{}|", "{}\\", "{}'", '{}">ici', "{}&gt;",
        "<{}>", "({})", "«{}", "{}=20", "{}=\r\n", "{}\r\n", "{}%20", "{}%3E", "{}\u200b", "\ufeff{}", "{};", "{}:", "{}?!",
        "{}&utm_source=mail", "{}]]", "{}\u202c",
    ],
)  # fmt: skip
def test_what_stands_around_a_link_is_no_part_of_it(around: str) -> None:
    assert read_token(KEY, PURPOSE, around.format(TOKEN)) == NAMED


@pytest.mark.parametrize("wrap", ["=\r\n", "\r\n", "\n ", " ", "\u00ad", "\u200b", "=\n"])
def test_a_link_that_was_wrapped_is_whole(wrap: str) -> None:
    for place in (10, 32, 33, 60, 96):
        assert read_token(KEY, PURPOSE, TOKEN[:place] + wrap + TOKEN[place:]) == NAMED, place
    assert read_token(KEY, PURPOSE, TOKEN.upper()) == read_token(KEY, PURPOSE, TOKEN.replace(".", "%2E")) == NAMED


@pytest.mark.parametrize(
    "text", ["", ".", TOKEN[:-1], TOKEN + "0", "a" + TOKEN, TOKEN.replace(".", ""), TOKEN.replace(".", ".."), NAMED, f"{NAMED}.{'é' * 64}", TOKEN[:-1] + "g"]
)  # fmt: skip
def test_another_text_is_no_link(text: str) -> None:
    assert read_token(KEY, PURPOSE, text) is None
    assert read_token(KEY, "reset_password", TOKEN) is None


def test_the_page_of_a_damaged_link_works(browser: Browser, mailbox: Mailbox) -> None:
    register(browser, "nadia@example.org")
    link = link_in(mailbox.last_to("nadia@example.org"))
    page = browser.get(link[:50] + quote("=\r\n") + link[50:] + quote("&gt;»."))
    assert page.status == 200
    assert page.h1 == browser.get(link).h1
