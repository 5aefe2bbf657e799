"""Keys: what they wrap only they open, and a configuration fault is named without its value."""

import base64

import pytest

from portal.infrastructure.sealing.keys import (
    KeyBroken,
    KeyMissing,
    KeysMisconfigured,
    MasterKeys,
    OpeningKeys,
    SealingKey,
    keyed_hash,
    new_data_key,
    new_master_keys,
    new_sealing_pair,
)


def as_version(version: int, text: str) -> str:
    return f"v{version}:{text.partition(':')[2]}"


def altered(data: bytes, position: int) -> bytes:
    return data[:position] + bytes((data[position] ^ 1,)) + data[position + 1 :]


def test_a_wrapped_key_comes_back() -> None:
    keys, data_key = MasterKeys.parse(new_master_keys()), new_data_key()
    wrapped = keys.wrap(data_key, b"document 1")
    assert data_key not in wrapped
    assert keys.unwrap(wrapped, b"document 1") == data_key


def test_wrapping_twice_never_gives_the_same_bytes() -> None:
    keys, data_key = MasterKeys.parse(new_master_keys()), new_data_key()
    assert len({keys.wrap(data_key)[2:14] for _ in range(2000)}) == 2000


def test_every_changed_byte_of_a_wrapped_key_is_noticed() -> None:
    keys = MasterKeys.parse(new_master_keys())
    wrapped = keys.wrap(new_data_key())
    for position in range(len(wrapped)):
        with pytest.raises((KeyBroken, KeyMissing)):
            keys.unwrap(altered(wrapped, position))
    for length in range(len(wrapped)):
        with pytest.raises(KeyBroken):
            keys.unwrap(wrapped[:length])


def test_a_wrapped_key_does_not_open_for_another_object() -> None:
    keys = MasterKeys.parse(new_master_keys())
    with pytest.raises(KeyBroken):
        keys.unwrap(keys.wrap(new_data_key(), b"document 1"), b"document 2")


def test_a_new_master_key_takes_over_while_the_old_one_still_opens() -> None:
    first, second = as_version(1, new_master_keys()), as_version(2, new_master_keys())
    data_key = new_data_key()
    old = MasterKeys.parse(first).wrap(data_key, b"id")
    both = MasterKeys.parse(f"{second}, {first}")
    assert both.current == 2
    assert both.unwrap(old, b"id") == data_key
    assert not both.is_current(old)
    new = both.rewrap(old, b"id")
    assert both.is_current(new)
    assert MasterKeys.parse(second).unwrap(new, b"id") == data_key
    with pytest.raises(KeyMissing, match="v1"):
        MasterKeys.parse(second).unwrap(old, b"id")


def test_what_is_sealed_to_the_public_half_opens_with_the_private_half_only() -> None:
    public, private = new_sealing_pair()
    data_key = new_data_key()
    sealed = SealingKey.parse(public).seal(data_key, b"document 1")
    assert OpeningKeys.parse(private).open(sealed, b"document 1") == data_key
    with pytest.raises(KeyBroken):
        OpeningKeys.parse(private).open(sealed, b"document 2")
    with pytest.raises(KeyBroken):
        OpeningKeys.parse(new_sealing_pair()[1]).open(sealed, b"document 1")
    with pytest.raises(KeyBroken):
        OpeningKeys.parse(as_version(1, public)).open(sealed, b"document 1")


def test_every_changed_byte_of_a_sealed_key_is_noticed() -> None:
    public, private = new_sealing_pair()
    sealed, opening = SealingKey.parse(public).seal(new_data_key()), OpeningKeys.parse(private)
    for position in range(len(sealed)):
        with pytest.raises((KeyBroken, KeyMissing)):
            opening.open(altered(sealed, position))
    for length in range(len(sealed)):
        with pytest.raises(KeyBroken):
            opening.open(sealed[:length])


