"""Keys that recognise a value without keeping it (tombstones), and that show who wrote a line (the ledger).

They lie outside of the database and of its backups: whoever holds only those can neither try addresses against a
tombstone nor write a line of the ledger.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Self

from portal.infrastructure.sealing.keys import KeyMissing, keyed_hash, parse_keys


@dataclass(frozen=True)
class HashingKeys:
    """Versioned keys of HMAC-SHA256 (RFC 2104). The first of the list makes hashes; all of them recognise."""

    current: int
    _keys: dict[int, bytes] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `v2:<base64>,v1:<base64>`, the current key first. Raises `KeysMisconfigured`."""
        keys = parse_keys(text)
        return cls(next(iter(keys)), keys)

    @property
    def versions(self) -> tuple[int, ...]:
        return tuple(self._keys)

    def hash(self, value: str) -> str:
        """Return the keyed hash of a value under the current key, in hexadecimal; see `keyed_hash`."""
        return keyed_hash(self._keys[self.current], value)

    def hashes(self, value: str) -> dict[int, str]:
        """Return the keyed hash of a value by version, to find what was hashed under an older key too."""
        return {version: keyed_hash(key, value) for version, key in self._keys.items()}

    def sign(self, content: bytes) -> str:
        """Return `v1:<hexadecimal>`, which shows that a holder of the current key wrote the content."""
        return f"v{self.current}:{self._mac(self.current, content)}"

    def is_signed(self, content: bytes, signature: str) -> bool:
        """Tell whether a signature is of the content, by the key version that it names. Raises `KeyMissing`."""
        name, _colon, mac = signature.partition(":")
        version = int(name[1:]) if name[1:].isdecimal() and name.startswith("v") else 0
        if version not in self._keys:
            raise KeyMissing(f"key version v{version} is not configured")
        return hmac.compare_digest(self._mac(version, content).encode(), mac.encode())

    def _mac(self, version: int, content: bytes) -> str:
        return hmac.new(self._keys[version], content, hashlib.sha256).hexdigest()
