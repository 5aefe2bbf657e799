"""What is held for a moment while a copy is made: whole, in bounded memory, and never in clear on a disk."""

import os
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.exports.writing.spool import MOST_IN_MEMORY, READ_AT_ONCE, Spool, lines_of

SECRET = b"camille@example.org"


@settings(deadline=None, max_examples=50)
@given(st.lists(st.binary(max_size=200)))
def test_what_was_written_is_read(pieces: list[bytes]) -> None:
    spool = Spool()
    for piece in pieces:
        spool.write(piece)
    assert b"".join(spool.read()) == b"".join(pieces)


def test_what_lies_on_the_disk_is_sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    noise = random.Random(1)
    spool = Spool()
    written = [SECRET + noise.randbytes(1000) for _ in range(3 * MOST_IN_MEMORY // 1000)]
    for piece in written:
        spool.write(piece)
    on_disk = os.pread(spool._file.fileno(), 4 * MOST_IN_MEMORY, 0)
    assert len(on_disk) > MOST_IN_MEMORY
    assert SECRET not in on_disk
    assert written[0][len(SECRET) : len(SECRET) + 16] not in on_disk
    assert b"".join(spool.read()) == b"".join(written)
    assert list(tmp_path.iterdir()) == [], "the file has a name, so that a killed worker leaves it behind"


@settings(deadline=None, max_examples=100)
@given(st.lists(st.text(alphabet="ab\n"), max_size=12))
def test_lines_come_whole(texts: list[str]) -> None:
    pieces = [text.encode() for text in texts]
    whole = b"".join(pieces).split(b"\n")
    assert list(lines_of(iter(pieces))) == (whole if whole[-1] else whole[:-1])


def test_what_repeats_itself_is_read_in_small_pieces() -> None:
    spool = Spool()
    for _ in range(2000):
        spool.write(b"the same line, over and over\n" * 100)
    pieces = list(spool.read())
    assert b"".join(pieces) == b"the same line, over and over\n" * 200_000
    assert max(map(len, pieces)) <= READ_AT_ONCE
