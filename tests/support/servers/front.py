"""The server of a web process, in a thread of the test, on a free port; and what speaks to it byte by byte."""

import asyncio
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from flask import Flask

from portal.serving.server import server_for


@dataclass(frozen=True)
class Fronted:
    """Where the server listens. `status_of` and `talk` are for requests that no library would send."""

    port: int

    def connect(self, timeout: float = 30) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout)

    def talk(self, sent: bytes, timeout: float = 30) -> bytes:
        """Send bytes as they are and return what comes until the server closes."""
        with self.connect(timeout) as connection:
            connection.sendall(sent)
            return read_all(connection)

    def statuses(self, sent: bytes) -> list[str]:
        """Return the status of each answer to what is sent."""
        return re.findall(r"HTTP/1\.1 (\d{3}) ", self.talk(sent).decode("latin-1"))


def read_all(connection: socket.socket) -> bytes:
    """Return what comes until the other side closes."""
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return received


@contextmanager
def fronted(app: Flask) -> Iterator[Fronted]:
    """Serve an app until the end of the block."""
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    server = server_for(app)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])))
    thread.start()
    try:
        yield Fronted(port)
    finally:
        server.should_exit = True
        thread.join(60)
        assert not thread.is_alive()
