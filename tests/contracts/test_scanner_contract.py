"""Only an explicit "OK" of a working scanner is clean; everything that goes wrong is held."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from portal.infrastructure.scanner import Clamd, NoScanner, Outcome, Scanner, scanner_from_url
from tests.support.servers.clamd import EICAR, Daemon
from tests.support.servers.clamd import clamd as clamd_daemon


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A running clamd, which knows one signature and takes 1 MB at most."""
    with clamd_daemon(tmp_path_factory.mktemp("clamd")) as running:
        yield running


@pytest.fixture
def clamd(daemon: Daemon) -> Scanner:
    return scanner_from_url(daemon.url())


@pytest.mark.parametrize("kind", ["none", "clamd"])
def test_every_scanner_gives_a_verdict_on_bytes_and_on_a_stream(kind: str, request: pytest.FixtureRequest) -> None:
    scanner = scanner_from_url("none:") if kind == "none" else request.getfixturevalue("clamd")
    expected = Outcome.NOT_SCANNED if kind == "none" else Outcome.CLEAN
    assert scanner.scan(b"a harmless document").outcome is expected
    assert scanner.scan(iter([b"a harmless ", b"", b"document"])).outcome is expected
    assert scanner.scan(b"").outcome is expected
    assert scanner.state().is_working


def test_no_scanner_says_that_it_does_not_scan() -> None:
    verdict = NoScanner().scan(EICAR)
    assert verdict.outcome is Outcome.NOT_SCANNED
    assert verdict.detail == "no scanner is configured"
    assert "not scanned" in NoScanner().state().text


def zipped(data: bytes) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        archive.writestr("inside.txt", data)
    return buffer.getvalue()


@pytest.mark.parametrize("document", [EICAR, zipped(EICAR), zipped(zipped(EICAR))])
def test_what_the_scanner_recognises_is_infected(clamd: Scanner, document: bytes) -> None:
    verdict = clamd.scan(document)
    assert (verdict.outcome, verdict.detail) == (Outcome.INFECTED, "Eicar-Test.UNOFFICIAL")


def test_a_signature_split_over_many_chunks_is_still_found(clamd: Scanner) -> None:
    assert clamd.scan(EICAR[at : at + 1] for at in range(len(EICAR))).outcome is Outcome.INFECTED


@pytest.mark.parametrize("megabytes", [2, 24])
def test_a_document_over_the_scanners_limit_is_held(clamd: Scanner, megabytes: int) -> None:
    verdict = clamd.scan(bytes(megabytes * 1024 * 1024))
    assert verdict.outcome is Outcome.HELD
    assert verdict.detail


def test_the_scanner_tells_its_version(clamd: Scanner) -> None:
    assert clamd.state().text.startswith("ClamAV ")


def test_a_stopped_scanner_holds_documents(tmp_path: Path) -> None:
    for url in (f"clamd://{tmp_path}/nothing.sock", f"clamd://127.0.0.1:{unused_port()}"):
        scanner = scanner_from_url(url)
        assert scanner.scan(EICAR).outcome is Outcome.HELD
        assert not scanner.state().is_working


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def answering() -> Iterator[Callable[[bytes | None], Clamd]]:
    """Start a false daemon that reads one command and gives this answer (None: never answers)."""
    threads: list[threading.Thread] = []
    over = threading.Event()

    def start(answer: bytes | None) -> Clamd:
        listener = socket.create_server(("127.0.0.1", 0))

        def serve() -> None:
            with listener, listener.accept()[0] as connection:
                received = b""
                while not received.endswith(bytes(4)) and not received.endswith(b"VERSION\0"):
                    received += connection.recv(65536)
                if answer is None:
                    over.wait(30)
                else:
                    connection.sendall(answer)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return Clamd(listener.getsockname(), timeout=1 if answer is None else 10)

    yield start
    over.set()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"stream: OK",
        b"stream: OK\0stream: OK\0",
        b"stream: OK\n",
        b" stream: OK\0",
        b"OK\0",
        b"stream: ok\0",
        b"stream: lstat() failed: No such file or directory. ERROR\0",
        b"INSTREAM size limit exceeded. ERROR\0",
        b"stream: Can't allocate memory ERROR\0",
        b"UNKNOWN COMMAND\0",
        b"x" * 100_000,
    ],
)
def test_an_answer_that_is_not_exactly_ok_is_held(answering: Callable[[bytes | None], Clamd], answer: bytes) -> None:
    verdict = answering(answer).scan(b"a document")
    assert verdict.outcome is Outcome.HELD
    assert verdict.detail


def test_a_scanner_that_never_answers_holds_the_document_in_bounded_time(
    answering: Callable[[bytes | None], Clamd],
) -> None:
    started = time.monotonic()
    verdict = answering(None).scan(b"a document")
    assert (verdict.outcome, verdict.detail) == (Outcome.HELD, "the scanner did not answer in time")
    assert time.monotonic() - started < 5


def test_the_age_of_the_signatures_is_read(answering: Callable[[bytes | None], Clamd]) -> None:
    state = answering(b"ClamAV 1.4.3/27823/Sat Nov 21 09:26:17 2026\0").state()
    assert state.is_working
    assert state.signatures_at == datetime(2026, 11, 21, 9, 26, 17, tzinfo=UTC)
    assert answering(b"ClamAV 1.4.3\0").state().signatures_at is None
    assert not answering(b"something else\0").state().is_working


@pytest.mark.parametrize(
    "url",
    [
        "",
        "clamd",
        "clamd://",
        "clamd:///",
        "clamd://host:x",
        "clamd://host/x",
        "clamd://h?limit=1",
        "http://h",
    ],
)
def test_a_url_that_names_no_scanner_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="scanner URL"):
        scanner_from_url(url)
