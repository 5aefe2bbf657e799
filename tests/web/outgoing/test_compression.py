"""Pages and static files leave compressed, never where somebody's own words stand beside a secret."""

import gzip
import re

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.support.acting.browser import Browser
from tests.support.acting.people import PASSWORD, People

GZIP = {"Accept-Encoding": "gzip, deflate, br"}
PLAIN = {"Accept-Encoding": "identity"}
LARGEST_PAGE = 18 * 1024
MAIN_PAGES = ("/data", "/data/identity", "/preferences", "/requests", "/requests/new/access", "/account", "/access-log")


def stylesheet(browser: Browser) -> str:
    found = re.search(r'href="(/static/[^"]+\.css\?v=[^"]+)"', browser.client.get("/accessibility").text)
    assert found
    return found[1]


def get(browser: Browser, path: str, **headers: str) -> TestResponse:
    """Fetch an address as a client that takes gzip, if not told otherwise, to the end."""
    return browser.client.get(path, headers=GZIP | headers, buffered=True)


def is_compressed(answer: TestResponse) -> bool:
    return answer.headers.get("Content-Encoding") == "gzip"


def test_a_page_is_the_same_compressed_or_not(browser: Browser) -> None:
    plain, packed = get(browser, "/accessibility", **PLAIN), get(browser, "/accessibility")
    tokens = re.compile(r'name="csrf_token"[^>]+')
    assert is_compressed(packed)
    assert not is_compressed(plain)
    assert tokens.sub("", gzip.decompress(packed.data).decode()) == tokens.sub("", plain.text)
    assert len(packed.data) == packed.content_length < len(plain.data) / 2
    assert all("Accept-Encoding" in answer.vary for answer in (plain, packed))


@pytest.mark.parametrize("asked", ["", "br", "gzip;q=0", "gzip;q=0, *", "identity"])
def test_who_does_not_take_gzip_gets_none(browser: Browser, asked: str) -> None:
    for path in ("/sign-in", stylesheet(browser)):
        answer = get(browser, path, **{"Accept-Encoding": asked})
        assert not is_compressed(answer)
        assert "Accept-Encoding" in answer.vary


def test_what_was_typed_or_asked_for_is_never_compressed(people: People) -> None:
    browser = people.signed_in()
    token = {"csrf_token": browser.form_token("/account")}
    answers = [
        get(browser, "/data?page=guess"),
        get(browser, "/guess"),
        browser.client.post("/account/password", data=token | {"new": "guess"}, headers=GZIP),
        browser.client.post("/sign-in", data={"email": "guess"}, headers=GZIP),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 422, 419]
    assert not any(is_compressed(answer) for answer in answers)


def test_only_pages_and_static_files_are_compressed(people: People, app: Flask) -> None:
    browser = people.signed_in()
    for path in ("/access-log.csv", "/feed/v1/openapi.json", "/healthz"):
        answer = get(browser, path)
        assert answer.status_code == 200
        assert not is_compressed(answer), path


def test_a_static_file_keeps_its_rules(browser: Browser) -> None:
    path = stylesheet(browser)
    plain, packed = get(browser, path, **PLAIN), get(browser, path)
    head = browser.client.head(path, headers=GZIP, buffered=True)
    sent = gzip.decompress(packed.data)
    assert b"/*" in plain.data
    assert sent == re.sub(rb"/\*.*?\*/\s*", b"", plain.data, flags=re.DOTALL), "comments are for who reads the file"
    assert (head.data, head.headers["Content-Length"]) == (b"", str(len(packed.data)))
    assert packed.headers["Cache-Control"] == plain.headers["Cache-Control"]
    assert plain.get_etag() == (packed.get_etag()[0], False)
    assert packed.get_etag()[1], "two encodings of a file are not the same bytes"
    for tag in (plain.headers["ETag"], packed.headers["ETag"]):
        unchanged = get(browser, path, **{"If-None-Match": tag})
        assert (unchanged.status_code, unchanged.data, unchanged.get_etag()[1]) == (304, b"", True)
    part = get(browser, path, Range="bytes=0-99")
    assert (part.status_code, part.data, is_compressed(part)) == (206, plain.data[:100], False)


def test_main_pages_with_their_styles_stay_within_18_kb(people: People) -> None:
    browser = people.signed_in()
    styles = len(get(browser, stylesheet(browser)).data)
    for path in ("/", *MAIN_PAGES):
        answer = get(browser, path)
        assert is_compressed(answer), path
        assert len(answer.data) + styles <= LARGEST_PAGE, f"{path}: {len(answer.data)} bytes and {styles} of styles"


def test_the_token_of_a_form_is_another_one_in_each_answer(browser: Browser) -> None:
    found = [re.findall(r'name="csrf_token"[^>]* value="([^"]+)"', browser.client.get("/sign-in").text) for _ in "123"]
    assert all(len(set(tokens)) == 1 for tokens in found), "within an answer it is the same"
    (one, other, third) = [tokens[0] for tokens in found]
    shared = [sum(a == b for a, b in zip(one, each, strict=True)) for each in (other, third)]
    assert all(same < len(one) / 4 for same in shared)
    for token in (one, other, third):
        values = {"csrf_token": token, "email": "nobody@example.org", "password": PASSWORD}
        assert browser.post("/sign-in", values).status == 422


@pytest.mark.parametrize(
    "change", [lambda t: t[:-4], lambda t: "A" + t[1:], lambda t: t[4:], lambda t: "é", lambda t: "AAAA"]
)
def test_a_changed_token_is_none(browser: Browser, change: object) -> None:
    token = change(browser.form_token("/sign-in"))  # type: ignore[operator]
    assert browser.post("/sign-in", {"csrf_token": token, "email": "x@example.org"}).status == 419


def test_the_token_of_another_session_is_none(app: Flask, browser: Browser) -> None:
    other = Browser(app).form_token("/sign-in")
    browser.form_token("/sign-in")
    assert browser.post("/sign-in", {"csrf_token": other, "email": "x@example.org"}).status == 419
