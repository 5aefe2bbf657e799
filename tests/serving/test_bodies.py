"""A body is received whole before a thread is taken: within its size, in time, and within what all hold together."""

import time

import pytest

from portal.serving import bodies
from portal.web.incoming import request_limits
from tests.support.acting.people import People
from tests.support.servers.front import Fronted, read_all

POST = b"POST /sign-in HTTP/1.1\r\nHost: localhost\r\nAccept-Language: fr\r\n"
PLAIN = b"Content-Type: application/x-www-form-urlencoded\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


def head(size: int) -> bytes:
    return POST + PLAIN + b"Content-Length: %d\r\n\r\n" % size


@pytest.mark.parametrize(
    "sent",
    [
        head(2_000_000),
        head(2_000_000) + b"x" * 1_500_000,
        POST + PLAIN + CHUNKED + b"100000\r\n" + b"x" * 0x100000 + b"\r\n1\r\nx\r\n",
        POST + b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 26000000\r\n\r\n",
        POST + b"Content-Type: application/octet-stream\r\nContent-Length: 600000\r\n\r\n",
    ],
)  # fmt: skip
def test_a_body_over_its_limit_is_refused_in_french_before_it_is_there(front: Fronted, sent: bytes) -> None:
    answer = front.talk(sent).decode()
    assert answer.startswith("HTTP/1.1 413 ")
    assert "dépasse la taille acceptée" in answer
    assert "connection: close" in answer


def test_nobody_is_told_to_send_what_would_be_refused(front: Fronted) -> None:
    sent = POST + PLAIN + b"Content-Length: 2000000\r\nExpect: 100-continue\r\n\r\n"
    assert front.statuses(sent) == ["413"]
    with front.connect() as polite:
        polite.sendall(POST + PLAIN + b"Content-Length: 3\r\nConnection: close\r\nExpect: 100-continue\r\n\r\n")
        assert polite.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        polite.sendall(b"a=b")
        assert read_all(polite).startswith(b"HTTP/1.1 419 ")


@pytest.mark.parametrize("sent", [head(1000) + b"x", POST + CHUNKED + b"1\r\nx\r\n"])
def test_a_body_that_drips_is_cut_off(front: Fronted, sent: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.5)
    began = time.monotonic()
    answer = front.talk(sent).decode()
    assert answer.startswith("HTTP/1.1 408 ")
    assert "pris trop de temps" in answer.replace("\u00a0", " ")
    assert time.monotonic() - began >= 0.5


def test_each_part_puts_the_deadline_off(front: Fronted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 1)
    with front.connect() as steady:
        steady.sendall(head(10_000))
        for _number in range(10):  # 1.5 s, which 10 000 bytes at 2 kB/s may take beside the first second
            time.sleep(0.15)
            steady.sendall(b"x" * 1000)
        assert steady.recv(12) == b"HTTP/1.1 419"


def test_all_bodies_together_are_bounded_and_the_oldest_makes_room(
    front: Fronted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "ALL_BODIES", 100_000)
    with front.connect() as first, front.connect() as second:
        first.sendall(head(80_000) + b"x" * 60_000)
        time.sleep(0.3)
        second.sendall(head(80_000) + b"x" * 80_000)
        assert second.recv(12) == b"HTTP/1.1 419"
        answer = read_all(first)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: " in answer


@pytest.mark.parametrize("separator", ["body", "query"])
def test_fields_are_counted_before_they_are_read(people: People, separator: str) -> None:
    fields = "&".join(f"f{number}=1" for number in range(request_limits.MOST_FIELDS + 1))
    client = people.app.test_client()
    began = time.process_time()
    if separator == "query":
        assert client.get(f"/?{fields}").status_code == 400
    else:
        sent = client.post("/sign-in", data=fields, content_type="application/x-www-form-urlencoded")
        assert sent.status_code == 413
    assert time.process_time() - began < 1