def test_opening_keys_are_replaced_like_master_keys() -> None:
    old_public, old_private = new_sealing_pair()
    public, private = (as_version(2, half) for half in new_sealing_pair())
    opening = OpeningKeys.parse(f"{private},{old_private}")
    data_key = new_data_key()
    assert opening.open(SealingKey.parse(old_public).seal(data_key)) == data_key
    assert opening.open(SealingKey.parse(public).seal(data_key)) == data_key
    with pytest.raises(KeyMissing):
        OpeningKeys.parse(private).open(SealingKey.parse(old_public).seal(data_key))


def test_a_wrapped_key_is_never_taken_for_a_sealed_one() -> None:
    public, private = new_sealing_pair()
    masters = MasterKeys.parse(new_master_keys())
    with pytest.raises(KeyBroken):
        OpeningKeys.parse(private).open(masters.wrap(new_data_key()))
    with pytest.raises(KeyBroken):
        masters.unwrap(SealingKey.parse(public).seal(new_data_key()))


def test_a_pair_that_does_not_belong_together_is_noticed() -> None:
    public, private = new_sealing_pair()
    assert OpeningKeys.parse(private).fits(SealingKey.parse(public))
    assert not OpeningKeys.parse(new_sealing_pair()[1]).fits(SealingKey.parse(public))
    assert not OpeningKeys.parse(as_version(2, private)).fits(SealingKey.parse(public))


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


FIXED = f"v1:{encoded(bytes(range(32)))}"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "key 1 is empty"),
        (f"v1:{encoded(b'specimen' * 4)[:-2]}", "key 1 is not base64"),
        (encoded(b"specimen" * 4), "key 1 does not begin with its version"),
        (f"v0:{encoded(bytes(range(32)))}", "key 1 does not begin with its version"),
        (f"v256:{encoded(bytes(range(32)))}", "key 1 does not begin with its version"),
        (f"v1:{encoded(bytes(range(31)))}", "key 1 has 31 bytes instead of 32"),
        (f"v1:{encoded(b'specimen' * 4)}", "key 1 is not random"),
        (f"v1:{encoded(bytes(32))}", "key 1 is not random"),
        ("v1:specimen é", "key 1 is not base64"),
        (f"{FIXED},", "key 2 is empty"),
        (f"{FIXED},{FIXED}", "key 2 repeats version v1"),
        ("v1:specimen!,v2:specimen!", "key 1 is not base64; key 2 is not base64"),
    ],
)
def test_a_fault_in_the_configured_keys_is_named_without_its_value(text: str, fault: str) -> None:
    with pytest.raises(KeysMisconfigured) as raised:
        MasterKeys.parse(text)
    assert fault in str(raised.value)
    assert "specimen" not in repr(raised.value)
    assert not text or text not in str(raised.value)


def test_a_sealing_key_that_would_protect_nothing_is_refused() -> None:
    low_order = bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800")
    with pytest.raises(KeysMisconfigured, match="usable"):
        SealingKey.parse(f"v1:{encoded(low_order)}")
    with pytest.raises(KeysMisconfigured, match="list"):
        SealingKey.parse(f"{new_sealing_pair()[0]},{as_version(2, new_sealing_pair()[0])}")


def test_no_key_shows_in_a_log() -> None:
    public, private = new_sealing_pair()
    master = new_master_keys()
    shown = repr([MasterKeys.parse(master), OpeningKeys.parse(private), SealingKey.parse(public)])
    for text in (master, private):
        raw = base64.b64decode(text.partition(":")[2])
        assert text.partition(":")[2] not in shown
        assert repr(raw) not in shown


def test_an_address_is_recognised_by_its_keyed_hash() -> None:
    expected = "7efab18a356b0e5c47675b11c78333ec325048c9cfcaad219c84b22766d1e479"
    assert keyed_hash("test-pepper", "Marie.Dupont@example.fr ") == expected
    assert keyed_hash(b"test-pepper", "marie.dupont@EXAMPLE.fr") == expected
    assert keyed_hash("another-pepper", "marie.dupont@example.fr") != expected
    assert keyed_hash("k", "Ame\u0301lie@example.fr") == keyed_hash("k", "am\u00e9lie@example.fr")
