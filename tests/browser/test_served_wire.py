"""What the web server makes of requests that two machines might read in two ways (RFC 9112 section 11.2)."""

import re
import socket
from urllib.parse import urlsplit

import pytest

from tests.support.servers.served import Served

NEXT = b"GET /policy HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\n"

AMBIGUOUS = {
    "length and chunks": POST + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT,
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: 44\r\n\r\n" + NEXT,
    "an unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + NEXT,
    "a blank before the colon": POST + b"Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + NEXT,
    "a length with a sign": POST + b"Content-Length: +5\r\n\r\n0\r\n\r\n" + NEXT,
    "a NUL in the address": b"GET /healthz\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n" + NEXT,
}


def statuses(served: Served, sent: bytes) -> list[str]:
    """Send bytes as they are and return the status of each answer until the server closes."""
    with socket.create_connection(("localhost", urlsplit(served.url).port or 80), 60) as connection:
        connection.sendall(sent)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    return re.findall(r"^HTTP/1\.1 (\d{3})", received.decode("latin-1"), re.MULTILINE)


@pytest.mark.parametrize("name", list(AMBIGUOUS))
def test_nothing_hides_behind_a_request_that_can_be_read_in_two_ways(served: Served, name: str) -> None:
    (status,) = statuses(served, AMBIGUOUS[name])
    assert status in {"400", "419"}


def test_the_server_does_not_tell_its_version(served: Served) -> None:
    with socket.create_connection(("localhost", urlsplit(served.url).port or 80), 60) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        head = connection.makefile("rb").read().decode("latin-1").lower()
    told = [line for line in head.splitlines() if line.startswith(("server:", "x-powered-by:", "via:"))]
    assert not [line for line in told if re.search(r"\d", line)], told
