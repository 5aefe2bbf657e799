"""HEIC files of many tiles, made from the one specimen: as phones store a photo, and as attackers would."""

import struct

from tests.support.documents.specimens import turned_heic

TILE = (454, 720)
"""The size of the specimen's coded picture as it is stored, on its side."""


def tiled_heic(
    columns: int, rows: int, *, shows_tiles: bool = False, size: tuple[int, int] | None = None,
    claims: tuple[int, int] | None = None, kind: bytes = b"grid", layout: bytes | None = None, quarters: int = 1,
) -> bytes:  # fmt: skip
    """Return a photo made of tiles, each of them the specimen's picture (ISO/IEC 23008-12, 6.6.2).

    Args:
        shows_tiles: list the tiles as pictures of their own, as in a file of several photos.
        size: the picture as it is stored; by default as large as its tiles.
        claims: the size that its properties state, by default the true one.
        kind, layout: another derived picture than a grid, and its description.
        quarters: turns anticlockwise; one is upright.
    """
    size = size or (columns * TILE[0], rows * TILE[1])
    layout = layout or bytes((0, 1, rows - 1, columns - 1)) + struct.pack(">II", *size)
    coded, codec, tiles = _coded(), _found(b"hvcC"), range(1, columns * rows + 1)
    whole = len(tiles) + 1
    items = [_item(tile, b"hvc1", is_hidden=not shows_tiles) for tile in tiles] + [_item(whole, kind)]
    properties = codec + _extent(TILE) + _extent(claims or size) + box(b"irot", bytes((quarters,)))
    uses = [struct.pack(">HBBB", tile, 2, 0x81, 2) for tile in tiles] + [struct.pack(">HBBB", whole, 2, 3, 0x84)]
    parts = struct.pack(f">HH{len(tiles)}H", whole, len(tiles), *tiles)
    facts = [
        _full(b"hdlr", bytes(4) + b"pict" + bytes(13)),
        _full(b"pitm", struct.pack(">H", whole)),
        _full(b"iinf", struct.pack(">H", len(items)) + b"".join(items)),
        _full(b"iref", box(b"dimg", parts)),
        box(b"iprp", box(b"ipco", properties) + _full(b"ipma", struct.pack(">I", len(uses)) + b"".join(uses))),
    ]
    head = box(b"ftyp", b"heic" + bytes(4) + b"mif1heic")

    def described(start: int) -> bytes:
        places = [struct.pack(">HHHII", tile, 0, 1, start, len(coded)) for tile in tiles]
        places.append(struct.pack(">HHHII", whole, 0, 1, start + len(coded), len(layout)))
        table = _full(b"iloc", b"\x44\0" + struct.pack(">H", len(places)) + b"".join(places))
        return _full(b"meta", b"".join(facts) + table)

    start = len(head) + len(described(0)) + 8
    return head + described(start) + box(b"mdat", coded + layout)


def box(name: bytes, content: bytes) -> bytes:
    """Return a box of an ISO media file."""
    return struct.pack(">I", 8 + len(content)) + name + content


def _full(name: bytes, content: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(name, bytes((version,)) + flags.to_bytes(3, "big") + content)


def _item(number: int, kind: bytes, *, is_hidden: bool = False) -> bytes:
    return _full(b"infe", struct.pack(">HH", number, 0) + kind + b"\0", version=2, flags=int(is_hidden))


def _extent(size: tuple[int, int]) -> bytes:
    return _full(b"ispe", struct.pack(">II", *size))


def _found(name: bytes) -> bytes:
    data = turned_heic()
    at = data.find(name) - 4
    return data[at : at + int.from_bytes(data[at : at + 4], "big")]


def _coded() -> bytes:
    """Return the specimen's coded picture: the first thing in its `mdat`, whose length its `iloc` tells."""
    data = turned_heic()
    table = data.find(b"iloc") + 4
    base, _, offset, length = struct.unpack_from(">IHII", data, table + 12)
    return data[base + offset : base + offset + length]
