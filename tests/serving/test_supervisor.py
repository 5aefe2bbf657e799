"""`flask serve` seen from outside: one server a port, and no process that outlives it."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from portal.installation import prepare_instance
from portal.serving.supervisor import PortTaken, listen
from portal.serving.worker import CANNOT_START
from tests.support.servers.ports import free_port
from tests.support.servers.served import until

ROOT = Path(__file__).parents[2]
PATIENCE = 240


def children(pid: int) -> set[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return {int(child) for task in tasks for child in (task / "children").read_text().split()}


def is_there(pid: int) -> bool:
    """Tell whether a process runs; a zombie, whose parent has not looked yet, has ended."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.fixture
def instance(tmp_path: Path) -> Path:
    prepare_instance(tmp_path / "instance", "http://localhost:8000")
    (tmp_path / "instance" / "demo.json").write_text("{}", "utf-8")
    return tmp_path / "instance"


@contextmanager
def started(instance: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Run what `flask serve --with-jobs` becomes; what it says goes to the file `log` of the instance folder."""
    command = [sys.executable, "-m", "portal.serving.supervisor", "--port", str(port), "--with-jobs"]
    own = os.environ | {"PORTAL_INSTANCE": str(instance)}
    with (instance / "log").open("wb") as log:
        server = subprocess.Popen(command, cwd=ROOT, env=own, stderr=log)
    with server:
        try:
            yield server
        finally:
            server.kill()


def end_of(server: "subprocess.Popen[bytes]", instance: Path) -> tuple[int, str]:
    """Wait for the end of a server; return its exit code and what it said."""
    return server.wait(PATIENCE), (instance / "log").read_text("utf-8")


def test_nothing_outlives_a_killed_server(instance: Path) -> None:
    port = free_port()
    with started(instance, port) as server:
        family = until(lambda: ((found := children(server.pid)) and len(found) == 4 and found) or None, "four children")
        with pytest.raises(PortTaken, match=f"port {port}: Address already in use"):
            listen("127.0.0.1", port)
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as early:  # who comes early waits, and is answered
            early.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert early.recv(12) == b"HTTP/1.1 200"
            server.send_signal(signal.SIGKILL)
            until(lambda: not any(map(is_there, family)) or None, "the end of the children", PATIENCE)
        listen("127.0.0.1", port).close()


def test_a_second_server_on_the_port_is_refused(instance: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as first, started(instance, first.getsockname()[1]) as second:
        code, said = end_of(second, instance)
    assert code == 1
    assert "stop it first, or choose another port with --port" in said


def test_a_server_that_cannot_start_ends_and_says_why(instance: Path, tmp_path: Path) -> None:
    (tmp_path / "organisation.toml").write_text("nonsense = true", "utf-8")
    with (instance / "settings").open("a", encoding="utf-8") as settings:
        settings.write(f"\nPORTAL_ORGANISATION_FILE={tmp_path / 'organisation.toml'}\n")
    with started(instance, free_port()) as server:
        code, said = end_of(server, instance)
    assert code == CANNOT_START
    assert "nonsense" in said
