"""A thread is held while the portal works for a client, and neither while the client sends nor while it reads."""

import socket
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from flask import Flask

from portal.serving import connection
from portal.serving import front as serving
from portal.site import probes
from tests.support.servers.front import Fronted, fronted, read_all
from tests.support.servers.served import until

GET = b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
DONE = b"4\r\ndone\r\n0\r\n\r\n"
PIECE = b"x" * (1024 * 1024)


class Works:
    """A WSGI application whose pages wait, or stream without an end, and that notes what becomes of them."""

    def __init__(self) -> None:
        self.entered = 0
        self.closed = 0
        self.go_on = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.entered += 1
        if environ["PATH_INFO"] == "/waits":
            self.go_on.wait(60)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return Endless(self) if environ["PATH_INFO"] == "/endless" else [b"done"]


class Endless:
    """An answer that goes on until it is closed."""

    def __init__(self, works: Works) -> None:
        self._works = works

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield PIECE

    def close(self) -> None:
        self._works.closed += 1


@pytest.fixture
def works(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Works]:
    """The application, in the place of the portal's."""
    made = Works()
    monkeypatch.setattr(app, "wsgi_app", made)
    monkeypatch.setattr(serving, "THREADS", 2)
    monkeypatch.setattr(serving, "MOST_IN_LINE", 1)
    yield made
    made.go_on.set()


@pytest.fixture
def front(app: Flask, works: Works) -> Iterator[Fronted]:
    with fronted(app) as served:
        yield served
        works.go_on.set()


def ask(front: Fronted, path: bytes) -> socket.socket:
    asking = front.connect()
    asking.sendall(GET % path)
    return asking


def test_the_line_is_bounded_and_who_leaves_takes_no_thread(front: Fronted, works: Works) -> None:
    busy = [ask(front, b"/waits") for _number in range(2)]
    until(lambda: works.entered == 2 or None, "both threads")
    leaves = ask(front, b"/waits")
    until(lambda: b" 503 " in front.talk(GET % b"/") or None, "a full line")
    assert b"retry-after: " in front.talk(GET % b"/")
    leaves.close()
    with ask(front, b"/") as stays:
        until(lambda: b" 503 " in front.talk(GET % b"/") or None, "the place of who left")
        works.go_on.set()
        assert read_all(stays).endswith(DONE)
    for each in busy:
        with each:
            assert read_all(each).endswith(DONE)
    assert works.entered == 3


def test_probes_answer_while_all_threads_are_taken(
    front: Fronted, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "CHECK_SECONDS", 30)  # whatever the machine does besides
    busy = [ask(front, b"/waits") for _number in range(2)]
    until(lambda: works.entered == 2 or None, "both threads")
    for path in (b"/healthz", b"/readyz"):
        assert front.statuses(GET % path) == ["200"]
    works.go_on.set()
    for each in busy:
        each.close()


def test_who_reads_slowly_holds_no_thread(front: Fronted, works: Works) -> None:
    slow = []
    for _number in range(5):
        slow.append(ask(front, b"/endless"))
        assert slow[-1].recv(12) == b"HTTP/1.1 200"
    assert front.talk(GET % b"/").endswith(DONE)
    assert works.closed == 0
    for each in slow:
        each.close()
    until(lambda: works.closed == 5 or None, "every stream closed with its client")


def test_who_does_not_read_is_cut_off(front: Fronted, works: Works, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "ANSWER_SECONDS", 1)
    monkeypatch.setattr(connection, "SLOWEST_BYTES_A_SECOND", 10**9)
    with front.connect() as deaf:
        deaf.sendall(GET.replace(b"Connection: close\r\n", b"") % b"/endless")
        time.sleep(0.5)
        deaf.sendall(GET % b"/")  # another request is no sign that the first answer is read
        until(lambda: works.closed == 1 or None, "the end of a stream that nobody reads", 30)
        assert not read_all(deaf).endswith(b"\r\n0\r\n\r\n")


def test_what_was_begun_is_finished_before_the_end(app: Flask, works: Works) -> None:
    with fronted(app) as front:
        asked = ask(front, b"/waits")
        until(lambda: works.entered == 1 or None, "the request")
        late = threading.Timer(0.5, works.go_on.set)
        late.start()
    with asked:
        assert read_all(asked).endswith(DONE)
    with pytest.raises(ConnectionRefusedError):
        front.connect()
    late.join()
