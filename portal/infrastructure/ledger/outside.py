"""Write and read the lines where they are kept: one object a line, named by its number, written once."""

from collections.abc import Iterator

from portal.infrastructure.ledger.lines import Line, LineBroken
from portal.infrastructure.sealing.hashing_keys import HashingKeys
from portal.infrastructure.storage import AlreadyStored, NotStored, Storage

DIGITS = 20
"""Of a name: as many as the largest number of 64 bits has, so that names sort as numbers do."""


class LineTaken(Exception):
    """Another line has this number already; `line` is that one."""

    def __init__(self, line: Line) -> None:
        super().__init__(f"line {line.n} of the ledger is another one")
        self.line = line


class Ledger:
    """Lines in a store of their own. Every method may raise `StorageError` where it cannot be reached."""

    def __init__(self, storage: Storage, keys: HashingKeys) -> None:
        self._storage = storage
        self._keys = keys

    def write(self, line: Line) -> None:
        """Keep a line; on return it survives a power cut. The same line once more is no error.

        Raises:
            LineTaken: another line has its number. Nothing was written.
        """
        try:
            self._storage.put(_name(line.n), [line.signed(self._keys)])
        except AlreadyStored:
            kept = self.read(line.n)
            # A name that is taken and cannot be read yet belongs to somebody who writes at this moment.
            if kept is not None and kept != line:
                raise LineTaken(kept) from None
            if kept is None:
                raise

    def read(self, n: int) -> Line | None:
        """Return a line, or None where there is none. Raises `LineBroken`."""
        try:
            kept = b"".join(self._storage.open(_name(n)))
        except NotStored:
            return None
        return Line.read(n, kept, self._keys)

    def numbers(self) -> list[int]:
        """Return the numbers of the lines that are there, in order, with the gaps that there are."""
        names = (stored.key for stored in self._storage.list())
        return sorted(int(name) for name in names if name.isdecimal() and len(name) == DIGITS)

    def after(self, n: int, last_hash: str) -> Iterator[Line]:
        """Yield the lines after a number, in order, each checked against the one before.

        Args:
            last_hash: that of line `n`.

        Raises:
            LineBroken: a line is altered, or does not follow.
        """
        while line := self.read(n + 1):
            if line.previous_hash != last_hash:
                raise LineBroken(f"line {line.n} of the ledger does not follow the line before it")
            yield line
            n, last_hash = line.n, line.hash


def _name(n: int) -> str:
    return f"{n:0{DIGITS}}"
