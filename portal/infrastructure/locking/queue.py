"""The queue of the processes that want to write to one SQLite file, in the order in which they came.

Whoever comes takes a number from a small file beside the database and holds the lock of that byte of it (an open file
description lock, fcntl_locking(2)) until it has its turn: when nobody holds the lock of a lower number. The kernel
gives up the locks of a process that was killed, so nobody waits for the dead.
"""

import fcntl
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager

_ASK_AGAIN_AFTER = 0.003
_NUMBER = 8
"""Bytes of the last number given. The locks of the numbers are those of the bytes that would follow."""

_LOCK = struct.Struct("hhqqi4x")
"""`struct flock`: kind, from where, first byte, how many, process (0)."""


@contextmanager
def queued(file: str, deadline: float) -> Iterator[None]:
    """Wait until everybody who came before has had their turn, or until a deadline of `time.monotonic`."""
    queue = os.open(f"{file}-turns", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        number = _take_number(queue)
        while _is_anybody_before(queue, number) and time.monotonic() < deadline:
            time.sleep(_ASK_AGAIN_AFTER)
        yield
    finally:
        os.close(queue)  # and so give up the lock


def _take_number(queue: int) -> int:
    fcntl.flock(queue, fcntl.LOCK_EX)
    number = int.from_bytes(os.pread(queue, _NUMBER, 0), "big") + 1
    os.pwrite(queue, number.to_bytes(_NUMBER, "big"), 0)
    fcntl.fcntl(queue, fcntl.F_OFD_SETLK, _LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, _NUMBER + number, 1, 0))
    fcntl.flock(queue, fcntl.LOCK_UN)
    return number


def _is_anybody_before(queue: int, number: int) -> bool:
    asked = _LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, _NUMBER, number, 0)
    kind, *_ = _LOCK.unpack(fcntl.fcntl(queue, fcntl.F_OFD_GETLK, asked))
    return bool(kind != fcntl.F_UNLCK)
