"""One connection of a client: what uvicorn does, within bounds on the size of a head and on every wait.

A bound that is passed closes the connection. llhttp, the parser, refuses lines that end by LF alone, two lengths, and a
length beside chunks (RFC 9112, 2.2 and 6.3).
"""

import asyncio
from http import HTTPStatus
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from portal.serving.refusals import Refused, bare_bytes

HEAD_SECONDS = 20
LARGEST_HEAD = 32 * 1024
LARGEST_LANGUAGES = 1024
"""Bytes of `Accept-Language`, whose weights are compared for every page."""
ANSWER_SECONDS = 20
SLOWEST_BYTES_A_SECOND = 2000
LINGER_SECONDS = 2
MOST_WAITING = 4000
"""Connections that have no request yet. One more, and the one that waits longest is closed."""

_waiting: dict["BoundedConnection", None] = {}  # in the order in which they came


class BoundedConnection(HttpToolsProtocol):
    """A connection whose heads are whole, small and in time, and whose answers are taken in time."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._status = HTTPStatus.BAD_REQUEST  # of a head that a callback of the parser refuses
        self._is_refused = False
        self._expects_head = True
        self._has_begun = False
        self._head_size = 0
        self._is_used = False
        self._unused = 0
        self._running: RequestResponseCycle | None = None  # uvicorn's own `cycle` is the newest, which may still wait
        self._head_timer: asyncio.TimerHandle | None = None
        self._answer_timer: asyncio.TimerHandle | None = None

    # What asyncio calls.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # With zero, asyncio tells of every byte that the client has not taken yet, the last ones of an answer too.
        transport.set_write_buffer_limits(high=0)
        self._start_head_timer()
        self._wait_in_line()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._tell_running_that_client_is_gone()
        _waiting.pop(self, None)
        self._stop_head_timer()
        self._stop_answer_timer()

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        if self._expects_head and self._head_timer is None:
            self._start_head_timer()
        self._is_used = False
        super().data_received(data)
        # The parser keeps an unfinished line in memory, in a head or in the trailer of a body.
        self._unused = 0 if self._is_used else self._unused + len(data)
        if self._unused > LARGEST_HEAD:
            self.refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def pause_writing(self) -> None:
        super().pause_writing()
        size = self.transport.get_write_buffer_size()
        patience = ANSWER_SECONDS + size / SLOWEST_BYTES_A_SECOND
        self._answer_timer = self.loop.call_later(patience, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_answer_timer()

    # What the parser calls.

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._expects_head = self._has_begun = self._is_used = True
        self._head_size = 0

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + 4)
        if self._expects_head:  # a field after the body must not pass for one of the head
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._check_head()
        self._expects_head, self._is_used = False, True
        self._stop_head_timer()
        _waiting.pop(self, None)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._is_used = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._expects_head, self._has_begun, self._is_used = True, False, True
        super().on_message_complete()

    # What uvicorn calls.

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing():
            self._wait_in_line()

    def send_400_response(self, msg: str) -> None:
        self.refuse(self._status)

    def refuse(self, status: HTTPStatus) -> None:
        """Answer what cannot be used, and close. An earlier answer that is on its way goes out first, and alone."""
        if self._is_refused or self.transport.is_closing():
            return
        self._is_refused = True
        running = self._running
        if running and not running.response_complete:
            if running is not self.cycle or not running.more_body:
                self.cycle.keep_alive = False
                return
            self._tell_running_that_client_is_gone()
            if running.response_started:
                self.transport.abort()
                return
        self._answer_and_linger(bare_bytes(status))

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _tell_running_that_client_is_gone(self) -> None:
        if self._running and not self._running.response_complete:
            self._running.disconnected = True
            self._running.message_event.set()

    def _answer_and_linger(self, answer: bytes) -> None:
        """Send, and read on for a moment: a close with bytes unread would take the answer from the client again."""
        self.flow.resume_reading()
        self.transport.write(answer)
        self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.abort)

    def _check_head(self) -> None:
        fields = [name for name, _value in self.headers]
        hosts = [value for name, value in self.headers if name == b"host"]
        is_old = self.parser.get_http_version() == "1.0"
        if len(hosts) > 1 or not (is_old or (hosts and hosts[0])):
            raise Refused(self._status)
        if is_old and b"transfer-encoding" in fields:
            raise Refused(self._status)
        languages = sum(len(value) for name, value in self.headers if name == b"accept-language")
        if languages > LARGEST_LANGUAGES:
            self._refuse_size()

    def _count(self, size: int) -> None:
        self._head_size += size
        if self._head_size > LARGEST_HEAD:
            self._refuse_size()

    def _refuse_size(self) -> None:
        self._status = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        raise Refused(self._status)

    def _start_head_timer(self) -> None:
        self._head_timer = self.loop.call_later(HEAD_SECONDS, self._head_is_late)

    def _head_is_late(self) -> None:
        if self._has_begun:
            self.refuse(HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.transport.close()

    def _wait_in_line(self) -> None:
        _waiting[self] = None
        if len(_waiting) > MOST_WAITING:
            next(iter(_waiting)).transport.abort()

    def _stop_head_timer(self) -> None:
        if self._head_timer:
            self._head_timer.cancel()
            self._head_timer = None

    def _stop_answer_timer(self) -> None:
        if self._answer_timer:
            self._answer_timer.cancel()
