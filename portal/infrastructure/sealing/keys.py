"""The keys that protect stored objects: master keys, a sealing pair, and keys of sessions.

Every object is sealed with a data key of its own. The database keeps that data key in one of three forms:

- wrapped by a master key, for answer packages and sealed texts;
- sealed to a public key, for identity documents: a web process that was broken into can add documents and open none;
- wrapped by the key of a customer's session, for previews and uploads: nobody can read them without the cookie.

Destroying the kept form of the data key destroys the object. Each form begins with a scheme byte and a key version
byte, so that keys and algorithms can be replaced while old objects are still read.
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
import unicodedata
from dataclasses import dataclass, field
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_SIZE = 32
_NONCE_SIZE = 12
_WRAPPED = 0x01
"""Scheme: AES-256-GCM under a master key; scheme, version, 12-byte random nonce, ciphertext with tag."""
_SEALED = 0x02
"""Scheme: HPKE base mode (RFC 9180), X25519, HKDF-SHA256, AES-256-GCM; scheme, version, enc, ciphertext."""
_BY_SESSION = 0x03
"""Scheme: AES-256-GCM under a key derived from a session's cookie; laid out as 0x01, its version always 1."""
_HPKE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_VERSIONED = re.compile(r"v([1-9][0-9]{0,2}):(.*)", re.ASCII | re.DOTALL)
_FEWEST_DISTINCT_BYTES = 12


