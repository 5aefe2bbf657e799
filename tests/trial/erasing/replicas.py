"""A PostgreSQL server that streams from another one, is cut off, and is promoted when the first one is lost."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.support.servers.databases import prepared
from tests.support.servers.served import until


class Replica:
    """A server that follows another one."""

    def __init__(self, primary: Any, folder: Path) -> None:
        self._primary, self._folder = primary, folder
        self.address = f"postgresql://postgres@/{{name}}?host={folder}"

    def start(self) -> None:
        settings = f"-h '' -k {self._folder} -c fsync=off -c max_connections=300 -c hot_standby=on"
        self._run("pg_ctl", "start", "-w", "-s", "-D", str(self._folder), "-l", f"{self._folder}/log", "-o", settings)

    def copy(self, host: str) -> None:
        self._run(
            "pg_basebackup", "-D", str(self._folder), "-h", host, "-U", "postgres", "-R", "-X", "stream", "-c", "fast"
        )
        (self._folder / ".s.PGSQL.5432.lock").unlink(missing_ok=True)  # that of the primary's socket, copied too

    def is_level(self, primary: str) -> bool:
        """Tell whether all that the primary has written so far has been applied here."""
        with (
            psycopg.connect(primary.format(name="postgres")) as one,
            psycopg.connect(self.address.format(name="postgres")) as two,
        ):
            written = one.execute("SELECT pg_current_wal_lsn()").fetchone()
            return bool(two.execute("SELECT pg_last_wal_replay_lsn() >= %s", written).fetchone() == (True,))

    def cut_off(self) -> None:
        """Let nothing more come from the primary."""
        with psycopg.connect(self.address.format(name="postgres"), autocommit=True) as own:
            own.execute("ALTER SYSTEM SET primary_conninfo = ''")
            own.execute("SELECT pg_reload_conf()")
            gone = "SELECT count(*) FROM pg_stat_wal_receiver"
            until(lambda: own.execute(gone).fetchone() == (0,) or None, "a replica that follows no more")

    def promote(self) -> None:
        self._run("pg_ctl", "promote", "-w", "-s", "-D", str(self._folder))

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "-m", "immediate", "-w", "-s", "-D", str(self._folder))

    def _run(self, name: str, *arguments: str) -> None:
        command = [str(self._primary.bin_path / name), *arguments]
        subprocess.run(command, check=True, user=self._primary.system_user, stdout=subprocess.DEVNULL)


def folder_of(address: str) -> Path:
    """Return where the replica of a server lies, before it is made too."""
    return Path(_host(address)).parent / "replica"


@contextmanager
def replica_of(address: str) -> Iterator[Replica]:
    """Copy a server, let the copy follow it, and wait until it is level."""
    folder, primary = folder_of(address), prepared(Path(_host(address)))
    folder.mkdir(mode=0o700)
    if primary.system_user:
        shutil.chown(folder, primary.system_user)
    replica = Replica(primary, folder)
    replica.copy(_host(address))
    replica.start()
    try:
        until(lambda: replica.is_level(address) or None, "a replica that is level")
        yield replica
    finally:
        replica.stop()


def _host(address: str) -> str:
    return address.partition("?host=")[2]
