"""Ask a virus scanner about a document. Only its explicit "OK" makes a document clean."""

import re
import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

BLOCK_SIZE = 64 * 1024
_LONGEST_REPLY = 4096
# A daemon that works tells its version at once, even while it scans.
_STATE_SECONDS = 5
_FOUND = re.compile(rb"stream: ([ -~]{1,200}) FOUND")
_VERSION = re.compile(rb"ClamAV [^/]{1,60}/\d+/([A-Za-z0-9: ]{1,40})")


class Outcome(StrEnum):
    CLEAN = "clean"
    """The scanner looked at every byte and said so."""
    INFECTED = "infected"
    """The scanner recognised something harmful."""
    HELD = "held"
    """No verdict: the scanner is down, too slow, over its limits or said something else. Ask again later."""
    NOT_SCANNED = "not_scanned"
    """This installation has no scanner."""


@dataclass(frozen=True, slots=True)
class Verdict:
    outcome: Outcome
    detail: str = ""
    """The name of what was recognised, or why there is no verdict. Never anything of the document."""


@dataclass(frozen=True, slots=True)
class ScannerState:
    """The state of the scanner, for `flask doctor` and the job that scans held documents again."""

    is_working: bool
    text: str
    signatures_at: datetime | None = None
    """When the signatures were made (aware, UTC); older than a day deserves an alert."""


class Scanner(Protocol):
    def scan(self, document: bytes | Iterable[bytes]) -> Verdict:
        """Return the verdict on a document's bytes. A fault of the scanner raises nothing: its verdict is `HELD`."""

    def state(self) -> ScannerState: ...


def scanner_from_url(url: str) -> Scanner:
    """Return the scanner that a PORTAL_SCANNER_URL names.

    Args:
        url: `none:`, or `clamd://host:port`, or `clamd:///run/clamav/clamd.ctl`; `?timeout=` gives the seconds for one
            document (30 by default).

    Raises:
        ValueError: it is none of these.
    """
    parts = urlsplit(url)
    if parts.scheme == "none" or url == "none":
        return NoScanner()
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    try:
        port, timeout = parts.port, float(options.pop("timeout", 30))
    except ValueError:
        raise ValueError("the port and the timeout of a scanner URL are numbers") from None
    if parts.scheme != "clamd" or options or not timeout > 0:
        raise ValueError("a scanner URL is none:, clamd://host:port or clamd:///path/of/the/socket")
    if parts.hostname and parts.path in {"", "/"}:
        return Clamd((parts.hostname, port or 3310), timeout=timeout)
    if not parts.netloc and len(parts.path) > 1:
        return Clamd(unquote(parts.path), timeout=timeout)
    raise ValueError("a scanner URL is none:, clamd://host:port or clamd:///path/of/the/socket")


class NoScanner:
    """Stands for a missing scanner. Its verdict is `NOT_SCANNED`, so that nobody takes it for "clean"."""

    def scan(self, document: bytes | Iterable[bytes]) -> Verdict:
        return Verdict(Outcome.NOT_SCANNED, "no scanner is configured")

    def state(self) -> ScannerState:
        return ScannerState(True, "no scanner is configured: documents are not scanned for viruses")


class Clamd:
    """A ClamAV daemon, spoken to with its INSTREAM command."""

    def __init__(self, address: tuple[str, int] | str, *, timeout: float = 30) -> None:
        self._address = address
        self._timeout = timeout

    def scan(self, document: bytes | Iterable[bytes]) -> Verdict:
        blocks = [document] if isinstance(document, bytes) else document
        try:
            reply = self._ask(b"zINSTREAM\0", blocks, self._timeout)
        except TimeoutError:
            return Verdict(Outcome.HELD, "the scanner did not answer in time")
        except OSError as error:
            # When a document is over clamd's own limit, clamd closes the connection while we are sending.
            return Verdict(Outcome.HELD, f"the scanner broke off or is down ({type(error).__name__})")
        return _verdict(reply)

    def state(self) -> ScannerState:
        try:
            reply = self._ask(b"zVERSION\0", None, min(_STATE_SECONDS, self._timeout))
        except OSError as error:
            return ScannerState(False, f"the scanner does not answer ({type(error).__name__})")
        found = _VERSION.match(reply)
        return ScannerState(
            reply.startswith(b"ClamAV "),
            reply[:120].decode("ascii", "replace").rstrip("\0"),
            _signature_date(found[1].decode()) if found else None,
        )

    def _ask(self, command: bytes, blocks: Iterable[bytes] | None, seconds: float) -> bytes:
        deadline = time.monotonic() + seconds
        with self._connect() as connection:
            _send(connection, command, deadline)
            if blocks is not None:
                for block in blocks:
                    for start in range(0, len(block), BLOCK_SIZE):
                        part = block[start : start + BLOCK_SIZE]
                        _send(connection, len(part).to_bytes(4, "big") + part, deadline)
                _send(connection, bytes(4), deadline)
            return _receive(connection, deadline)

    def _connect(self) -> socket.socket:
        if isinstance(self._address, tuple):
            return socket.create_connection(self._address, timeout=min(5, self._timeout))
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.settimeout(min(5, self._timeout))
            connection.connect(self._address)
        except OSError:
            connection.close()
            raise
        return connection


def _verdict(reply: bytes) -> Verdict:
    if reply == b"stream: OK\0":
        return Verdict(Outcome.CLEAN)
    found = _FOUND.match(reply)
    if found:
        return Verdict(Outcome.INFECTED, found[1].decode("ascii"))
    if b"size limit" in reply:
        return Verdict(Outcome.HELD, "the document is over the scanner's own size limit")
    return Verdict(Outcome.HELD, "the scanner gave no verdict")


def _send(connection: socket.socket, data: bytes, deadline: float) -> None:
    connection.settimeout(_left(deadline))
    connection.sendall(data)


def _receive(connection: socket.socket, deadline: float) -> bytes:
    reply = b""
    while len(reply) < _LONGEST_REPLY:
        connection.settimeout(_left(deadline))
        part = connection.recv(_LONGEST_REPLY)
        if not part:
            break
        reply += part
    return reply


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _signature_date(text: str) -> datetime | None:
    try:
        # clamd writes the date in the zone of its machine. Read as UTC it is some hours off, but the alert counts days.
        return datetime.strptime(text, "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC)
    except ValueError:
        return None
