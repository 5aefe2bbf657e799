"""A connection to an HTTP server that fails on demand: it passes calls on, or breaks them in one chosen way."""

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import urlsplit

Fault = Literal["refused", "error", "half", "wrong", "lost", "slow"]
SLOW_SECONDS = 1.5


@dataclass
class Line:
    """Where to reach the server through the line, and how the line behaves.

    Attributes:
        url: the address of this side.
        fault: None while all is well. refused: the connection breaks at once; error: every answer is 500; half: the
            answer breaks in its middle; wrong: one bit of each answer's body differs; lost: the server does what it
            was asked and the answer never comes; slow: every answer comes late.
    """

    url: str
    fault: Fault | None = None


@contextmanager
def breakable_line(upstream: str) -> Iterator[Line]:
    """Stand between a client and the server at an address."""
    target = urlsplit(upstream)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault, self.close_connection = line.fault, True
            if fault == "refused":
                return
            if fault == "error":
                self._answer(500, [], b"")
                return
            connection = http.client.HTTPConnection(str(target.hostname), target.port, timeout=30)
            # The Host header is passed on unchanged, because the client has signed it.
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            if fault == "slow":
                time.sleep(SLOW_SECONDS)
            if fault != "lost":
                self._answer(answer.status, answer.getheaders(), content, fault)

        do_GET = do_PUT = do_HEAD = do_DELETE = do_POST = _pass_on

        def _answer(
            self, status: int, headers: list[tuple[str, str]], content: bytes, fault: Fault | None = None
        ) -> None:
            self.send_response_only(status)
            length = str(len(content))
            for name, value in headers:
                if name.lower() == "content-length":
                    length = value
                elif name.lower() not in {"transfer-encoding", "connection"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", length)
            self.send_header("Connection", "close")
            self.end_headers()
            if fault == "half":
                content = content[: len(content) // 2]
            elif fault == "wrong" and content:
                middle = len(content) // 2
                content = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
            self.wfile.write(content)

        def log_message(self, *_arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        line = Line(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield line
        finally:
            server.shutdown()
            thread.join()
