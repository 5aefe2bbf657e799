"""An installation of its own for a campaign: folder, keys, database, and commands run as processes."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask

from portal.app import create_app
from portal.config import Settings
from portal.infrastructure.database import db

ROOT = Path(__file__).parents[2]


@dataclass
class Installation:
    """A folder with its settings, and an app on it inside this process; `log` is where commands write theirs."""

    folder: Path
    environment: dict[str, str]
    app: Flask
    log: Any = subprocess.DEVNULL

    def start(self, *arguments: str, **options: Any) -> "subprocess.Popen[bytes]":
        """Start a flask command in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "flask", *arguments], cwd=ROOT, env=self.environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=self.log, **options,
        )  # fmt: skip

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a flask command to its end; return what it said."""
        command = [sys.executable, "-m", "flask", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End a process group at once, without a last word."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def forget_connections() -> None:
    """Close this process's connections: before a fork, or before the database itself is copied or goes."""
    db.session.remove()
    db.engine.dispose()


@contextmanager
def installation(**settings: str) -> Iterator[Installation]:
    """Make an installation with its database, and remove it afterwards."""
    with tempfile.TemporaryDirectory(prefix="portal-trial-") as name:
        folder = Path(name) / "instance"
        environment = os.environ | {"PORTAL_INSTANCE": str(folder)} | settings
        subprocess.run(
            [sys.executable, "-m", "flask", "init"], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL
        )
        yield Installation(folder, environment, create_app(Settings.from_environment(environment)))
