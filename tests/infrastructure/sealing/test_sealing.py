"""A sealed stream gives back what went in, or refuses; memory stays small."""

import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.infrastructure.sealing.keys import new_data_key
from portal.infrastructure.sealing.streams import (
    CHUNK_SIZE,
    HEADER_SIZE,
    TAG_SIZE,
    SealBroken,
    open_stream,
    open_whole,
    seal_stream,
)

KEY = bytes(range(32))
SEALED_CHUNK = CHUNK_SIZE + TAG_SIZE


def sealed(data: bytes, object_id: str = "document") -> bytes:
    return b"".join(seal_stream(KEY, [data], object_id))


def opened(data: bytes, object_id: str = "document", key: bytes = KEY) -> bytes:
    return open_whole(key, [data], object_id)


def pieces(data: bytes) -> tuple[bytes, list[bytes]]:
    body = data[HEADER_SIZE:]
    return data[:HEADER_SIZE], [body[at : at + SEALED_CHUNK] for at in range(0, len(body), SEALED_CHUNK)]


def three_chunks() -> bytes:
    return b"a" * CHUNK_SIZE + b"b" * CHUNK_SIZE + b"c" * 100


def refuse(data: bytes) -> None:
    with pytest.raises(SealBroken):
        opened(data)


@pytest.mark.parametrize("size", [0, 1, CHUNK_SIZE - 1, CHUNK_SIZE, CHUNK_SIZE + 1, 3 * CHUNK_SIZE])
def test_what_was_sealed_comes_back(size: int) -> None:
    data = bytes(at % 251 for at in range(size))
    assert opened(sealed(data)) == data
    chunks = max(1, -(-size // CHUNK_SIZE))
    assert len(sealed(data)) == HEADER_SIZE + size + chunks * TAG_SIZE


@given(st.lists(st.binary(max_size=300), max_size=20), st.integers(1, 400))
def test_the_pieces_in_which_bytes_arrive_do_not_matter(chunks: list[bytes], cut: int) -> None:
    whole = b"".join(seal_stream(KEY, chunks, "document"))
    arriving = (whole[at : at + cut] for at in range(0, len(whole), cut))
    assert open_whole(KEY, arriving, "document") == b"".join(chunks)


def test_every_changed_byte_of_a_small_object_is_noticed() -> None:
    data = sealed(b"a short document")
    for position in range(len(data)):
        for bit in (1, 128):
            refuse(data[:position] + bytes((data[position] ^ bit,)) + data[position + 1 :])


def test_a_changed_byte_anywhere_in_a_large_object_is_noticed() -> None:
    data = sealed(three_chunks())
    for position in range(0, len(data), 4099):
        refuse(data[:position] + bytes((data[position] ^ 1,)) + data[position + 1 :])


def test_a_cut_is_noticed_wherever_it_falls() -> None:
    short = sealed(b"a short document")
    for length in range(len(short)):
        refuse(short[:length])
    header, (first, second, third) = pieces(sealed(three_chunks()))
    for rest in ([], [first], [first, second], [first, second, third[:-1]], [first[:100]]):
        refuse(header + b"".join(rest))


def test_chunks_cannot_be_swapped_repeated_dropped_or_added() -> None:
    header, (first, second, third) = pieces(sealed(three_chunks()))
    for order in (
        [second, first, third],
        [first, first, second, third],
        [first, third],
        [second, third],
        [first, second, third, third],
        [first, second, third, second],
        [first, second, third, b"\0"],
        [third],
    ):
        refuse(header + b"".join(order))


def test_a_chunk_of_another_object_under_the_same_key_is_noticed() -> None:
    header, (first, second, third) = pieces(sealed(three_chunks()))
    _, (_, other, _) = pieces(sealed(three_chunks()))
    refuse(header + first + other + third)
    assert opened(header + first + second + third) == three_chunks()


def test_a_stream_in_another_objects_place_is_noticed() -> None:
    data = sealed(b"document", "one")
    with pytest.raises(SealBroken):
        opened(data, "two")
    with pytest.raises(SealBroken):
        opened(data, "one", key=new_data_key())


def test_no_byte_of_a_bad_chunk_is_given_out() -> None:
    header, (first, second, third) = pieces(sealed(three_chunks()))
    bad = second[:-1] + bytes((second[-1] ^ 1,))
    stream = open_stream(KEY, [header + first + bad + third], "document")
    assert next(stream) == b"a" * CHUNK_SIZE
    with pytest.raises(SealBroken):
        next(stream)


def test_an_unknown_scheme_is_refused() -> None:
    data = sealed(b"document")
    refuse(b"\x02" + data[1:])


def test_a_long_stream_passes_in_little_memory() -> None:
    block = b"x" * (1024 * 1024)

    def long() -> Iterator[bytes]:
        for _ in range(48):
            yield block

    tracemalloc.start()
    try:
        length = sum(len(chunk) for chunk in open_stream(KEY, seal_stream(KEY, long(), "long"), "long"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert length == 48 * len(block)
    assert peak < 2 * 1024 * 1024


def test_sealing_the_same_bytes_twice_uses_other_nonces() -> None:
    assert len({sealed(b"document")[:HEADER_SIZE] for _ in range(2000)}) == 2000
