"""Bytes that are needed once more a moment later: compressed, and beyond a few megabytes sealed on the disk.

Neither the memory of a worker grows with a copy, nor is a person's data ever in clear on a disk.
"""

import tempfile
import zlib
from collections.abc import Iterator

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

LARGEST_PART = 1024 * 1024
READ_AT_ONCE = 64 * 1024
MOST_IN_MEMORY = 4 * LARGEST_PART
_NUMBER_SIZE = 12


class Spool:
    """Holds what is written, to be read once from its beginning. The key exists in this object alone."""

    def __init__(self) -> None:
        self._cipher = AESGCM(AESGCM.generate_key(256))
        self._deflate = zlib.compressobj(1)
        self._waiting: list[bytes] = []
        self._size = 0
        self._sizes: list[int] = []
        self._file = tempfile.SpooledTemporaryFile(MOST_IN_MEMORY)  # noqa: SIM115 (it lives as long as this object)

    def write(self, piece: bytes) -> None:
        """Add bytes at the end."""
        self._keep(self._deflate.compress(piece))

    def read(self) -> Iterator[bytes]:
        """Yield all that was written, in pieces of any size. Nothing can be written after that."""
        self._keep(self._deflate.flush())
        self._seal()
        self._file.seek(0)
        inflate = zlib.decompressobj()
        for number, size in enumerate(self._sizes):
            packed = self._cipher.decrypt(_nonce(number), self._file.read(size), None)
            while packed:
                # What repeats itself unpacks to forty times its size: never all of a part at once.
                yield inflate.decompress(packed, READ_AT_ONCE)
                packed = inflate.unconsumed_tail
        yield inflate.flush()
        self._file.close()

    def _keep(self, packed: bytes) -> None:
        if packed:
            self._waiting.append(packed)
            self._size += len(packed)
        if self._size >= LARGEST_PART:
            self._seal()

    def _seal(self) -> None:
        # One key for one spool, and a number of its own for each part: no nonce comes twice.
        sealed = self._cipher.encrypt(_nonce(len(self._sizes)), b"".join(self._waiting), None)
        self._file.write(sealed)
        self._sizes.append(len(sealed))
        self._waiting, self._size = [], 0


def _nonce(number: int) -> bytes:
    return number.to_bytes(_NUMBER_SIZE, "big")


def lines_of(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield each line of bytes that come in pieces, without its end."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        yield from whole
    if rest:
        yield rest