class KeysMisconfigured(ValueError):
    """The configured keys cannot be used. The text names every fault by position and repeats no value."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


class KeyMissing(Exception):
    """The data key was protected with a key version that is not configured here."""


class KeyBroken(Exception):
    """The protected data key was altered or cut short, or it belongs to another object."""


def new_data_key() -> bytes:
    """Return a fresh random key for one object."""
    return secrets.token_bytes(KEY_SIZE)


def new_master_keys() -> str:
    """Return one fresh key as a value for PORTAL_MASTER_KEYS, and for every other list of 32-byte keys."""
    return f"v1:{_text(secrets.token_bytes(KEY_SIZE))}"


def new_sealing_pair() -> tuple[str, str]:
    """Return fresh values for PORTAL_SEALING_KEY (public half) and PORTAL_OPENING_KEYS (private half)."""
    private = X25519PrivateKey.generate()
    return (
        f"v1:{_text(private.public_key().public_bytes_raw())}",
        f"v1:{_text(private.private_bytes_raw())}",
    )


def with_next_master_key(text: str) -> str:
    """Return a list of keys with a fresh one at its end: of PORTAL_MASTER_KEYS it can unwrap, but does not wrap yet.

    Raises:
        KeysMisconfigured: the present value has faults.
    """
    version = max(parse_keys(text)) + 1
    return f"{text.strip()},v{version}:{_text(secrets.token_bytes(KEY_SIZE))}"


def next_sealing_pair(opening_keys: str) -> tuple[str, str]:
    """Return a fresh PORTAL_SEALING_KEY, and the PORTAL_OPENING_KEYS that open both it and what was sealed before.

    Raises:
        KeysMisconfigured: the present opening keys have faults.
    """
    version = max(parse_keys(opening_keys)) + 1
    private = X25519PrivateKey.generate()
    return (
        f"v{version}:{_text(private.public_key().public_bytes_raw())}",
        f"v{version}:{_text(private.private_bytes_raw())},{opening_keys.strip()}",
    )


def wrapping_version(wrapped: bytes) -> int:
    """Return the version of the master key that a data key was wrapped by. Raises `KeyBroken`."""
    return _split(wrapped, _WRAPPED)[0][1]


def sealing_version(sealed: bytes) -> int:
    """Return the version of the sealing key that a data key was sealed to. Raises `KeyBroken`."""
    return _split(sealed, _SEALED)[0][1]


@dataclass(frozen=True)
class MasterKeys:
    """Keys that wrap data keys. The first of the list wraps; all of them unwrap."""

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

    def wrap(self, data_key: bytes, context: bytes = b"") -> bytes:
        """Return the data key encrypted under the current master key.

        Args:
            context: an object's id. The wrapped key opens with the same context only.
        """
        header = bytes((_WRAPPED, self.current))
        nonce = secrets.token_bytes(_NONCE_SIZE)
        cipher = AESGCM(self._keys[self.current])
        return header + nonce + cipher.encrypt(nonce, _checked_data_key(data_key), header + context)

    def unwrap(self, wrapped: bytes, context: bytes = b"") -> bytes:
        """Return the data key. Raises `KeyMissing`, `KeyBroken`."""
        header, rest = _split(wrapped, _WRAPPED)
        key = _held(self._keys, header)
        nonce, ciphertext = rest[:_NONCE_SIZE], rest[_NONCE_SIZE:]
        try:
            return AESGCM(key).decrypt(nonce, ciphertext, header + context)
        except (InvalidTag, ValueError) as error:
            raise KeyBroken("a wrapped key does not open") from error

    def is_current(self, wrapped: bytes) -> bool:
        """Tell whether a key was wrapped by the current master key. If not, rotation wraps it again."""
        return wrapping_version(wrapped) == self.current

    def rewrap(self, wrapped: bytes, context: bytes = b"") -> bytes:
        """Return the same data key wrapped by the current master key. Raises as `unwrap`."""
        return self.wrap(self.unwrap(wrapped, context), context)


@dataclass(frozen=True)
class SessionKey:
    """A key derived from a person's session cookie: what it wraps can be read only while they are signed in.

    The database keeps only a hash of the cookie, and the key cannot be derived from that.
    """

    _key: bytes = field(repr=False)

    @classmethod
    def of(cls, token: str) -> Self:
        """Return the key of a session's random token (HKDF-SHA256, RFC 5869)."""
        derived = HKDF(SHA256(), KEY_SIZE, salt=None, info=b"portal session key 1")
        return cls(derived.derive(token.encode()))

    def wrap(self, data_key: bytes, context: bytes = b"") -> bytes:
        """Return the data key encrypted under this key, bound to `context` (an object's id)."""
        header, nonce = bytes((_BY_SESSION, 1)), secrets.token_bytes(_NONCE_SIZE)
        return header + nonce + AESGCM(self._key).encrypt(nonce, _checked_data_key(data_key), header + context)

    def unwrap(self, wrapped: bytes, context: bytes = b"") -> bytes:
        """Return the data key. Raises `KeyBroken`, also when another session wrapped it."""
        header, rest = _split(wrapped, _BY_SESSION)
        try:
            return AESGCM(self._key).decrypt(rest[:_NONCE_SIZE], rest[_NONCE_SIZE:], header + context)
        except (InvalidTag, ValueError) as error:
            raise KeyBroken("a key does not open with this session") from error


