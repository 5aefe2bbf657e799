"""The head of a request: whole, readable in one way, small and in time."""

import pytest

from portal.serving import connection
from tests.support.servers.front import Fronted, read_all

END = b"Host: localhost\r\nConnection: close\r\n\r\n"
NEXT = b"GET /healthz HTTP/1.1\r\n" + END
UNREADABLE = {
    "lines that end by LF": b"GET /healthz HTTP/1.1\nHost: localhost\n\n",
    "one line that ends by LF": b"GET /healthz HTTP/1.1\r\nHost: localhost\nAccept: */*\r\n\r\n",
    "no Host": b"GET /healthz HTTP/1.1\r\nAccept: */*\r\n\r\n",
    "an empty Host": b"GET /healthz HTTP/1.1\r\nHost:\r\n\r\n",
    "two Hosts": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: other\r\n\r\n",
    "a folded line": b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n other\r\n\r\n",
    "chunks in HTTP/1.0": b"POST /sign-in HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk whose size ends by LF": b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\na\r\n",
}
TOO_LARGE = {
    "600 kB in one field": b"GET / HTTP/1.1\r\nX: " + b"x" * 600_000 + b"\r\n" + END,
    "34 kB in many fields": b"GET / HTTP/1.1\r\n" + b"X-Field: 0123456789\r\n" * 1650 + END,
    "a name without an end": b"GET / HTTP/1.1\r\n" + b"x" * 600_000,
    "an address of 40 kB": b"GET /?" + b"x" * 40_000 + b" HTTP/1.1\r\n" + END,
    "languages of 1.1 kB": b"GET / HTTP/1.1\r\nAccept-Language: " + b"fr;q=0.1," * 125 + b"\r\n" + END,
    "a field after the body": b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: "
    + b"x" * 600_000,
}


@pytest.mark.parametrize("name", list(UNREADABLE))
def test_what_has_no_single_reading_is_refused_and_hides_nothing(front: Fronted, name: str) -> None:
    assert front.statuses(UNREADABLE[name] + NEXT) == ["400"]


@pytest.mark.parametrize("name", list(TOO_LARGE))
def test_what_is_too_large_is_refused(front: Fronted, name: str) -> None:
    assert front.statuses(TOO_LARGE[name]) == ["431"]


def test_what_is_within_the_bounds_is_answered(front: Fronted) -> None:
    fields = b"X-Field: 0123456789\r\n" * 1300 + b"Accept-Language: " + b"fr;q=0.1," * 110 + b"\r\n"
    assert front.statuses(b"GET /healthz HTTP/1.1\r\n" + fields + NEXT.partition(b"\r\n")[2]) == ["200"]
    assert front.statuses(b"GET /healthz HTTP/1.0\r\n\r\n") == ["200"]


def test_a_field_after_the_body_is_none_of_the_head(front: Fronted) -> None:
    sent = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert front.statuses(sent + b"0\r\nHost: other\r\n\r\n") == ["419"]


def test_several_requests_on_one_connection_are_answered_in_order(front: Fronted) -> None:
    once = NEXT.replace(b"Connection: close\r\n", b"")
    assert front.statuses(once + once.replace(b"healthz", b"no-such") + NEXT) == ["200", "404", "200"]


@pytest.mark.parametrize(("begun", "status"), [(b"GET /heal", b"HTTP/1.1 408 "), (b"", b"")])
def test_a_head_that_drips_ends(front: Fronted, begun: bytes, status: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_SECONDS", 0.3)
    with front.connect() as slow:
        slow.sendall(begun)
        assert read_all(slow).startswith(status)


def test_a_line_of_idle_connections_loses_its_oldest(front: Fronted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "MOST_WAITING", 3)
    idle = [front.connect() for _number in range(5)]
    try:
        assert front.statuses(NEXT) == ["200"]
        idle[0].settimeout(connection.HEAD_SECONDS / 2)
        assert idle[0].recv(1) == b""
    finally:
        for each in idle:
            each.close()
