"""What is too long for `make test`: every page in every state in Chromium, and the tests marked `trial`."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def look_at_every_page(reduced: bool) -> str:
    """Run the tests of tests/trial/pages, then all in English; return how many passed. Reduced: most in French."""
    passed = [_run("tests/trial/pages")]
    if not reduced:
        passed.append(_run("tests/trial/pages", PORTAL_TOUR_LANGUAGE="en"))
    return ", ".join(passed)


def walk_the_journeys(reduced: bool) -> str:
    """Walk each right from its first click to its last mail, with JavaScript and without.

    Reduced: a correction, a hold that is lifted and a silent system, without it.
    """
    few = ["-k", "plain and (beside or lifted or silent)"] if reduced else []
    return _run("tests/trial/journeys", *few)


def run_the_long_tests(_reduced: bool) -> str:
    """Run the tests that stand among the others and are marked `trial`; return how many passed."""
    return _run("-m", "trial", "tests")


def run_the_journeys_on_postgresql(reduced: bool) -> str:
    """Run the journeys, ways in, requests and the destruction of documents on a real PostgreSQL, with files and with a bucket.

    Reduced: the journey with a bucket, for `make test` has run those with files.
    """
    long = [
        "tests/access",
        "tests/accounts",
        "tests/staff",
        "tests/rights",
        "tests/identity_checks/documents/test_identity_shredding.py",
    ]
    paths = ["tests/journeys"] if reduced else ["tests/journeys", *long]
    return _run("-m", "trial" if reduced else "trial or not trial", *paths, PORTAL_TEST_DATABASE="postgresql")


def _run(*what: str, **environment: str) -> str:
    command = [sys.executable, "-m", "pytest", "-n", "3", "--dist", "loadfile", "-rs", "-p", "no:cacheprovider", *what]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-8000:]
    return done.stdout.strip().splitlines()[-1]
