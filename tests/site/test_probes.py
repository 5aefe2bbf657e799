"""The probes: for every audience, whatever hangs, within a second a check; "degraded" is not "down"."""

import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal import clock
from portal.app import create_app
from portal.config import Settings
from portal.infrastructure import installed
from portal.infrastructure.database import transaction
from portal.infrastructure.jobs.queue import enqueue
from portal.infrastructure.storage import StorageUnavailable
from portal.site import probes
from portal.site.readiness import LATE_AFTER

PROBES = ("/healthz", "/readyz")


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the checks time where nothing hangs: a busy machine is no fault of the portal."""
    monkeypatch.setattr(probes, "CHECK_SECONDS", 30)


class HangingStorage:
    """A bucket that does not answer until it is let go, and counts who waits for it."""

    def __init__(self) -> None:
        self.asked = 0
        self.let_go = threading.Event()

    def exists(self, key: str) -> bool:
        self.asked += 1
        self.let_go.wait(60)
        return False


@pytest.fixture
def hanging(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[HangingStorage]:
    storage = HangingStorage()
    monkeypatch.setitem(app.extensions, "storage", storage)
    yield storage
    storage.let_go.set()


def ready(app: Flask) -> tuple[int, Any]:
    answer = app.test_client().get("/readyz")
    return answer.status_code, answer.get_json()


@pytest.mark.parametrize("audience", ["staff", "feed"])
def test_every_audience_has_them(app: Flask, settings: Settings, audience: str) -> None:
    alone = create_app(settings.model_copy(update={"audiences": (audience,)}))
    for path in PROBES:
        answer = alone.test_client().get(path)
        assert (answer.status_code, answer.get_json()["status"]) == (200, "ok"), path
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_portal_in_order_is_ready(app: Flask) -> None:
    assert ready(app) == (200, {"status": "ok", "reasons": []})


def test_a_storage_that_hangs_degrades_in_time_and_is_asked_once(
    app: Flask, hanging: HangingStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "CHECK_SECONDS", 3)
    began = time.monotonic()
    for _time in range(2):
        assert ready(app) == (200, {"status": "degraded", "reasons": ["storage"]})
    assert hanging.asked == 1
    assert time.monotonic() - began < 20
    hanging.let_go.set()
    assert ready(app)[1]["status"] == "ok"


def test_a_storage_that_fails_degrades(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_key: str) -> bool:
        raise StorageUnavailable

    monkeypatch.setattr(installed.storage.of(app), "exists", fail)
    assert ready(app) == (200, {"status": "degraded", "reasons": ["storage"]})


def test_late_jobs_degrade(app: Flask) -> None:
    with transaction():
        enqueue("mail.send", run_at=clock.now() - LATE_AFTER - timedelta(minutes=1))
    assert ready(app) == (200, {"status": "degraded", "reasons": ["jobs"]})


def test_a_locked_database_is_still_ready(app: Flask) -> None:
    with transaction():
        assert ready(app) == (200, {"status": "ok", "reasons": []})


def test_a_database_without_its_tables_is_down(settings: Settings, tmp_path: Path) -> None:
    empty = create_app(settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'empty.sqlite'}"}))
    code, content = ready(empty)
    assert code == 503
    assert content["status"] == "unavailable"
    assert "migrations" in content["reasons"]


def test_a_database_that_is_away_is_down(settings: Settings, tmp_path: Path) -> None:
    away = create_app(settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'no-such-folder' / 'x'}"}))
    assert ready(away) == (503, {"status": "unavailable", "reasons": ["database"]})
