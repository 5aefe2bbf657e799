"""What `flask serve` becomes: it holds the port, starts the web processes and what runs beside them, and ends them.

It loads no page and no database, so that it is small and nothing of a request can break it.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from typing import Any

from portal.config import Settings, SettingsFault
from portal.demo.facebook_serving import stand_in
from portal.demo.system_serving import stand_in_system
from portal.infrastructure.lifeline import Lifeline
from portal.serving.worker import CANNOT_START

BACKLOG = 2048
_LOOK_EVERY_SECONDS = 0.2
_WAIT_BEFORE_ANOTHER_SECONDS = 1.0
_END_SECONDS = 30
"""Longer than a web process lets go on what was begun (`portal.serving.server.DRAIN_SECONDS`)."""


class PortTaken(Exception):
    """Another program listens on the port; the message says what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Serve until told to stop; return the exit code of `flask serve`."""
    asked = _parser().parse_args(arguments)
    try:
        settings, listener = Settings.from_environment(), listen(asked.host, asked.port)
    except (SettingsFault, PortTaken) as fault:
        print(fault, file=sys.stderr)
        return 1
    with listener:
        family = Family()
        for module, beside in (
            ("portal.demo.facebook", stand_in(settings)),
            ("portal.demo.system", stand_in_system(settings)),
        ):
            if beside:
                socket_of_it, found = beside
                family.environment |= found
                family.start(module, pass_fds=[socket_of_it.fileno()])
                socket_of_it.close()
        if asked.with_jobs:
            family.start("flask", "work")
        for _number in range(asked.workers):
            family.start("portal.serving.worker", str(listener.fileno()), pass_fds=[listener.fileno()], is_kept=True)
        return family.stay()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="flask serve")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--with-jobs", action="store_true")
    return parser


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens, alone: SO_REUSEPORT would let an older server go on beside this one.

    Raises:
        PortTaken: somebody listens there, or the address cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG, reuse_port=False)
    except OSError as error:
        raise PortTaken(
            f"Cannot serve on {host} port {port}: {os.strerror(error.errno or 0)}. If another server runs there, stop "
            "it first, or choose another port with --port."
        ) from error


@dataclass
class Child:
    """A process, and whether another one takes its place when it ends."""

    process: "subprocess.Popen[bytes]"
    command: list[str]
    pass_fds: list[int]
    is_kept: bool


@dataclass
class Family:
    """The processes that this one started."""

    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    _lifeline: Lifeline = field(default_factory=Lifeline)
    _children: list[Child] = field(default_factory=list)
    _told_to_stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        for told in (signal.SIGTERM, signal.SIGINT):
            signal.signal(told, lambda *_: self._told_to_stop.set())

    def start(self, module: str, *arguments: str, pass_fds: list[int] | None = None, is_kept: bool = False) -> None:
        """Start a module of this environment as a process; with `is_kept`, again whenever it ends."""
        command = [sys.executable, "-m", module, *arguments]
        self._children.append(self._started(command, pass_fds or [], is_kept))

    def stay(self) -> int:
        """Watch until told to stop or until a web process says that it cannot start; return the exit code."""
        failed = False
        while not failed and not self._told_to_stop.wait(_LOOK_EVERY_SECONDS):
            failed = any(child.process.poll() == CANNOT_START for child in self._children)
            if not failed:
                self._replace_the_dead()
        self._end()
        return CANNOT_START if failed else 0

    def _replace_the_dead(self) -> None:
        for child in [child for child in self._children if child.process.poll() is not None]:
            self._children.remove(child)
            print(f"{' '.join(child.command[2:])} ended by itself: {child.process.returncode}", file=sys.stderr)
            if child.is_kept and not self._told_to_stop.wait(_WAIT_BEFORE_ANOTHER_SECONDS):
                self._children.append(self._started(child.command, child.pass_fds, child.is_kept))

    def _started(self, command: list[str], pass_fds: list[int], is_kept: bool) -> Child:
        own: dict[str, Any] = {"env": self.environment | self._lifeline.environment}
        process = subprocess.Popen(command, pass_fds=[*pass_fds, self._lifeline.childs_end], **own)  # noqa: S603
        return Child(process, command, pass_fds, is_kept)

    def _end(self) -> None:
        """Ask every child to end, and give each time to finish what it began."""
        for child in self._children:
            child.process.terminate()
        for child in self._children:
            try:
                child.process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()


if __name__ == "__main__":
    sys.exit(main())
