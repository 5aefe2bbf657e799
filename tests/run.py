"""What `make test` runs. Each round ends with its slowest tests, the last line says what was not run on this machine."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

# The suite runs whole on SQLite; what depends on the database runs again on PostgreSQL.
ON_POSTGRESQL = [
    "tests/journeys", "tests/migrations", "tests/audit", "tests/infrastructure/test_jobs.py",
    "tests/accounts/facebook/test_facebook_at_once.py", "tests/access/test_session_ended_meanwhile.py",
    "tests/staff/approvals",
]  # fmt: skip

SLOWEST = ("--durations=10", "--durations-min=1")


def main(jobs: str) -> int:
    """Run both rounds; return 0 when both passed, else 1."""
    rounds = [("SQLite", ["tests"], {}), ("PostgreSQL", ON_POSTGRESQL, {"PORTAL_TEST_DATABASE": "postgresql"})]
    codes, not_run = [], 0
    for name, paths, environment in rounds:
        print(f"== {name}", flush=True)
        paths = [path for path in paths if (ROOT / path).exists()]
        command = [sys.executable, "-m", "pytest", "-n", jobs, "--no-loadscope-reorder", "-rs", *SLOWEST, *paths]
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.PIPE, text=True)
        assert process.stdout
        for line in process.stdout:
            print(line, end="", flush=True)
            found = re.search(r"(\d+) skipped", line) if " in " in line else None
            not_run += int(found.group(1)) if found else 0
        codes.append(process.wait())
    print(f"Not run on this machine: {not_run} tests" + (" (see the reasons above)" if not_run else ""))
    return int(any(codes))  # a round that a signal ended has a code below zero


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "2"))
