"""A connection between a browser and the portal that breaks in the middle of an upload, and can be repaired."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

_PIECE = 16 * 1024


@dataclass
class BreakingLine:
    """Carries bytes to the port `target` until `breaks_after` bytes were sent up, then none until it is repaired.

    Attributes:
        port: where to connect instead.
        sent: bytes that were sent up so far.
        is_down: whether it is broken. It stays so, because a browser repeats by itself what one reset cut off.
    """

    target: int
    breaks_after: int
    port: int = 0
    sent: int = 0
    is_down: bool = False
    _has_broken: bool = False
    _open: list[socket.socket] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, listener: socket.socket) -> None:
        """Carry each connection that comes, until the listener is shut."""
        while True:
            try:
                near, _address = listener.accept()
            except OSError:
                return
            if self.is_down:
                near.close()
            else:
                self._start(self._join, near, socket.create_connection(("127.0.0.1", self.target)))

    def repair(self) -> None:
        """Carry again, and do not break any more."""
        self.is_down = False

    def hang_up(self) -> None:
        """Break every connection and wait until all is closed."""
        self._break()
        for thread in self._threads:
            thread.join(10)

    def _start(self, act: Callable[..., None], *arguments: Any) -> threading.Thread:
        thread = threading.Thread(target=act, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()
        return thread

    def _join(self, near: socket.socket, far: socket.socket) -> None:
        with near, far:
            self._open += [near, far]
            upwards = self._start(self._carry, near, far, True)
            self._carry(far, near, False)
            upwards.join()

    def _carry(self, source: socket.socket, sink: socket.socket, is_up: bool) -> None:
        with suppress(OSError):
            while piece := source.recv(_PIECE):
                if is_up and self._breaks_with(len(piece)):
                    self._break()
                    return
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_RDWR)

    def _breaks_with(self, size: int) -> bool:
        with self._lock:
            self.sent += size
            if self.sent > self.breaks_after and not self._has_broken:
                self.is_down = self._has_broken = True
            return self.is_down

    def _break(self) -> None:
        for end in self._open:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._open.clear()


@contextmanager
def breaking_line(target: int, breaks_after: int) -> Iterator[BreakingLine]:
    """Open a line to a port of this machine for the length of the block."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        line = BreakingLine(target, breaks_after, port=listener.getsockname()[1])
        serving = threading.Thread(target=line.serve, args=(listener,), daemon=True)
        serving.start()
        try:
            yield line
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            serving.join()
            line.hang_up()
