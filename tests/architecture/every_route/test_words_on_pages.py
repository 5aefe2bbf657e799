"""What stands on a page is written for people: no code of the program, and French with the spaces that French needs."""

import html
import re

import pytest

from portal.access.declare import declared_access
from portal.access.permissions import Role
from portal.preferences.purposes import FLAG_CODES
from portal.web.audiences import Audience
from tests.support.demonstration import Demonstration, walkable

CODE = re.compile(r"(?<![\w@./:=-])[a-z]+(?:_[a-z0-9]+)+(?![\w@/=-]|\.\w)")
ENGLISH = re.compile(
    r"\b(granted|refused|received|withdrawn|answered|closed|queued|building|ready|failed|expired|restricted|active|erased"
    r"|pending|confirmed|rejected|abandoned|counter|access|portability|erasure|objection|provided|observed|inferred)\b"
)
LOOSE = re.compile(r"« \S|\S »|\S [;:?!](?= |$)|«\S|[^\s\u00a0\u202f]»")
UNSEEN = re.compile(r"<(script|style|svg|head|pre|code)\b.*?</\1>|<[^>]*>", re.DOTALL)
# These name what somebody has to find elsewhere: the cookies in a browser, the keys of the organisation file, and in
# a column of its own the code of a choice, which the feed has too.
NAMES = {
    "/cookies": {"staff_session", "staff_form", "staff_device"},
    "/preferences/history.csv": set(FLAG_CODES),
    "/staff/register": {
        "country_name",
        "data_protection_officer",
        "no_trackers_for",
        "takes_automated_decisions",
        "transfer_safeguard",
    },
}
# Three roles open every page of staff between them.
CALLERS = {
    Audience.PUBLIC: ["nobody"],
    Audience.CUSTOMER: ["customer", "stranger"],
    Audience.STAFF: [Role.OFFICER, Role.REVIEWER, Role.ADMINISTRATOR],
}

Words = dict[tuple[str, str], str]


@pytest.fixture(scope="module")
def words(demo: Demonstration) -> Words:
    """The words of every page that each kind of caller may open, in French; where a tag stands, a line ends."""
    found = {}
    for rule in walkable(demo.app, "GET"):
        access = declared_access(demo.app, rule.endpoint)
        for caller in CALLERS.get(access.audience, []) if access else []:
            browser = demo.browsers[caller]
            answer = browser.client.get(demo.path(rule, caller), headers=browser.headers)
            if answer.mimetype in {"text/html", "text/csv"} and answer.status_code == 200:
                found[caller, rule.rule] = html.unescape(UNSEEN.sub("\n", answer.text))
    assert len(found) > 80
    return found


def test_no_page_shows_a_code_of_the_program(words: Words) -> None:
    found = {
        place: {*CODE.findall(text), *ENGLISH.findall(text)} - NAMES.get(place[1], set())
        for place, text in words.items()
    }
    assert {place: codes for place, codes in found.items() if codes} == {}


def test_french_keeps_signs_and_words_together(words: Words) -> None:
    found = {place: LOOSE.findall(text) for place, text in words.items()}
    assert {place: faults for place, faults in found.items() if faults} == {}


@pytest.mark.parametrize("text", ["« non", "non »", "Réponse :", "Vraiment ?", "«\u202fnon»"])
def test_a_loose_sign_is_seen(text: str) -> None:
    assert LOOSE.search(text)


@pytest.mark.parametrize("text", ["Statut : in_review.", "legal_obligation", "(second_opinion)"])
def test_a_code_is_seen(text: str) -> None:
    assert CODE.search(text)
