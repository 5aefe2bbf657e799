"""The first of the two commands where nothing is installed yet: `make run` in a copy of the sources."""

import os
import resource
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import requests

from tests.trial.installation import ROOT, kill

MOST_MIB = 250
# Of processor time, which depends neither on the line nor on what else the machine does.
MOST_SECONDS = 60
LONGEST_WAIT = 600


def run_on_a_clean_clone(_reduced: bool) -> str:
    """Install what runs the portal and nothing of the tests, and serve the demonstration from that.

    Raises:
        AssertionError: it is too large, takes too long, is silent or noisy while it installs, or does not serve.
    """
    with tempfile.TemporaryDirectory(prefix="portal-clone-") as name:
        folder = Path(name)
        _copy_sources(folder)
        began, before = time.monotonic(), _processor_seconds()
        shown = subprocess.run(
            ["make", ".venv/ready"], cwd=folder, env=_of_its_own(), capture_output=True, text=True, check=True
        )
        waited, used = time.monotonic() - began, _processor_seconds() - before
        _serve(folder)
        mib = int(subprocess.run(["du", "-sm", folder / ".venv"], capture_output=True, check=True).stdout.split()[0])
    locked = (ROOT / "requirements.lock").read_text("utf-8").count("==")
    dots = shown.stdout.count(".")
    assert locked - 5 <= dots <= locked + 10, f"a dot for each of {locked} packages was awaited: {shown.stdout}"
    assert len(shown.stdout.splitlines()) <= 3, shown.stdout
    assert not shown.stderr, shown.stderr
    assert mib <= MOST_MIB, f"{mib} MiB after a first run"
    assert used <= MOST_SECONDS, f"{used:.0f} s of processor time"
    return f"{mib} MiB, installed in {used:.0f} s of processor time, {waited:.0f} s by the clock"


def _of_its_own() -> dict[str, str]:
    """Return the environment without what `make trial` hands down: a make below another tells where it works."""
    return {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}


def _copy_sources(folder: Path) -> None:
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0"):
        if name and (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def _processor_seconds() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


def _serve(folder: Path) -> None:
    """Run the demonstration until its sign-in page answers, then end it."""
    with socket.create_server(("localhost", 0)) as free:
        port = free.getsockname()[1]
    with (folder / "log").open("wb") as log:
        make = subprocess.Popen(
            ["make", "run", f"PORT={port}", "PORTAL_INSTANCE=instance"], cwd=folder, stdout=log,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    try:
        until = time.monotonic() + LONGEST_WAIT
        while not _answers(port):
            assert make.poll() is None and time.monotonic() < until, (folder / "log").read_text("utf-8")
            time.sleep(0.5)
    finally:
        kill(make)


def _answers(port: int) -> bool:
    try:
        return requests.get(f"http://localhost:{port}/sign-in", timeout=30).status_code == 200
    except requests.ConnectionError:
        return False
