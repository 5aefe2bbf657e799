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


MALFORMED = {
    "a part without a name": b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n",
    "a file without a name of its field": b'--b\r\nContent-Disposition: form-data; filename="a"\r\n\r\nx\r\n--b--\r\n',
    "a part without headers": b"--b\r\n\r\nx\r\n--b--\r\n",
    "a part that does not say what it is": b"--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n",
    "a header that is none": b"--b\r\nnonsense\r\n\r\nx\r\n--b--\r\n",
    "a name in no UTF-8": b'--b\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nx\r\n--b--\r\n',
    "no end": b'--b\r\nContent-Disposition: form-data; name="email"\r\n\r\nx',
    "half a header": b"--b\r\nContent-Disposition: form-da",
    "no part at all": b"hello",
}


@pytest.mark.parametrize("address", ["/sign-in", "/unsubscribe/x"])
@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_a_form_whose_parts_are_malformed_is_refused_for_that(browser: Browser, body: bytes, address: str) -> None:
    named = b'--b\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n%s\r\n'
    token = named % browser.form_token("/sign-in").encode()
    sent = browser.client.post(address, data=token + body, content_type="multipart/form-data; boundary=b")
    assert sent.status_code == 400
    assert "ne pouvons pas lire" in sent.text.replace("\u00a0", " ")


@pytest.mark.parametrize("content_type", ["multipart/form-data", 'multipart/form-data; boundary="é"'])
def test_a_form_without_a_boundary_is_refused_for_that(browser: Browser, content_type: str) -> None:
    assert browser.client.post("/sign-in", data=b"--b--\r\n", content_type=content_type).status_code == 400
