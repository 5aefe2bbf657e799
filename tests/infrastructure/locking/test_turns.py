"""Processes that write to one SQLite file get their turns in the order in which they came, and wait for no dead one."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.infrastructure.locking.queue import queued

WAIT = """
import sys, time
from portal.infrastructure.locking.queue import queued
with queued(sys.argv[1], time.monotonic() + 60):
    print("turn", flush=True)
    sys.stdin.read()
"""


@contextmanager
def first_in_line(file: Path) -> Iterator["subprocess.Popen[str]"]:
    """Let another process have its turn, and keep it."""
    command = [sys.executable, "-c", WAIT, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "turn\n"
        try:
            yield process
        finally:
            process.kill()


def wait(file: Path, seconds: float = 30) -> float:
    """Wait for a turn; return for how long."""
    began = time.monotonic()
    with queued(str(file), began + seconds):
        return time.monotonic() - began


def test_whoever_is_alone_does_not_wait(tmp_path: Path) -> None:
    assert wait(tmp_path / "base") < 1
    assert (tmp_path / "base-turns").stat().st_mode & 0o777 == 0o600


def test_nobody_waits_for_a_process_that_was_killed(tmp_path: Path) -> None:
    file = tmp_path / "base"
    with first_in_line(file) as process:
        assert wait(file, 0.2) >= 0.2, "it is not our turn"
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert wait(file) < 1


def test_turns_come_in_the_order_of_coming(tmp_path: Path) -> None:
    file = tmp_path / "base"
    order: list[int] = []

    def come(mine: int) -> None:
        with queued(str(file), time.monotonic() + 30):
            order.append(mine)

    with first_in_line(file) as process:
        comers = [threading.Thread(target=come, args=(mine,)) for mine in range(5)]
        for mine, comer in enumerate(comers):
            comer.start()
            until_came(file, mine + 2)
        assert order == []
        process.kill()
        for comer in comers:
            comer.join(30)
    assert order == list(range(5))


def until_came(file: Path, number: int) -> None:
    """Wait until so many numbers were given."""
    deadline = time.monotonic() + 30
    while int.from_bytes(Path(f"{file}-turns").read_bytes(), "big") < number:
        assert time.monotonic() < deadline
        time.sleep(0.001)
