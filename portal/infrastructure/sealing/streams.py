"""Seal a stream of bytes with a key of its own, so that altered, cut or reordered bytes do not open.

AES-256-GCM over chunks of 64 KiB, after the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015):

    header   scheme byte 0x01, random nonce prefix of 7 bytes
    chunk i  AES-GCM(key; nonce: prefix, i on 4 bytes, 1 if last else 0; associated data: header, object id)

The counter in the nonce catches chunks that were swapped, repeated or dropped; the flag catches a stream that
was cut or continued; the object id catches a stream that was put in another's place.
"""

import secrets
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

CHUNK_SIZE = 64 * 1024
TAG_SIZE = 16
HEADER_SIZE = 8
_SCHEME = b"\x01"
_MOST_CHUNKS = 2**32


class SealBroken(Exception):
    """The stored bytes are not what was sealed under this key for this object."""


def seal_stream(key: bytes, chunks: Iterable[bytes], object_id: str) -> Iterator[bytes]:
    """Yield the sealed form of the chunks, holding two chunks of 64 KiB at most.

    Args:
        key: 32 bytes, fresh for this object (`keys.new_data_key`).
        chunks: the clear bytes, in pieces of any size.
        object_id: what the stream is; the same must be given to open it.
    """
    cipher = AESGCM(key)
    header = _SCHEME + secrets.token_bytes(HEADER_SIZE - len(_SCHEME))
    bound = header + object_id.encode()
    yield header
    for number, (chunk, is_last) in enumerate(_cut(chunks, CHUNK_SIZE)):
        yield cipher.encrypt(_nonce(header, number, is_last), chunk, bound)


def open_stream(key: bytes, chunks: Iterable[bytes], object_id: str) -> Iterator[bytes]:
    """Yield the clear chunks one by one, each verified before it is given out.

    A stream that was cut short is found out only at its end: use `open_whole` where a part of it must not be used.

    Raises:
        SealBroken: at the first chunk that is not authentic.
    """
    cipher = AESGCM(key)
    source = iter(chunks)
    header, begun = _read_header(source)
    bound = header + object_id.encode()
    for number, (chunk, is_last) in enumerate(_cut(_rejoined(begun, source), CHUNK_SIZE + TAG_SIZE)):
        try:
            clear = cipher.decrypt(_nonce(header, number, is_last), chunk, bound)
        except (InvalidTag, ValueError):
            raise SealBroken("the sealed bytes were altered, cut or exchanged") from None
        yield clear


def open_whole(key: bytes, chunks: Iterable[bytes], object_id: str) -> bytes:
    """Return all clear bytes after every one of them was verified. Raises `SealBroken`."""
    return b"".join(open_stream(key, chunks, object_id))


def _nonce(header: bytes, number: int, is_last: bool) -> bytes:
    if number >= _MOST_CHUNKS:
        raise ValueError("the stream is too long for one key")
    return header[len(_SCHEME) :] + number.to_bytes(4, "big") + bytes((is_last,))


def _cut(chunks: Iterable[bytes], size: int) -> Iterator[tuple[bytes | memoryview, bool]]:
    """Yield pieces of exactly `size` bytes, then the rest, marked as the last. The rest is empty only if everything is.

    A piece that is wholly inside one chunk is not copied: a copy would cost half as much as the cipher.
    """
    pending: bytes | memoryview = b""
    for chunk in chunks:
        rest = memoryview(chunk)
        while rest:
            if len(pending) == size:
                yield pending, False
                pending = b""
            if not pending and len(rest) > size:
                yield rest[:size], False
                rest = rest[size:]
            else:
                room = size - len(pending)
                pending, rest = b"".join((pending, rest[:room])) if pending else rest[:room], rest[room:]
    yield pending, True


def _read_header(source: Iterator[bytes]) -> tuple[bytes, bytes]:
    begun = b""
    while len(begun) < HEADER_SIZE:
        try:
            begun += next(source)
        except StopIteration:
            raise SealBroken("the sealed bytes end before they begin") from None
    if not begun.startswith(_SCHEME):
        raise SealBroken("the sealed bytes are of a scheme that is not known here")
    return begun[:HEADER_SIZE], begun[HEADER_SIZE:]


def _rejoined(begun: bytes, source: Iterator[bytes]) -> Iterator[bytes]:
    yield begun
    yield from source
