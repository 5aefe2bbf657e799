"""A WSGI application called from the event loop (PEP 3333): its environment, and its answer piece by piece.

Between two pieces no thread is held, so that a client who reads slowly costs memory for one piece and nothing else.
"""

import contextvars
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from urllib.parse import unquote_to_bytes

from portal.serving.bodies import Body
from portal.serving.refusals import Headers

PIECE = 256 * 1024
"""Bytes that an answer makes at a time. One that is smaller, as nearly every page, is made and sent at once."""

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


def environment(scope: dict[str, Any], body: Body, **more: Any) -> dict[str, Any]:
    """Return the WSGI environment of a request whose body was received whole."""
    fields = _fields(scope["headers"])
    content_type = fields.pop("HTTP_CONTENT_TYPE", "")
    client, server = scope.get("client") or ("", 0), scope.get("server") or ("", 0)
    return {
        **fields,
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(body.size),
        "REMOTE_ADDR": client[0],
        "REMOTE_PORT": str(client[1]),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body.content,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        **more,
    }


def _fields(headers: Headers) -> dict[str, str]:
    """Return the fields of a head by their names in WSGI, without those that a received body makes untrue."""
    fields: dict[str, str] = {}
    for name, value in headers:
        if b"_" in name:
            continue  # it would pass for the field with a hyphen, such as X_Forwarded_For
        key, text = "HTTP_" + name.decode("latin-1").upper().replace("-", "_"), value.decode("latin-1")
        joint = "; " if key == "HTTP_COOKIE" else ","
        fields[key] = f"{fields[key]}{joint}{text}" if key in fields else text
    for decided_here in ("HTTP_CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"):
        fields.pop(decided_here, None)
    return fields


class Call:
    """One call of the application. Its methods run in any thread, one at a time, and share what context they set."""

    def __init__(self, application: WsgiApp, environ: dict[str, Any]) -> None:
        self.status = 500
        self.headers: Headers = []
        self.is_over = False
        self._application = application
        self._environ = environ
        self._context = contextvars.copy_context()
        self._answer: Iterable[bytes] = ()
        self._pieces: Iterator[bytes] = iter(())

    def begin(self) -> bytes:
        """Call the application; return the first piece of its answer. `status` and `headers` are known then."""
        return self._context.run(self._begin)

    def go_on(self) -> bytes:
        """Return the next piece."""
        return self._context.run(self._next_piece)

    def close(self) -> None:
        """Tell the application that its answer was sent, or that nobody takes the rest."""
        if not self.is_over:
            self._context.run(self._close)

    def _begin(self) -> bytes:
        self._answer = self._application(self._environ, self._start_response)
        self._pieces = iter(self._answer)
        return self._next_piece()

    def _next_piece(self) -> bytes:
        taken: list[bytes] = []
        size = 0
        for part in self._pieces:
            taken.append(part)
            size += len(part)
            if size >= PIECE:
                return b"".join(taken)
        self._close()
        return b"".join(taken)

    def _close(self) -> None:
        self.is_over = True
        close = getattr(self._answer, "close", None)
        if close:
            close()

    def _start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        self.status = int(status.partition(" ")[0])
        self.headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return _write


def _write(_content: bytes) -> None:
    raise NotImplementedError("the application returns its answer, and writes none")
