"""Answers of any size in the same memory."""

import json
import subprocess
import sys

from tests.trial.installation import ROOT

MOST_GROWN = 32 * 1024 * 1024


def build_a_large_copy(reduced: bool) -> str:
    """Build a copy of very many records; its peak of memory stays near that of a small one."""
    number = 100_000 if reduced else 1_000_000
    command = [sys.executable, "-m", "tests.support.looking.package_memory", str(number)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    measured = json.loads(done.stdout)
    grown = measured["after"] - measured["before"]
    assert measured["items"] == number
    assert grown <= MOST_GROWN, f"{grown / 2**20:.1f} MB more for {number} records"
    return f"{number} records took {grown / 2**20:.1f} MB more than 200"
