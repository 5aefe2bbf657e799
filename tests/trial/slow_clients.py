"""Slow and huge clients by the hundred, at one web process as `flask serve` starts it: the others notice nothing.

Three crowds on the same server, one after the other: 500 bodies of a byte a second; 500 heads that drip; 120 bodies that
send 40 kB and then drip. While each is there, one more client asks for pages and for both probes. Then what is huge: a form
of 100 000 fields, a head of 600 kB, a body of 3 GB that is announced, a stream of chunks without an end.
"""

import resource
import selectors
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import requests

from tests.trial.installation import installation
from tests.trial.waiting import Server, served

PAGE = "/sign-in"
CALM_SECONDS, REDUCED_SECONDS = 30.0, 7.0
P95_BOUND = 1.0
MEMORY_BOUND_MB = 200
"""What a web process may take beyond what it took at rest: the budget of all bodies, and room for their threads."""
FORM = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
CROWDS = {
    "bodies of a byte a second": (500, FORM + b"Content-Length: 1000000\r\n\r\n"),
    "heads that drip": (500, b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "),
    "bodies that send 40 kB and drip": (120, FORM + b"Content-Length: 1000000\r\n\r\n" + b"x" * 40_000),
}


def hold_back_slow_clients(reduced: bool) -> str:
    """Crowd the server, and measure how long everybody else waits."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    seconds = REDUCED_SECONDS if reduced else CALM_SECONDS
    with installation() as portal, served(portal) as server:
        for _time in range(3):
            _timed(f"{server.url}{PAGE}")  # the first page compiles its templates
        at_first, before = server.processes(), server.peaks()["web"]
        figures = [f"{_measured(server, seconds)} alone"]
        for what, (number, begun) in CROWDS.items():
            with crowd(server, number, begun) as ended:
                figures.append(f"{_measured(server, seconds)} beside {number} {what} ({len(ended)} cut off)")
        figures.append(_huge(server))
        grown = server.peaks()["web"] - before
        assert grown < MEMORY_BOUND_MB, f"{grown} MB more"
        assert server.processes() == at_first, "a process died"
        return "; ".join([*figures, f"{grown} MB more at most"])


def _measured(server: Server, seconds: float) -> str:
    """Ask for pages and probes for a while; return their p95, which must be below the bound."""
    pages, probes = [], []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pages.append(_timed(f"{server.url}{PAGE}"))
        probes += [_timed(f"{server.url}{path}") for path in ("/healthz", "/readyz")]
    p95, of_probes = (statistics.quantiles(taken, n=20)[-1] for taken in (pages, probes))
    assert p95 < P95_BOUND, f"pages: p95 {p95:.2f} s of {len(pages)}"
    assert of_probes < P95_BOUND, f"probes: p95 {of_probes:.2f} s of {len(probes)}"
    return f"p95 {p95 * 1000:.0f} ms of {len(pages)} pages, {of_probes * 1000:.0f} ms of {len(probes)} probes"


def _timed(address: str) -> float:
    began = time.monotonic()
    answer = requests.get(address, timeout=30)
    assert answer.status_code == 200, f"{address}: {answer.status_code}"
    return time.monotonic() - began


@contextmanager
def crowd(server: Server, number: int, begun: bytes) -> Iterator[list[int]]:
    """Keep so many clients at it: each sends what it begins with, then a byte a second, and comes back when cut off.

    Yields the numbers of those that were cut off.
    """
    ended: list[int] = []
    over = threading.Event()
    clients = [_begin(server, begun) for _number in range(number)]

    def drip() -> None:
        while not over.wait(1):
            for place, client in enumerate(clients):
                try:
                    client.send(b"x")
                except OSError:
                    ended.append(place)
                    client.close()
                    clients[place] = _begin(server, begun)

    dripping = threading.Thread(target=drip)
    dripping.start()
    try:
        yield ended
    finally:
        over.set()
        dripping.join()
        for client in clients:
            client.close()


def _begin(server: Server, begun: bytes) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 80), 30)
    client.sendall(begun)
    return client


def _huge(server: Server) -> str:
    """Send what is huge, and return how each was refused, and how quickly."""
    sent = {
        "100 000 fields": (FORM + b"Content-Length: 700000\r\n\r\n" + b"f=1234&" * 100_000, {"413"}),
        "600 kB of headers": (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 600_000 + b"\r\n\r\n", {"431"}),
        "3 GB announced": (FORM + b"Content-Length: 3000000000\r\n\r\n" + b"x" * 100_000, {"413"}),
        "chunks without an end": (
            FORM + b"Transfer-Encoding: chunked\r\n\r\n" + b"10000\r\n%s\r\n" % (b"x" * 65_536) * 40,
            {"413"},
        ),
    }
    told = []
    for what, (content, expected) in sent.items():
        began = time.monotonic()
        status = _status(server, content)
        taken = time.monotonic() - began
        assert status in expected, f"{what}: {status}"
        assert taken < P95_BOUND + 2, f"{what}: {taken:.1f} s"  # two seconds to read on before the close
        told.append(f"{what}: {status} in {taken * 1000:.0f} ms")
    return ", ".join(told)


def _status(server: Server, content: bytes) -> str:
    """Send what the server takes, and return the status of its answer as soon as it is there."""
    with socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 80), 30) as client:
        client.setblocking(False)
        waits = selectors.DefaultSelector()
        waits.register(client, selectors.EVENT_READ | selectors.EVENT_WRITE)
        view = memoryview(content)
        while True:
            for _key, events in waits.select(30):
                if events & selectors.EVENT_READ:
                    return client.recv(12).decode().rpartition(" ")[2]
                if view:
                    view = view[client.send(view[:65_536]) :]
                else:
                    waits.modify(client, selectors.EVENT_READ)