@dataclass(frozen=True)
class SealingKey:
    """The public half of a sealing pair: it can protect a data key, and cannot read one back."""

    version: int
    _key: X25519PublicKey = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `v1:<base64 of the 32-byte X25519 public key>`. Raises `KeysMisconfigured`."""
        keys = parse_keys(text)
        if len(keys) != 1:
            raise KeysMisconfigured(["one sealing key is expected, not a list"])
        ((version, raw),) = keys.items()
        key = X25519PublicKey.from_public_bytes(raw)
        try:
            _HPKE.encrypt(b"", key)
        except ValueError as error:
            raise KeysMisconfigured(["the sealing key is not a usable X25519 public key"]) from error
        return cls(version, key)

    def seal(self, data_key: bytes, context: bytes = b"") -> bytes:
        """Return the data key encrypted to the public half, bound to `context` (an object's id)."""
        header = bytes((_SEALED, self.version))
        return header + _HPKE.encrypt(_checked_data_key(data_key), self._key, header + context)

    def public_bytes(self) -> bytes:
        return self._key.public_bytes_raw()


@dataclass(frozen=True)
class OpeningKeys:
    """The private halves of sealing pairs, the current one first. Only the staff side and its workers have them."""

    current: int
    _keys: dict[int, bytes] = field(repr=False)

    @property
    def versions(self) -> tuple[int, ...]:
        return tuple(self._keys)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `v2:<base64>,v1:<base64>` of 32-byte X25519 private keys. Raises `KeysMisconfigured`."""
        keys = parse_keys(text)
        return cls(next(iter(keys)), keys)

    def open(self, sealed: bytes, context: bytes = b"") -> bytes:
        """Return the data key. Raises `KeyMissing`, `KeyBroken`."""
        header, rest = _split(sealed, _SEALED)
        private = X25519PrivateKey.from_private_bytes(_held(self._keys, header))
        try:
            return _HPKE.decrypt(rest, private, header + context)
        except (InvalidTag, ValueError) as error:
            raise KeyBroken("a sealed key does not open") from error

    def fits(self, sealing_key: SealingKey) -> bool:
        """Tell whether the private half of this sealing key is among these keys."""
        raw = self._keys.get(sealing_key.version)
        if raw is None:
            return False
        public = X25519PrivateKey.from_private_bytes(raw).public_key().public_bytes_raw()
        return hmac.compare_digest(public, sealing_key.public_bytes())


def keyed_hash(secret: str | bytes, value: str) -> str:
    """Return the HMAC-SHA256, in hexadecimal, by which a value is recognised without being kept.

    The value is first trimmed and brought to NFC and lower case. So it serves e-mail addresses, telephone numbers and
    hexadecimal digests, but not tokens, in which case matters. The result is personal data as long as the secret
    exists.
    """
    key = secret.encode() if isinstance(secret, str) else secret
    normalised = unicodedata.normalize("NFC", value.strip()).lower()
    return hmac.new(key, normalised.encode(), hashlib.sha256).hexdigest()


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode("ascii")


def parse_keys(text: str) -> dict[int, bytes]:
    """Read `v2:<base64>,v1:<base64>` of 32-byte keys, in the order given. Raises `KeysMisconfigured`."""
    keys: dict[int, bytes] = {}
    faults: list[str] = []
    for position, entry in enumerate(text.strip().split(","), start=1):
        try:
            version, key = _parse_key(entry.strip())
        except ValueError as fault:
            faults.append(f"key {position} {fault}")
            continue
        if version in keys:
            faults.append(f"key {position} repeats version v{version}")
        keys[version] = key
    if faults:
        raise KeysMisconfigured(faults)
    return keys


def _parse_key(entry: str) -> tuple[int, bytes]:
    if not entry:
        raise ValueError("is empty")
    match = _VERSIONED.fullmatch(entry)
    if match is None or int(match[1]) > 255:
        raise ValueError("does not begin with its version (v1: to v255:)")
    try:
        key = base64.b64decode(match[2].encode(), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("is not base64") from None
    if len(key) != KEY_SIZE:
        raise ValueError(f"has {len(key)} bytes instead of {KEY_SIZE}")
    if len(set(key)) < _FEWEST_DISTINCT_BYTES:
        raise ValueError("is not random: make one with `flask keys`")
    return int(match[1]), key


def _checked_data_key(data_key: bytes) -> bytes:
    if len(data_key) != KEY_SIZE:
        raise ValueError(f"a data key has {KEY_SIZE} bytes")
    return data_key


def _split(protected: bytes, scheme: int) -> tuple[bytes, bytes]:
    header, rest = protected[:2], protected[2:]
    if len(header) < 2 or header[0] != scheme:
        raise KeyBroken("a protected key does not begin as it should")
    return header, rest


def _held(keys: dict[int, bytes], header: bytes) -> bytes:
    try:
        return keys[header[1]]
    except KeyError:
        raise KeyMissing(f"key version v{header[1]} is not configured") from None
