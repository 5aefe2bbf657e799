"""Words of people stay words: no template, format, header, formula or log line is made of them anywhere."""

import json
import logging
import re

import pytest
from flask import Flask

from portal.access.permissions import Role
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.people import People
from tests.support.cases import open_case, take
from tests.support.filing import describe_copy, only_request, trust_device
from tests.support.looking.logs import served_log

EMAIL = "camille@example.org"
TEMPLATE = "{{7*7}}${7*7}<%= 7*7 %>#{7*7}{% raise %}{{config}}"
FORMAT = "%s%n%(nothing)s{0}{nothing}{0.__class__}%"
MARKUP = "\"'><script>alert(49)</script><img src=x onerror=alert(1)>&amp;"
WORDS = f"{TEMPLATE} {FORMAT} {MARKUP}"


def plain(text: str) -> str:
    return " ".join(text.replace("\u00a0", " ").split())


def test_words_are_shown_as_they_were_written_everywhere(app: Flask, people: People, mailbox: Mailbox) -> None:
    customer = people.signed_in(EMAIL, given_name=TEMPLATE, family_name=MARKUP)
    trust_device()
    page = describe_copy(customer, details=WORDS)
    assert plain(WORDS) in page.text
    reference = page.submit(action="/send") and only_request().reference
    assert plain(WORDS) in customer.get(f"/requests/{reference}").text
    for path in ("/data", "/data/identity", "/requests", "/account"):
        answer = customer.get(path)
        assert answer.status == 200
        assert not answer.tree.select("main script, main img[src=x]"), path
    reviewer = people.signed_in_staff(Role.REVIEWER)
    shown = take(reviewer, reference)
    assert plain(WORDS) in shown.text
    assert not shown.tree.select("main script:not([src]), img[src=x]")
    shown.submit({"note-text": WORDS}, with_field="note-text")
    assert plain(WORDS) in open_case(reviewer, reference).text
    mail = mailbox.last_to(EMAIL)
    assert f"Bonjour {TEMPLATE}," in text_of(mail)
    html = mail.get_body(("html",))
    assert html is not None
    assert "<script" not in html.get_content()
    for content in (text_of(mail), html.get_content()):
        assert not re.search(r"(?<![\d.])49(?![\d%])", content.replace("alert(49)", ""))


def test_a_name_makes_no_header_and_no_recipient(people: People, mailbox: Mailbox) -> None:
    customer = people.signed_in(
        EMAIL, given_name="Zoé\r\nBcc: all@example.org\r\n\r\nBonjour", family_name="\x07\x1b[31m"
    )
    trust_device()
    describe_copy(customer).submit(action="/send")
    for mail in mailbox.all():
        assert mail["To"] == EMAIL
        assert mail["Bcc"] is None
        assert mail["Cc"] is None
        assert "all@example.org" not in str(mail["Subject"])


def test_a_search_of_staff_is_no_pattern(people: People) -> None:
    people.account(EMAIL)
    reviewer = people.signed_in_staff(Role.REVIEWER)
    for words in (".*(a+)+$", "%", "_", "(" * 5000, "' OR '1'='1", '") OR ("1"="1', "\\", "*"):
        page = reviewer.get("/staff/queue", query_string={"text": words[:100]})
        assert page.status == 200
        assert EMAIL not in page.text


@pytest.mark.parametrize(
    "field", ["User-Agent", "Referer", "X-Request-Id", "Accept-Language", "Authorization", "Cookie"]
)
def test_a_header_makes_no_log_line(app: Flask, field: str) -> None:
    hostile = 'x\x1b[31m"}{"event":"forged","reference":"CANARY"}'
    with served_log() as log:
        app.test_client().get("/no/such%0A%7B%22event%22:%22forged%22%7D?q=CANARY%0D%0A", headers={field: hostile})
    (line,) = log.getvalue().splitlines()
    assert json.loads(line)["event"] == "request"
    assert json.loads(line)["timestamp"].endswith("Z")
    assert "CANARY" not in line
    assert "\x1b" not in line


def test_words_of_people_are_no_format_of_a_log(app: Flask, people: People) -> None:
    with served_log() as log:
        logging.getLogger("portal.trial").error("refused", extra={"words": f"{FORMAT}\r\n\x1b[31m"})
        customer = people.signed_in(EMAIL, given_name=FORMAT, family_name=FORMAT)
        assert customer.get("/data").status == 200
    lines = log.getvalue().splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["refused"] + ["request"] * 2
    assert json.loads(lines[0])["words"] == f"{FORMAT}\r\n\x1b[31m"
    assert "nothing" not in "".join(lines[1:])


def test_a_stranger_sees_no_template_run(app: Flask) -> None:
    browser = Browser(app)
    page = browser.get("/sign-in").submit({"email": TEMPLATE, "password": WORDS[:120]}, with_field="password")
    assert page.form(with_field="password").find(attrs={"name": "email"})["value"] == TEMPLATE
    assert "49" not in re.sub(r"[?]v=[0-9a-f]+", "", page.response.get_data(as_text=True)).replace("alert(49)", "")
