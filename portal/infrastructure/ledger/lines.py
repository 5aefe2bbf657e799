"""One line of the ledger: what it says, how it follows the one before, and who wrote it."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from portal.infrastructure.sealing.hashing_keys import HashingKeys
from portal.infrastructure.sealing.keys import KeyMissing

GENESIS = "0" * 64
"""What the first line follows."""


class LineBroken(Exception):
    """A line was altered, was written under another key, or does not follow the one before it."""


@dataclass(frozen=True, slots=True)
class Line:
    """A numbered line.

    Attributes:
        n: from 1, without a gap.
        epoch: the life of the database that wrote it; a restore draws a new one.
        body: ids, codes and hashes; never a name or an address.
        previous_hash: `hash` of the line before, or `GENESIS`.
    """

    n: int
    epoch: str
    kind: str
    at: datetime
    body: dict[str, Any]
    previous_hash: str

    @property
    def content(self) -> bytes:
        """What is hashed and signed: JSON whose keys are sorted, so that the same line is always the same bytes."""
        fields = {
            "n": self.n, "epoch": self.epoch, "kind": self.kind, "body": self.body, "previous_hash": self.previous_hash,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
        }  # fmt: skip
        return json.dumps(fields, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()

    @property
    def hash(self) -> str:
        """SHA-256 of the content, in hexadecimal, by which the next line follows this one."""
        return hashlib.sha256(self.content).hexdigest()

    def signed(self, keys: HashingKeys) -> bytes:
        """Return the bytes that are kept outside: the content, then its signature on a line of its own."""
        return self.content + b"\n" + keys.sign(self.content).encode() + b"\n"

    @classmethod
    def read(cls, n: int, kept: bytes, keys: HashingKeys) -> Self:
        """Return the line that `kept` holds.

        Raises:
            LineBroken: it is no line, not the one with this number, or not signed by a key that is known here.
        """
        content, _newline, signature = kept.removesuffix(b"\n").rpartition(b"\n")
        try:
            is_signed = keys.is_signed(content, signature.decode("ascii", "replace"))
        except KeyMissing as fault:
            raise LineBroken(f"line {n} of the ledger: {fault}; put that key back into PORTAL_LEDGER_KEY") from None
        if not is_signed:
            raise LineBroken(f"line {n} of the ledger was altered, or written under another PORTAL_LEDGER_KEY")
        fields = json.loads(content)
        fields["at"] = datetime.fromisoformat(fields["at"])
        line = cls(**fields)
        if line.n != n:
            raise LineBroken(f"line {n} of the ledger is another one, with the number {line.n}")
        return line
