"""What `make test` runs. Each round ends with its slowest tests, the last line says what was not run on this machine."""

import os
import re
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

ROOT = Path(__file__).parent.parent

# The suite runs whole on SQLite; what depends on the database runs again on PostgreSQL.
ON_POSTGRESQL = [
    "tests/journeys", "tests/migrations", "tests/audit", "tests/infrastructure/test_jobs.py",
    "tests/accounts/facebook/test_facebook_at_once.py", "tests/access/test_session_ended_meanwhile.py",
    "tests/staff/approvals",
]  # fmt: skip

SLOWEST = ("--durations=10", "--durations-min=1")


def main(jobs: str) -> int:
    """Run both rounds side by side; return 0 when both passed, else 1.

    The round on PostgreSQL has one process of its own and fills the time in which the others wait for a browser or a
    lock. What it says is shown once the other round has ended.

    Args:
        jobs: how many processes run the round on SQLite.
    """
    with TemporaryFile("w+") as said:
        second = _begin(["-n", "1", *ON_POSTGRESQL], said, PORTAL_TEST_DATABASE="postgresql")
        first = _begin(["-n", jobs, "tests"], subprocess.PIPE)
        assert first.stdout
        print("== SQLite", flush=True)
        not_run = sum(map(_shown, first.stdout))
        codes = [first.wait(), second.wait()]
        print("== PostgreSQL", flush=True)
        said.seek(0)
        not_run += sum(map(_shown, said))
    print(f"Not run on this machine: {not_run} tests" + (" (see the reasons above)" if not_run else ""))
    return int(any(codes))  # a round that a signal ended has a code below zero


def _begin(arguments: list[str], output: int | IO[str], **environment: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "pytest", "--no-loadscope-reorder", "-rs", *SLOWEST, *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stdout=output, text=True)


def _shown(line: str) -> int:
    """Show a line of a round; return how many tests it says were skipped."""
    print(line, end="", flush=True)
    found = re.search(r"(\d+) skipped", line) if " in " in line else None
    return int(found.group(1)) if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "2"))
