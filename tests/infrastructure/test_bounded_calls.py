"""A call ends in time and within its bytes, whatever the server does on the wire."""

import gzip
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from threading import enumerate as running_threads

import pytest
from requests import RequestException, Session

from portal.infrastructure.connections.bounded_calls import MOST_BYTES, bound

SECONDS = 0.6
# A machine that is busy may add to it; without the bound each of these lasts a minute.
MOST_SECONDS = 20
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

Serve = Callable[[socket.socket, Event], None]


@contextmanager
def serving(serve: Serve) -> Iterator[str]:
    """Serve every connection by a function of its socket, on loopback."""
    over, listening = Event(), socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        while not over.is_set():
            try:
                connection, _address = listening.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                try:
                    serve(connection, over)
                except OSError:
                    continue

    thread = Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        over.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(60)


def dripping(start: bytes, drop: bytes) -> Serve:
    def serve(connection: socket.socket, over: Event) -> None:
        connection.sendall(start)
        until = time.monotonic() + 60
        while not over.wait(0.05) and time.monotonic() < until:
            connection.sendall(drop)

    return serve


def sending(content: bytes) -> Serve:
    return lambda connection, _over: connection.sendall(content)


def whole(body: bytes, more: bytes = b"") -> bytes:
    return HEAD + more + b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    "serve",
    [
        dripping(b"", b"H"),
        dripping(HEAD, b"X-A: b\r\n"),
        dripping(HEAD + b"Content-Length: 5000\r\n\r\n{", b" "),
        dripping(HEAD + b"\r\n" + b'{"id": "1"}', b" "),
        dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        lambda _connection, over: over.wait(60),
    ],
    ids=["status line", "head", "body of a known length", "whole body without its end", "chunks", "silence"],
)
def test_a_server_that_drips_holds_nobody(serve: Serve) -> None:
    with serving(serve) as url, bound(Session(), SECONDS) as session:
        began = time.monotonic()
        with pytest.raises(RequestException):
            session.get(url)
        assert time.monotonic() - began < MOST_SECONDS


def test_two_calls_share_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(sending(whole(b"{}", b"Connection: close\r\n"))) as url, bound(Session(), SECONDS) as session:
        assert session.get(url).json() == {}
        time.sleep(SECONDS)
        with pytest.raises(RequestException):
            session.get(url)


@pytest.mark.parametrize(
    "make",
    [
        lambda: whole(b" " * (MOST_BYTES + 1)),
        lambda: HEAD + b"\r\n" + b" " * 50_000_000,
        lambda: whole(gzip.compress(b" " * 50_000_000), b"Content-Encoding: gzip\r\n"),
    ],
    ids=["too long by one", "without end", "compressed"],
)
def test_a_flood_is_refused(make: Callable[[], bytes]) -> None:
    with serving(sending(make())) as url, bound(Session(), 60) as session, pytest.raises(RequestException):
        session.get(url)


def test_what_keeps_within_its_bounds_is_read() -> None:
    body = b'"' + b"x" * (MOST_BYTES - 2) + b'"'
    with serving(sending(whole(body))) as url, bound(Session(), 60) as session:
        answer = session.get(url)
    assert (answer.content, answer.json()) == (body, body[1:-1].decode())


@pytest.mark.parametrize("status", [b"301", b"302", b"303", b"307", b"308"])
def test_no_redirect_is_followed(status: bytes) -> None:
    head = b"HTTP/1.1 " + status + b" Elsewhere\r\nLocation: /\r\nContent-Length: 2\r\n\r\n{}"
    with serving(sending(head)) as url, bound(Session(), 60) as session, pytest.raises(RequestException):
        session.get(url)


def test_nothing_is_left_of_a_call() -> None:
    before = set(running_threads())
    for _call in range(5):
        with serving(sending(whole(b"{}"))) as url, bound(Session(), 600) as session:
            session.get(url)
    started = set(running_threads()) - before
    for thread in started:
        thread.join(10)  # the server's may still be ending; a deadline of ten minutes that was left would not
    assert not [thread for thread in started if thread.is_alive()]
