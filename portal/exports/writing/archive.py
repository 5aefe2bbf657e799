"""Write a ZIP as a stream of chunks, so that an answer is never in clear on a disk, nor whole in memory."""

import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from portal import clock

CHUNK = 64 * 1024


@dataclass(frozen=True)
class Written:
    """One file of a written archive."""

    name: str
    size: int
    sha256: str


class _Sink(io.RawIOBase):
    """The output of the ZIP library. It cannot seek, so the library writes each file's size after its bytes."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.waiting = 0

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        piece = bytes(data)
        self.pieces.append(piece)
        self.waiting += len(piece)
        return len(piece)

    def take(self) -> bytes:
        taken, self.pieces, self.waiting = b"".join(self.pieces), [], 0
        return taken


def chunks_of(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield bytes that come in small pieces in larger ones: each call of a compressor costs more than a line."""
    waiting, size = [], 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size >= CHUNK:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join(waiting)


class Archive:
    """A ZIP being written. Each method yields the chunks that are ready, and writes only while it is iterated."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._zip = ZipFile(self._sink, "w", ZIP_DEFLATED, allowZip64=True)
        self._moment = clock.now().timetuple()[:6]
        self.written: list[Written] = []

    def add(self, name: str, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Write one file. Its name must be a path in ASCII that the portal made, never what a person typed."""
        entry = ZipInfo(name, self._moment)
        entry.compress_type = ZIP_DEFLATED
        entry.external_attr = 0o600 << 16
        digest, size = hashlib.sha256(), 0
        with self._zip.open(entry, "w", force_zip64=False) as target:
            for chunk in chunks_of(pieces):
                target.write(chunk)
                digest.update(chunk)
                size += len(chunk)
                if self._sink.waiting >= CHUNK:
                    yield self._sink.take()
        self.written.append(Written(name, size, digest.hexdigest()))
        yield self._sink.take()

    def close(self) -> Iterator[bytes]:
        """Write the directory at the end."""
        self._zip.close()
        yield self._sink.take()
