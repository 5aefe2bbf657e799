"""What the portal reads of a request that the front received (PEP 3333)."""

from io import BytesIO
from typing import Any

from portal.serving.bodies import Body
from portal.serving.wsgi import environment


def scope(*headers: tuple[bytes, bytes], path: bytes = b"/") -> dict[str, Any]:
    return {
        "method": "POST", "raw_path": path, "query_string": b"q=%C3%A9", "headers": list(headers), "scheme": "http",
        "http_version": "1.1", "client": ("192.0.2.1", 50_000), "server": ("127.0.0.1", 8000),
    }  # fmt: skip


def test_a_name_with_an_underscore_passes_for_no_other() -> None:
    read = environment(scope((b"x_forwarded_for", b"203.0.113.9"), (b"x-forwarded-proto", b"https")), Body())
    assert "HTTP_X_FORWARDED_FOR" not in read
    assert read["HTTP_X_FORWARDED_PROTO"] == "https"


def test_repeated_fields_are_joined_and_cookies_by_their_own_sign() -> None:
    read = environment(scope((b"a", b"1"), (b"a", b"2"), (b"cookie", b"x=1"), (b"cookie", b"y=2")), Body())
    assert read["HTTP_A"] == "1,2"
    assert read["HTTP_COOKIE"] == "x=1; y=2"


def test_the_length_is_that_of_what_came_and_nothing_speaks_of_chunks() -> None:
    sent = scope((b"transfer-encoding", b"chunked"), (b"content-type", b"text/plain"))
    read = environment(sent, Body(BytesIO(b"abc"), 3))
    assert (read["CONTENT_LENGTH"], read["CONTENT_TYPE"]) == ("3", "text/plain")
    assert not {"HTTP_TRANSFER_ENCODING", "HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE"} & set(read)
    assert read["wsgi.input"].read() == b"abc"


def test_an_address_is_decoded_once() -> None:
    read = environment(scope(path=b"/caf%C3%A9%252e"), Body())
    assert read["PATH_INFO"].encode("latin-1").decode() == "/café%2e"
    assert read["QUERY_STRING"] == "q=%C3%A9"
    assert read["REMOTE_ADDR"] == "192.0.2.1"
