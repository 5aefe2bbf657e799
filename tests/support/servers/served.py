"""The demonstration, served by the commands that `make run` uses, for tests from outside the process."""

import fcntl
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any, TypeVar

import pytest

from portal.installation import prepare_instance
from tests.support.acting.mailbox import text_of
from tests.support.servers.ports import free_port

ROOT = Path(__file__).parents[3]
Found = TypeVar("Found")


@dataclass(frozen=True)
class Served:
    """A running portal with the people of the demonstration.

    `cookies` keeps the sessions of those people, by address. All tests share a person's session, because a one-time
    code opens one session only. `group` is the process group of the server, its web processes and its worker.
    """

    url: str
    instance: Path
    people: dict[str, Any]
    group: int
    cookies: dict[str, list[Any]] = field(default_factory=dict)

    def customer(self, name: str) -> dict[str, str]:
        """Return the sign-in of a customer of the demonstration, by the first part of the address."""
        return next(person for person in self.people["customers"] if person["email"] == f"{name}@example.org")

    def staff(self, role: str) -> dict[str, str]:
        """Return the sign-in of the staff member who has a role."""
        return next(person for person in self.people["staff"] if person["role"] == role)

    def flask(self, *arguments: str) -> str:
        """Run a `flask` command beside the server and return what it prints."""
        return _flask(self.instance, *arguments)

    def call(self, path: str, token: str, body: bytes | None = None, kind: str = "application/json") -> Any:
        """Call the feed or the ingest API with one of the demonstration's tokens, and return the JSON answer."""
        headers = {"Authorization": f"Bearer {self.people[token]}", "Content-Type": kind}
        request = urllib.request.Request(self.url + path, body, headers)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)

    def found_in_mail(self, address: str, pattern: str) -> str:
        """Wait for a mail to an address whose text matches a pattern, and return what the pattern's group matched."""

        def look() -> str | None:
            files = sorted((self.instance / "mail").glob("*.eml"), key=lambda path: path.stat().st_mtime_ns)
            for path in reversed(files):
                content = path.read_bytes()
                if address.encode() in content:
                    mail = message_from_bytes(content, policy=policy.default)
                    found = re.search(pattern, text_of(mail)) if address in mail["To"] else None
                    if found:
                        return found.group(1)
            return None

        return until(look, f"a mail to {address} with {pattern}")


def until(look: Callable[[], Found | None], what: str, seconds: float = 120) -> Found:
    """Call `look` until it returns something, and return that; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        assert time.monotonic() < deadline, f"waited {seconds} seconds for {what}"
        time.sleep(0.05)
    return found


@contextmanager
def serve_demonstration(instance: Path, shared: Path, **settings: str) -> Iterator[Served]:
    """Copy the demonstration into a folder and serve it on a free port until the end of the block.

    Args:
        shared: folder of all test processes of a run.
        settings: more variables of the environment.
    """
    port = free_port()
    made = make_once(shared)[0]
    for here, there in ((made, instance), (ledger_beside(made), ledger_beside(instance))):
        shutil.copytree(here, there)
    prepare_instance(instance, f"http://localhost:{port}")
    with (instance / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "flask", "serve", "--port", str(port), "--with-jobs"],
            # Trusted, so that each visitor may give an address of their own: limits then count people, not the machine.
            cwd=ROOT, env=_environment(instance) | {"PORTAL_TRUSTED_PROXIES": "127.0.0.1/32"} | settings,
            start_new_session=True, stdout=log, stderr=log, preexec_fn=_allow_core_dumps,
        )  # fmt: skip
        try:
            url = f"http://localhost:{port}"
            until(lambda: server.poll() is not None or _is_well(f"{url}/healthz") or None, "the server")
            assert server.poll() is None, (instance / "server.log").read_text("utf-8")[-2000:]
            yield Served(url, instance, json.loads((instance / "demo.json").read_text("utf-8")), server.pid)
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(120)


def _allow_core_dumps() -> None:
    """Allow core dumps, as a machine that collects them does: the portal itself must forbid them."""
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


def make_once(shared: Path) -> tuple[Path, dict[str, str]]:
    """Make the demonstration, unless another test process of this run did; return its folder and what `flask demo` said.

    Args:
        shared: folder of all test processes of a run; what is made there is copied, never used.
    """
    made, said = shared / "demonstration", shared / "demonstration.json"
    with (shared / "demonstration.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            partial = shared / "demonstration.partial"
            _flask(partial, "init")
            done = _run_flask(partial, "demo")
            said.write_text(json.dumps({"stdout": done.stdout, "stderr": done.stderr}), "utf-8")
            ledger_beside(partial).rename(ledger_beside(made))
            partial.rename(made)
    return made, json.loads(said.read_text("utf-8"))


def ledger_beside(instance: Path) -> Path:
    """Return the folder where an installation keeps its ledger by default: beside its own, never inside."""
    return instance.with_name(f"{instance.name}-ledger")


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """Return the folder that all test processes of this run see."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def _flask(instance: Path, *arguments: str) -> str:
    return _run_flask(instance, *arguments).stdout


def _run_flask(instance: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flask", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, env=_environment(instance), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, f"flask {' '.join(arguments)}: {done.stderr[-2000:]}"
    return done


def _environment(instance: Path) -> dict[str, str]:
    return os.environ | {"PORTAL_INSTANCE": str(instance)}


def _is_well(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
