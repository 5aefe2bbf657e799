"""The folder store against real full, read-only and failing disks, and against a kill in the middle."""

import errno
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portal.infrastructure.storage import NotStored, StorageFull, StorageUnavailable, storage_from_url
from tests.support.servers.disks import disk

BLOCK = b"b" * 65536


def in_an_hour() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with disk(tmp_path / "disk", "size=1m,nr_inodes=24") as folder:
        yield folder


def test_only_the_owner_may_read(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        storage_from_url(f"file://{tmp_path}/objects").put("identity/one", [b"x"])
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "objects/identity/one").stat().st_mode) == 0o600
    for folder in ("objects", "objects/identity"):
        assert stat.S_IMODE((tmp_path / folder).stat().st_mode) == 0o700


def test_bytes_and_name_are_on_the_disk_before_put_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "objects/.unfinished").mkdir(parents=True)
    done: list[str] = []
    real_fsync, real_link = os.fsync, os.link

    def fsync(descriptor: int) -> None:
        done.append("folder synced" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file synced")
        real_fsync(descriptor)

    def link(source: Path, target: Path) -> None:
        done.append("named")
        real_link(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "link", link)
    storage_from_url(f"file://{tmp_path}/objects").put("one", [b"x"])
    assert done == ["file synced", "named", "folder synced"]


def test_a_failed_fsync_is_never_a_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = storage_from_url(f"file://{tmp_path}/objects")
    storage.put("before", [b"x"])

    def fsync(_descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StorageUnavailable):
        storage.put("one", [b"x"])
    assert not storage.exists("one")
    assert [path.name for path in files_below(tmp_path)] == ["before"]


def test_a_removal_that_did_not_reach_the_disk_is_tried_again_until_it_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = storage_from_url(f"file://{tmp_path}/objects")
    storage.put("identity/one", [b"x"])
    synced: list[str] = []

    def fsync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        if len(synced) < 3:
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    for _ in range(2):
        with pytest.raises(StorageUnavailable):
            storage.delete("identity/one")
    storage.delete("identity/one")
    assert synced == ["identity"] * 3
    storage.delete("nowhere/one")


def test_a_full_disk_leaves_nothing_behind_and_heals(small_disk: Path) -> None:
    storage = storage_from_url(f"file://{small_disk}/objects")
    storage.put("before", [b"acknowledged"])
    with pytest.raises(StorageFull):
        storage.put("too-much", (BLOCK for _ in range(64)))
    assert not storage.exists("too-much")
    assert [path.name for path in files_below(small_disk)] == ["before"]
    assert b"".join(storage.open("before")) == b"acknowledged"
    storage.put("after", [BLOCK])
    assert b"".join(storage.open("after")) == BLOCK


def test_a_disk_without_inodes_says_that_it_is_full(small_disk: Path) -> None:
    storage = storage_from_url(f"file://{small_disk}/objects")
    storage.put("before", [b"x"])

    def fill_up() -> None:
        for number in range(30):
            storage.put(f"n{number}", [b"x"])

    with pytest.raises(StorageFull):
        fill_up()
    assert all(path.stat().st_size == 1 for path in files_below(small_disk))


def test_a_read_only_disk_is_unavailable_for_writing_and_readable(small_disk: Path) -> None:
    storage = storage_from_url(f"file://{small_disk}/objects")
    storage.put("before", [b"x"])
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StorageUnavailable):
        storage.put("one", [b"x"])
    with pytest.raises(StorageUnavailable):
        storage.delete("before")
    assert b"".join(storage.open("before")) == b"x"


def test_a_killed_put_is_invisible_and_its_rest_is_cleared(tmp_path: Path) -> None:
    script = f"""
import os, signal
from portal.infrastructure.storage import storage_from_url
def chunks():
    yield b"x" * 100000
    os.kill(os.getpid(), signal.SIGKILL)
storage_from_url("file://{tmp_path}/objects").put("one", chunks())
"""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    assert subprocess.run([sys.executable, "-c", script], env=environment, check=False).returncode == -9
    storage = storage_from_url(f"file://{tmp_path}/objects")
    assert len(files_below(tmp_path)) == 1
    assert not storage.exists("one")
    assert list(storage.list()) == []
    assert storage.clear_unfinished(datetime(2000, 1, 1, tzinfo=UTC)) == 0
    assert storage.clear_unfinished(in_an_hour()) == 1
    assert files_below(tmp_path) == []
    storage.put("one", [b"again"])


def test_clearing_a_store_that_was_never_written_to_does_nothing(tmp_path: Path) -> None:
    storage = storage_from_url(f"file://{tmp_path}/objects")
    assert storage.clear_unfinished(in_an_hour()) == 0
    assert list(storage.list()) == []
    assert not (tmp_path / "objects").exists()


def test_a_link_planted_in_the_folder_is_neither_followed_nor_listed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"outside")
    storage = storage_from_url(f"file://{tmp_path}/objects")
    storage.put("one", [b"x"])
    (tmp_path / "objects/planted").symlink_to(secret)
    (tmp_path / "objects/away").symlink_to(tmp_path)
    with pytest.raises((StorageUnavailable, NotStored)):
        storage.open("planted")
    assert [found.key for found in storage.list()] == ["one"]


def test_an_unread_stream_closes_its_file(tmp_path: Path) -> None:
    storage = storage_from_url(f"file://{tmp_path}/objects")
    storage.put("one", [BLOCK])
    before = len(os.listdir("/proc/self/fd"))
    streams = [storage.open("one") for _ in range(20)]
    assert len(os.listdir("/proc/self/fd")) == before + 20
    for stream in streams:
        stream.close()  # type: ignore[attr-defined]
    assert len(os.listdir("/proc/self/fd")) == before
    assert list(streams[0]) == []


@pytest.mark.parametrize(
    "url",
    [
        "",
        "objects",
        "/srv/objects",
        "file://objects",
        "file:///",
        "file:///srv/../etc",
        "file:///srv?x=1",
        "s3://",
        "s3://bucket?zone=fr",
        "s3://key:specimen@bucket",
        "s3://bucket?specimen",
        "ftp://host/x",
    ],
)
def test_a_url_that_names_no_store_is_refused_without_being_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="storage URL") as fault:
        storage_from_url(url)
    assert "specimen" not in str(fault.value)
