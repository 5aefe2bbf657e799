"""What can be read in more than one way, or in none, is refused as such."""

import pytest

from tests.support.acting.browser import Browser

PLAIN_FORM = "application/x-www-form-urlencoded"


@pytest.mark.parametrize("body", [b"email=andr\xe9%40example.org", b"email=a\xff"])
def test_a_form_that_is_not_utf8_is_refused_for_that(browser: Browser, body: bytes) -> None:
    token = browser.form_token("/sign-in").encode()
    sent = browser.client.post("/sign-in", data=body + b"&csrf_token=" + token, content_type=PLAIN_FORM)
    assert sent.status_code == 400
    assert "ne pouvons pas lire" in sent.text.replace("\u00a0", " ")


def test_a_form_in_utf8_is_read_whole(browser: Browser) -> None:
    body = f"email=andré@example.org&password=x&csrf_token={browser.form_token('/sign-in')}".encode()
    sent = browser.client.post("/sign-in", data=body, content_type=PLAIN_FORM)
    assert sent.status_code == 422
    assert "andré@example.org" in sent.text


def test_two_hosts_are_refused(browser: Browser) -> None:
    assert browser.client.get("/", headers={"Host": "portal.example,other.example"}).status_code == 400
    assert browser.client.get("/", headers={"Host": "portal.example:8443"}).status_code == 200
