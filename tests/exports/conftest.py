"""The copies of a customer's data that the tests of their contents read."""

from pathlib import Path

import pytest
from flask import Flask

from portal.config import Settings
from portal.exports.delivery import clear_chunks
from tests.support.acting.people import People
from tests.support.packages import EMAIL, Copy, build, dashboard_counts, lines, take_in

_made: dict[tuple[str, str], Copy] = {}


@pytest.fixture
def copies(app: Flask, people: People, settings: Settings) -> dict[tuple[str, str], Copy]:
    """The copies of Camille's data by purpose and language, made once for all tests that only read them."""
    if not _made:
        browser = people.signed_in(EMAIL, external_id="C-1001")
        take_in(*lines())
        for purpose, language in (("access", "fr"), ("access", "en"), ("portability", "fr")):
            package = build(purpose, language)
            stored = Path(settings.storage_url.removeprefix("file://")) / str(package.storage_key)
            _made[purpose, language] = Copy(
                b"".join(clear_chunks(package)), stored.read_bytes(), dict(package.counts), str(package.sha256),
                int(package.size or 0), dashboard_counts(browser),
            )  # fmt: skip
    return _made


@pytest.fixture
def access(copies: dict[tuple[str, str], Copy]) -> Copy:
    return copies["access", "fr"]


@pytest.fixture
def portability(copies: dict[tuple[str, str], Copy]) -> Copy:
    return copies["portability", "fr"]
