"""Fixtures of the tests of accounts: a provider on loopback that stands in for Facebook."""

from collections.abc import Iterator

import pytest
from flask import Flask

from portal.config import Settings
from tests.support.facebook import APP_ID, APP_SECRET, Provider


@pytest.fixture
def provider(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider on loopback, and the portal set up with its application there."""
    stand_in = Provider(settings.public_url)
    keys = {
        "facebook_app_id": APP_ID, "facebook_app_secret": APP_SECRET,
        "facebook_authorize_url": f"{stand_in.url}/dialog/oauth", "facebook_graph_url": stand_in.url,
    }  # fmt: skip
    monkeypatch.setitem(app.extensions, "settings", settings.model_copy(update=keys))
    yield stand_in
    stand_in.close()
