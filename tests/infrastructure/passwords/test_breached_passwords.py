"""The operator's list of breached passwords: found by its place in the file, whatever the file's shape."""

import hashlib
import logging
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.app import create_app
from portal.config import Settings, SettingsFault
from portal.infrastructure.passwords.breached import BreachedPasswords, NotAHashList, check_list
from portal.infrastructure.sealing.keys import new_master_keys, new_sealing_pair


def write_list(path: Path, passwords: set[str], *, end: str = "\r\n", counts: bool = True, last: bool = True) -> Path:
    """Write a list as the download tool does, or as somebody's own tool might."""
    hashes = sorted(hashlib.sha1(password.encode()).hexdigest().upper() for password in passwords)
    lines = [f"{text}:{int(text[:6], 16) % 99_999_999}" if counts else text.lower() for text in hashes]
    path.write_text(end.join(lines) + (end if last else ""), "ascii", newline="")
    return path


@settings(max_examples=20, deadline=None)
@given(
    passwords=st.sets(st.text(min_size=1, max_size=20), min_size=1, max_size=40),
    other=st.text(max_size=20),
    end=st.sampled_from(["\n", "\r\n"]),
    counts=st.booleans(),
    last=st.booleans(),
)
def test_exactly_what_is_listed_is_found(
    tmp_path_factory: pytest.TempPathFactory, passwords: set[str], other: str, end: str, counts: bool, last: bool
) -> None:
    folder = tmp_path_factory.getbasetemp() / "breached"
    folder.mkdir(exist_ok=True)
    path = write_list(folder / "list.txt", passwords, end=end, counts=counts, last=last)
    found = BreachedPasswords(path)
    assert check_list(path) == path.stat().st_size
    assert all(found.holds(password) for password in passwords)
    if other.isascii():
        assert found.holds(other) == (other in passwords)


def test_a_long_list_is_not_read_through(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    wanted = hashlib.sha1(b"a password that was stolen").hexdigest().upper()
    with path.open("w") as file:
        for number in range(50_000):
            file.write(f"{number * 2**144:040X}:{number}\n")
            if f"{number * 2**144:040X}" < wanted < f"{(number + 1) * 2**144:040X}":
                file.write(f"{wanted}:7\n")
    found = BreachedPasswords(path)
    assert found.holds("a password that was stolen")
    assert not found.holds("a password that nobody stole")


def test_accents_are_found_however_they_were_typed(tmp_path: Path) -> None:
    found = BreachedPasswords(write_list(tmp_path / "list.txt", {"une for\u00eat d\u2019\u00e9t\u00e9"}))
    assert found.holds("une fore\u0302t d\u2019e\u0301te\u0301")


def test_without_a_list_nothing_is_on_it() -> None:
    assert not BreachedPasswords(None).holds("password")


@pytest.mark.parametrize(
    "content", ["", "password\n123456\n", "x" * 400, "F" * 40 + "\n" + "0" * 40 + "\n", "A" * 32 + "\n"]
)
def test_another_file_is_refused_at_the_start(tmp_path: Path, content: str) -> None:
    path = tmp_path / "list.txt"
    path.write_text(content)
    with pytest.raises(NotAHashList):
        check_list(path)


@pytest.mark.parametrize(("name", "words"), [("absent.txt", "No such file"), ("list.txt", "no SHA-1")])
def test_a_wrong_list_is_a_fault_of_the_settings_named_beside_the_others(tmp_path: Path, name: str, words: str) -> None:
    (tmp_path / "list.txt").write_text("password\n")
    sealing, opening = new_sealing_pair()
    settings = Settings.from_environment({
        "PORTAL_INSTANCE": str(tmp_path), "PORTAL_SECRET_KEY": "x" * 40, "PORTAL_MASTER_KEYS": "v1:cut-short",
        "PORTAL_SEALING_KEY": sealing, "PORTAL_OPENING_KEYS": opening, "PORTAL_PUBLIC_URL": "http://localhost",
        "PORTAL_LEDGER_KEY": new_master_keys(), "PORTAL_TOMBSTONE_KEYS": new_master_keys(),
        "PORTAL_BREACHED_PASSWORDS_FILE": str(tmp_path / name),
    })  # fmt: skip
    with pytest.raises(SettingsFault, match=f"PORTAL_BREACHED_PASSWORDS_FILE: .*{words}") as found:
        create_app(settings)
    assert any(fault.startswith("PORTAL_MASTER_KEYS: ") for fault in found.value.faults)


def test_a_list_gone_or_damaged_later_is_said_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write_list(tmp_path / "list.txt", {"stolen"})
    found = BreachedPasswords(path)
    assert found.holds("stolen")
    path.write_bytes(b"\0" * 5000)
    assert not found.holds("stolen")
    path.unlink()
    with caplog.at_level(logging.ERROR):
        assert not found.holds("stolen")
    assert [record.getMessage() for record in caplog.records] == [
        "breached passwords cannot be looked up: NotAHashList",
        "breached passwords cannot be looked up: FileNotFoundError",
    ]
