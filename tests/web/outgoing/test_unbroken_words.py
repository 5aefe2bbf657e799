"""“e-mail” stays on one line: in the words of every page and mail, and nowhere else."""

import re

import pytest

from portal.bilingual import unbroken, unbroken_page
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import People

BREAKABLE = re.compile(r"\be-mail", re.IGNORECASE)


@pytest.mark.parametrize(
    "text", ["jean.e-mail@example.org", "http://example.org/e-mail", "e-mail@example.org", "e-mailing"]
)
def test_addresses_and_longer_words_are_left_alone(text: str) -> None:
    assert unbroken(text) == text


def test_only_what_is_read_is_joined() -> None:
    page = '<title>E-mail</title><a title="e-mail">e-mails</a><textarea>My e-mail</textarea><p>E-mail</p>'
    assert unbroken_page(page) == page.replace(">e-mails", ">e-\u2060mails").replace("<p>E-mail", "<p>E-\u2060mail")


@pytest.mark.parametrize("language", ["fr", "en"])
def test_pages_and_mails_hold_the_word_in_one_piece(people: People, mailbox: Mailbox, language: str) -> None:
    customer = people.signed_in(language=language)
    stranger = Browser(people.app, language)
    pages = [stranger.get("/policy"), stranger.get("/sign-in"), customer.get("/data"), customer.get("/preferences")]
    pages.append(pages[1].submit({"email": "x"}, with_field="email"))
    found = 0
    for page in pages:
        words = re.sub(r"<(title|head|textarea)\b.*?</\1>|<[^>]*>", " ", page.response.text, flags=re.DOTALL)
        assert not BREAKABLE.findall(words), page.url
        found += words.count("-\u2060mail")
    assert found > 10
    customer.get("/account/address").submit({"email": "new@example.org"}, with_field="email")
    parts = [
        part.get_content() for mail in mailbox.all() for part in mail.walk() if part.get_content_maintype() == "text"
    ]
    assert language == "en" or any("-\u2060mail" in part for part in parts)
    assert not [
        part for part in parts if BREAKABLE.search(re.sub(r"<head.*?</head>|<[^>]*>", " ", part, flags=re.DOTALL))
    ]
