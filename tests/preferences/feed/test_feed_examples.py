"""The examples of docs/feed.md run as they stand, against a real server."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal.infrastructure.database import transaction
from portal.preferences.choices.consent import give
from portal.preferences.models import Origin
from tests.support.acting.people import People
from tests.support.preferences import FeedClient, customer_of
from tests.support.servers.loopback import Loopback

TEXT = (Path(__file__).parents[3] / "docs" / "feed.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sh|python)\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def environment(app: Flask, people: People) -> Iterator[dict[str, str]]:
    """Where the feed of a running server is, and a token for it."""
    people.customer("camille@example.org", external_id="C-1001")
    people.customer("jean@example.org", external_id="C-1002")
    with transaction():
        camille = customer_of("camille@example.org")
        give(camille, "offers.email", origin=Origin.PORTAL, wording="w", wording_version="1", language="fr")
    token = FeedClient(app).token
    server = Loopback(app)
    yield {**os.environ, "FEED": server.url, "TOKEN": token}
    server.close()


def test_there_are_examples() -> None:
    assert [kind for kind, _code in BLOCKS].count("python") == 2
    assert [kind for kind, _code in BLOCKS].count("sh") >= 4


def test_the_examples_run(environment: dict[str, str], tmp_path: Path) -> None:
    outputs = []
    for kind, code in BLOCKS:
        if kind == "sh" and not shutil.which("curl"):
            continue
        command = ["sh", "-euc", code] if kind == "sh" else [sys.executable, "-W", "error", "-c", code]
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, f"{code}\n{done.stderr}"
        outputs.append(done.stdout)
    printed = "\n".join(outputs)
    assert "['C-1001']" in printed, "only who accepted may receive"
    assert "2 customers, up to change" in printed
