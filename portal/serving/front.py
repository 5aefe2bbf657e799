"""What meets the network in a web process: probes, bodies, then a place among the threads, then the portal.

All of it but the portal runs on the event loop, where one slow client more is one entry more in a table.
"""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

from portal.serving.bodies import Bodies, Body, ClientGone, Receive
from portal.serving.refusals import Headers, Refused, bare_answer
from portal.serving.wsgi import Call, WsgiApp, environment
from portal.site.probes import HEALTH, METHODS, READINESS, ProbeAnswer, Readiness, health
from portal.web.incoming.request_limits import REFUSAL

THREADS = 32
"""Requests that one web process answers at a time. Most of these threads wait: for a document that is decoded in
another process, for the scanner. With only two threads, two such documents would block everybody."""
MOST_IN_LINE = 256
REFUSALS_WITH_A_PAGE = 4
"""Bodies refused at once that get the portal's own page; the others get a bare one, so that a crowd costs nothing."""
LINGER_SECONDS = 2

Scope = dict[str, Any]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Front:
    """The ASGI application around the WSGI application of the portal."""

    def __init__(self, application: WsgiApp, readiness: Readiness) -> None:
        self._application = application
        self._readiness = readiness
        self._bodies = Bodies()
        self._threads = ThreadPoolExecutor(THREADS, "request")
        self._places = asyncio.Semaphore(THREADS)
        self._in_line = 0
        self._pages_of_refusal = asyncio.Semaphore(REFUSALS_WITH_A_PAGE)
        self._probe_thread = ThreadPoolExecutor(1, "probe")
        self._looking: asyncio.Future[ProbeAnswer] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if scope["path"] in {HEALTH, READINESS} and scope["method"] in METHODS:
                answer = health() if scope["path"] == HEALTH else await self._look()
                await _send_whole(send, *answer.as_asgi())
            else:
                await self._answer(scope, receive, send)
        except ClientGone:
            return
        except Refused as refusal:
            await self._refuse(refusal.status, scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await self._bodies.receive(scope, receive)
        try:
            await self._take_place(receive)
            await self._call(environment(scope, body), receive, send)
        finally:
            self._bodies.release(body)

    async def _take_place(self, receive: Receive) -> None:
        """Wait for a thread, which `_call` uses; leave the line with the client. Raises `Refused`, `ClientGone`."""
        if not self._places.locked():
            await self._places.acquire()
            return
        if self._in_line >= MOST_IN_LINE:
            raise Refused(HTTPStatus.SERVICE_UNAVAILABLE)
        self._in_line += 1
        turn, gone = asyncio.ensure_future(self._places.acquire()), asyncio.ensure_future(_client_gone(receive))
        try:
            await asyncio.wait((turn, gone), return_when=asyncio.FIRST_COMPLETED)
            if not turn.done():
                raise ClientGone
        finally:
            self._in_line -= 1
            gone.cancel()
            if not turn.done():
                turn.cancel()

    async def _call(self, environ: dict[str, Any], receive: Receive, send: Send) -> None:
        """Run the application in the place that was taken, give the place back, and send what it answers."""
        call = Call(self._application, environ)
        try:
            piece = await self._in_thread(call.begin)
        finally:
            self._places.release()
        try:
            await send({"type": "http.response.start", "status": call.status, "headers": call.headers})
            if not call.is_over:
                piece = await self._stream(call, piece, receive, send)
            await send({"type": "http.response.body", "body": piece})
        finally:
            if not call.is_over:
                await self._in_thread(call.close)

    async def _stream(self, call: Call, piece: bytes, receive: Receive, send: Send) -> bytes:
        """Send all pieces of an answer but the last, which is returned. Raises `ClientGone`."""
        gone = asyncio.ensure_future(_client_gone(receive))
        try:
            while not call.is_over:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                if gone.done():
                    raise ClientGone
                piece = await self._in_thread(call.go_on)
        finally:
            gone.cancel()
        return piece

    async def _in_thread(self, act: Callable[[], Any]) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, act)

    async def _look(self) -> ProbeAnswer:
        """Look at what this process needs, in a thread that nothing else takes; all who ask at once share one look."""
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().run_in_executor(self._probe_thread, self._readiness.answer)
        return await asyncio.shield(self._looking)

    async def _refuse(self, status: HTTPStatus, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse a body, in the portal's own words where that costs little, and close the connection."""
        if status is HTTPStatus.SERVICE_UNAVAILABLE or self._pages_of_refusal.locked() or self._places.locked():
            headers, content = bare_answer(status)
            code = status.value
        else:
            async with self._pages_of_refusal:
                call = Call(self._application, environment(scope, Body(), **{REFUSAL: status.value}))
                content = await self._in_thread(call.begin)
                code, headers = call.status, [*call.headers, (b"connection", b"close")]
        await _send_whole(send, code, headers, content, lambda: _read_on(receive))


async def _send_whole(
    send: Send, status: int, headers: Headers, content: bytes, before_close: Callable[[], Awaitable[None]] | None = None
) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content, "more_body": True})
    if before_close:
        await before_close()
    await send({"type": "http.response.body", "body": b""})


async def _read_on(receive: Receive) -> None:
    """Drop what still comes, for a moment: a close with bytes unread would take the answer from the client again."""
    try:
        async with asyncio.timeout(LINGER_SECONDS):
            has_more = True
            while has_more:
                message = await receive()
                has_more = message["type"] == "http.request" and message["more_body"]
    except TimeoutError:
        return


async def _client_gone(receive: Receive) -> None:
    """Return once the client closed its side; the body was received before."""
    while (await receive())["type"] != "http.disconnect":
        continue
