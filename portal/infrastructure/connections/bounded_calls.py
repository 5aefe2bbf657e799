"""Calls to another service that may be slow or hostile: its answer is bounded in bytes and in time, from first to last.

The time-out of a socket bounds one wait. A server that sends a byte every few seconds keeps within it for hours, and a
thread of ours waits as long. So the connection is shut when the time for the whole call is over.
"""

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Timer
from typing import Any

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from requests.exceptions import ReadTimeout, RequestException
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import create_connection

MOST_BYTES = 64 * 1024
CHUNK = 8192


class AnswerRefused(RequestException):
    """The answer is too large, or leads elsewhere."""


class _Watched:
    """A connection that tells of its socket as soon as it has one, before it shakes hands over TLS.

    Attributes:
        address: where to connect to, whatever the name leads to by now; None where the name decides. Certificate and
            `Host` are those of the name all the same.
    """

    watch: Callable[[socket.socket], None]
    address: str | None = None

    def _new_conn(self) -> socket.socket:
        opened: socket.socket = self._connected() if self.address else super()._new_conn()  # type: ignore[misc]
        self.watch(opened)
        return opened

    def _connected(self) -> socket.socket:
        this: Any = self
        try:
            opened: socket.socket = create_connection((self.address or "", this.port), this.timeout)
        except TimeoutError as error:
            raise ConnectTimeoutError(self, "it does not answer") from error
        except OSError as error:
            raise NewConnectionError(this, "it cannot be reached") from error
        return opened


class _Adapter(HTTPAdapter):
    def __init__(self, seconds: float, address: str | None) -> None:
        self._address = address
        self._until = time.monotonic() + seconds
        self._watches: list[tuple[Timer, socket.socket]] = []
        super().__init__()

    def _watch(self, opened: socket.socket) -> None:
        # Of the socket itself nothing is left once TLS has taken it over; its twin shuts the same connection.
        twin = opened.dup()
        timer = Timer(max(0.0, self._until - time.monotonic()), _shut, [twin])
        timer.daemon = True
        timer.start()
        self._watches.append((timer, twin))

    def close(self) -> None:
        super().close()
        for timer, twin in self._watches:
            timer.cancel()
            twin.close()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools()

    def proxy_manager_for(self, *arguments: Any, **options: Any) -> Any:
        manager = super().proxy_manager_for(*arguments, **options)
        manager.pool_classes_by_scheme = self._pools()
        return manager

    def _pools(self) -> dict[str, type]:
        watched = {"watch": staticmethod(self._watch), "address": self._address}
        plain = type("PlainConnection", (_Watched, HTTPConnection), watched)
        by_tls = type("TlsConnection", (_Watched, HTTPSConnection), watched)
        return {
            "http": type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("TlsPool", (HTTPSConnectionPool,), {"ConnectionCls": by_tls}),
        }

    def send(self, request: PreparedRequest, *_arguments: Any, **options: Any) -> Response:
        left = self._until - time.monotonic()
        if left <= 0:
            raise ReadTimeout
        answer = super().send(request, **options | {"stream": True, "timeout": left})
        try:
            self._read(answer)
        finally:
            answer.close()
        return answer

    def _read(self, answer: Response) -> None:
        if 300 <= answer.status_code < 400:
            raise AnswerRefused("it leads elsewhere")
        content = bytearray()
        for part in answer.iter_content(CHUNK):
            content += part
            if len(content) > MOST_BYTES:
                raise AnswerRefused("it is too large")
        # What was cut off at the end of the time may look whole.
        if time.monotonic() >= self._until:
            raise ReadTimeout
        answer._content = bytes(content)


def _shut(twin: socket.socket) -> None:
    with suppress(OSError):  # it may be closed already
        twin.shutdown(socket.SHUT_RDWR)


def bound(session: Session, seconds: float, *, address: str | None = None) -> Session:
    """Bound all calls of a session, and return it: so many seconds together, 64 kB each, no redirect.

    Args:
        address: the one address that the session connects to; the name is then not looked up.

    What breaks a bound raises a `RequestException`. Looking up the name of the host is not bounded.
    """
    adapter = _Adapter(seconds, address)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
