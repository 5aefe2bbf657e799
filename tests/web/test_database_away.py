"""While the database cannot even be read, every page still says so in words, to people who are signed in too."""

from pathlib import Path

import pytest
from flask import Flask

from portal.app import create_app
from portal.config import Settings
from portal.personal_data.ledger.doors import doors


@pytest.fixture
def away(settings: Settings, tmp_path: Path) -> Flask:
    app = create_app(settings.model_copy(update={"database_url": f"sqlite:///{tmp_path}/nowhere/portal.sqlite"}))
    doors.of(app).is_open = True  # it has served before the database went
    return app


@pytest.mark.parametrize(
    ("path", "cookie"),
    [
        ("/data", "session"),
        ("/staff/queue", "staff_session"),
        ("/requests/identity/abc/document", "session"),
        ("/data", ""),
    ],
)
def test_a_page_says_that_nothing_can_be_read_now(away: Flask, path: str, cookie: str) -> None:
    client = away.test_client()
    if cookie:
        client.set_cookie(cookie, "a" * 43)
    answer = client.get(path, headers={"Accept-Language": "fr"})
    assert answer.status_code == (503 if cookie else 303)
    assert ("Réessayez dans quelques minutes" in answer.text) is bool(cookie)
    assert client.get("/nowhere", headers={"Accept-Language": "fr"}).status_code == 404
