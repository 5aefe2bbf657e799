"""Every page in every state, in Chromium: what `make test` looks at on the pages that matter most, on all of them."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def look_at_every_page(_reduced: bool) -> str:
    """Run the tests of tests/trial/pages; return how many passed."""
    command = [
        sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", "-rs", "-p", "no:cacheprovider", "tests/trial/pages",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-8000:]
    return done.stdout.strip().splitlines()[-1]
