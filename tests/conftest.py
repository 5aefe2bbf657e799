"""Fixtures that every test may use: a real app on a real database, a browser-like client, people."""

import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from xdist.scheduler import LoadFileScheduling

from portal.app import create_app
from portal.config import Settings
from portal.infrastructure.database import db
from portal.infrastructure.jobs.destruction import guard_destruction
from portal.infrastructure.sealing.keys import new_master_keys, new_sealing_pair
from portal.retention.clock_guard import look_at_clock
from portal.translations.__main__ import compile_catalogues
from tests.support.acting.awake import awake_meanwhile
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, deliver
from tests.support.acting.people import People
from tests.support.documents.renditions import remember_renditions
from tests.support.hashing import use_quick_hasher
from tests.support.looking.lock_order import watch_lock_order
from tests.support.servers.databases import (
    IS_POSTGRESQL,
    Database,
    PostgresqlDatabase,
    SqliteDatabase,
    postgresql_server,
)

ROOT = Path(__file__).parent.parent
# What one test process runs alone, because one server and one Chromium, or one demonstration, serve all of it. It takes
# the longest and comes first, so that at the end no process waits for another.
TOGETHER = ("tests/browser/", "tests/architecture/every_route/")
POSTGRESQL = "PORTAL_TEST_POSTGRESQL"
_until_the_end = ExitStack()


def pytest_configure() -> None:
    compile_catalogues()
    use_quick_hasher()
    remember_renditions()
    watch_lock_order()
    # A busy machine is slow to make examples and to run them; neither is a fault of the portal.
    hypothesis.settings.register_profile(
        "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("any machine")
    os.environ.pop("PORTAL_INSTANCE", None)


def pytest_sessionstart() -> None:
    # One server for all test processes of a run: those that the first one starts find its address.
    if IS_POSTGRESQL and POSTGRESQL not in os.environ:
        os.environ[POSTGRESQL] = _until_the_end.enter_context(postgresql_server())


def pytest_unconfigure() -> None:
    _until_the_end.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not IS_POSTGRESQL:
        items[:] = [item for item in items if item.get_closest_marker("postgresql") is None]
    items.sort(key=lambda item: [folder not in item.nodeid for folder in TOGETHER])


class Rooms(LoadFileScheduling):
    """Gives a file to one test process, and all files of some folders to the same."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in TOGETHER if folder in nodeid), super()._split_scope(nodeid))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Rooms:
    return Rooms(config, log)


def pytest_collection_finish() -> None:
    # What is loaded by now stays to the end, and the rest is rarely garbage: going through it cost a fifth of the run.
    gc.freeze()
    gc.set_threshold(200_000, 50, 100)


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The database of this test process: SQLite, or PostgreSQL where PORTAL_TEST_DATABASE says so."""
    file = tmp_path_factory.mktemp("database") / "portal.sqlite"
    with closing(PostgresqlDatabase(os.environ[POSTGRESQL]) if IS_POSTGRESQL else SqliteDatabase(file)) as made:
        yield made


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory, database: Database) -> Settings:
    """Settings of an installation of its own, on the embedded default."""
    instance = tmp_path_factory.mktemp("instance")
    sealing, opening = new_sealing_pair()
    return Settings(
        instance=instance,
        database_url=database.url,
        storage_url=f"file://{instance / 'storage'}",
        ledger_url=f"file://{instance}-ledger",
        ledger_key=new_master_keys(),
        tombstone_keys=new_master_keys(),
        mail_url=f"console:{instance / 'mail'}",
        secret_key="a secret of the tests, long enough to be taken",
        master_keys=new_master_keys(),
        sealing_key=sealing,
        opening_keys=opening,
        public_url="http://localhost:8000",
    )


@pytest.fixture(scope="session")
def shared_app(settings: Settings, database: Database) -> Flask:
    """The app of this test process."""
    app = create_app(settings)
    database.create_schema(app)
    return app


@pytest.fixture
def app(shared_app: Flask, settings: Settings, database: Database) -> Iterator[Flask]:
    """The app on an empty database, empty storage and ledger, and an empty mailbox, inside an application context."""
    database.empty(shared_app)
    for folder in (settings.instance / "storage", settings.instance / "mail", Path(f"{settings.instance}-ledger")):
        shutil.rmtree(folder, ignore_errors=True)
    guard_destruction(awake_meanwhile)
    with shared_app.app_context():
        yield shared_app
        db.session.remove()


@pytest.fixture
def asleep_meanwhile(app: Flask) -> None:
    """Let days pass unseen where a test moves the clock, as when a portal was off or its clock jumped."""
    guard_destruction(look_at_clock)


@pytest.fixture
def browser(app: Flask) -> Browser:
    """A browser without JavaScript and with its own cookies; `Browser(app)` makes another one."""
    return Browser(app)


@pytest.fixture
def mailbox(settings: Settings, app: Flask) -> Mailbox:
    """What the portal sent, as files; reading it runs what was asked for first."""
    return Mailbox(settings.instance / "mail", deliver)


@pytest.fixture
def people(app: Flask) -> People:
    """Customers and staff members made through the domain, and signed in through the forms."""
    return People(app)


@pytest.fixture
def run_flask(settings: Settings, app: Flask):
    """Run a `flask` command in a process of its own beside the test's database; returns the completed process."""

    def run(*arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
        environ = os.environ | {
            f"PORTAL_{name.upper()}": str(value)
            for name, value in settings.model_dump().items()
            if isinstance(value, str | Path) and value
        }
        return subprocess.run(
            [sys.executable, "-m", "flask", *arguments], capture_output=True, text=True, check=check, cwd=ROOT,
            env=environ | environment, timeout=300,
        )  # fmt: skip

    return run
