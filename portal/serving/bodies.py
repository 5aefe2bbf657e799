"""A request's body, received whole before a thread is taken: bounded in size, in time, and in what all hold together.

Bodies stay in memory. A document in clear must not lie on a disk, not even for a moment.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from io import BytesIO
from typing import Any

from portal.serving.connection import SLOWEST_BYTES_A_SECOND
from portal.serving.refusals import Refused
from portal.web.incoming.request_limits import largest_body

BODY_SECONDS = 20
MOST_AHEAD_SECONDS = 60
"""However fast a body began, its client may be silent for this long at most."""
ALL_BODIES = 128 * 1024 * 1024


Receive = Callable[[], Awaitable[dict[str, Any]]]


class ClientGone(Exception):
    """The client closed the connection, and nobody waits for an answer."""


@dataclass(eq=False)
class Body:
    """One body: what was received, and by when more must have come."""

    content: BytesIO = field(default_factory=BytesIO)
    size: int = 0
    deadline: asyncio.Timeout | None = None
    is_pushed_out: bool = False


class Bodies:
    """The bodies that one process holds, being received or being read by a view, and how much they are together."""

    def __init__(self) -> None:
        self._held = 0
        self._coming: dict[Body, None] = {}  # the oldest first

    async def receive(self, scope: dict[str, Any], receive: Receive) -> Body:
        """Return the whole body of a request; give it back by `release`.

        The deadline is 20 s, and a second later for each 2 kB that came: a body of n bytes has 20 s + n ÷ 2 kB/s, and
        one that drips is cut off early.

        Raises:
            Refused: 413 over the limit of its kind, 408 past its deadline, 503 where all bodies together are too much.
            ClientGone: the client closed the connection.
        """
        fields = dict(scope["headers"])
        most = largest_body(scope["path"], fields.get(b"content-type", b"").decode("latin-1"))
        if int(fields.get(b"content-length", b"0")) > most:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        body = Body()
        if b"content-length" in fields or b"transfer-encoding" in fields:
            try:
                await self._fill(body, receive, most)
            except BaseException:
                self.release(body)
                raise
        return body

    def release(self, body: Body) -> None:
        """Forget a body that nobody reads any more."""
        self._held -= body.size
        body.size, body.content = 0, BytesIO()

    async def _fill(self, body: Body, receive: Receive, most: int) -> None:
        self._coming[body] = None
        try:
            async with asyncio.timeout(BODY_SECONDS) as body.deadline:
                has_more = True
                while has_more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise ClientGone
                    self._keep(body, message["body"], most)
                    has_more = message["more_body"]
        except TimeoutError:
            status = HTTPStatus.SERVICE_UNAVAILABLE if body.is_pushed_out else HTTPStatus.REQUEST_TIMEOUT
            raise Refused(status) from None
        finally:
            del self._coming[body]
        body.content.seek(0)

    def _keep(self, body: Body, part: bytes, most: int) -> None:
        if body.is_pushed_out:
            return
        if body.size + len(part) > most:
            raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        while self._held + len(part) > ALL_BODIES:
            self._push_out_the_oldest(body)
        self._held += len(part)
        body.size += len(part)
        body.content.write(part)
        if body.deadline and (due := body.deadline.when()):
            now = asyncio.get_running_loop().time()
            body.deadline.reschedule(min(due + len(part) / SLOWEST_BYTES_A_SECOND, now + MOST_AHEAD_SECONDS))

    def _push_out_the_oldest(self, needy: Body) -> None:
        """Make room: who sends at an honest pace is done before it is the oldest."""
        for body in self._coming:
            if body is not needy and body.deadline and not (body.is_pushed_out or body.deadline.expired()):
                body.is_pushed_out = True
                body.deadline.reschedule(asyncio.get_running_loop().time())
                self.release(body)
                return
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE)
