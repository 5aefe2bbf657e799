"""A real clamd with a database of one signature, to be stopped, paused and broken."""

import hashlib
import io
import shutil
import signal
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from portal.infrastructure.scanner import scanner_from_url

# In two halves, so that a virus scanner on a developer's machine does not remove this file.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR" + b"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
LARGEST_STREAM = 1024 * 1024
_SIGNATURE = f"Eicar-Test:0:*:{EICAR.hex()}\n".encode()


class Daemon:
    """One clamd in a folder of its own; it knows EICAR and takes 1 MB at most."""

    def __init__(self, folder: Path, signatures_at: datetime) -> None:
        self.folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "signatures").mkdir()
        (folder / "signatures" / "daily.cud").write_bytes(_database(signatures_at))
        (folder / "clamd.conf").write_text(
            f"Foreground yes\nDatabaseDirectory {folder}/signatures\nLocalSocket {folder}/clamd.sock\n"
            f"StreamMaxLength {LARGEST_STREAM}\nTemporaryDirectory {folder}/streams\nMaxThreads 2\n"
            "ConcurrentDatabaseReload no\n"
        )

    def url(self, seconds: float = 30) -> str:
        """Return the PORTAL_SCANNER_URL of this daemon, with a time limit for one document."""
        return f"clamd://{self.folder}/clamd.sock?timeout={seconds}"

    def start(self) -> None:
        """Start the daemon, unless it runs, undo `pause` and `break_down`, and return once it answers."""
        (self.folder / "streams").mkdir(exist_ok=True)
        if self._process is None:
            with (self.folder / "log").open("wb") as log:
                command = [_program(), "-c", str(self.folder / "clamd.conf")]
                self._process = subprocess.Popen(command, stdout=log, stderr=log)
        self._process.send_signal(signal.SIGCONT)
        give_up = time.monotonic() + 120
        while not scanner_from_url(self.url()).state().is_working:
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < give_up, "clamd did not come up"
            time.sleep(0.05)

    def stop(self) -> None:
        """Kill the daemon: nobody listens any more."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Make the daemon hang: the kernel still accepts connections, and nobody answers them."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        while _state_of(self._process.pid) != "T":
            time.sleep(0.01)

    def break_down(self) -> None:
        """Remove the daemon's folder for what it is sent, so that it answers with an error."""
        shutil.rmtree(self.folder / "streams")


@contextmanager
def clamd(folder: Path, *, signatures_at: datetime | None = None) -> Iterator[Daemon]:
    """Run a clamd whose signatures were made at an instant (now by default), until the end of the block."""
    daemon = Daemon(folder, signatures_at or datetime.now(UTC))
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.stop()


def _program() -> str:
    program = shutil.which("clamd") or shutil.which("clamd", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        pytest.skip("no virus scanner here: the program `clamd` is missing (Debian package clamav-daemon)")
    return program


def _state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def _database(made_at: datetime) -> bytes:
    """Return an unsigned signature file as freshclam keeps them: a head of 512 bytes, then an archive.

    clamd tells the age of its signatures only when a daily file with such a head is there.
    """
    head = f"ClamAV-VDB:{made_at:%d %b %Y %H-%M} +0000:27823:1:90:X:X:tests:{int(made_at.timestamp())}"
    told = f"daily.ndb:{len(_SIGNATURE)}:{hashlib.sha256(_SIGNATURE).hexdigest()}"
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in (
            ("COPYING", b"-\n"),
            ("daily.info", f"{head}\n{told}\n".encode()),
            ("daily.ndb", _SIGNATURE),
        ):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return head.encode().ljust(512) + packed.getvalue()
