"""SQLAlchemy for SQLite and PostgreSQL: base class, column types, and the explicit transaction.

Nothing is written outside `transaction()`: a view that forgets it fails loudly instead of saving by accident.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Engine, Enum, Executable, Integer, MetaData, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session, scoped_session
from sqlalchemy.types import TypeDecorator

from portal.infrastructure.locking.faults import OutcomeUnknown
from portal.infrastructure.locking.turns import PATIENCE_OF_NOTES
from portal.infrastructure.private_files import keep_private

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLite numbers rows by itself only for a column declared INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")
Json = JSON().with_variant(JSONB(), "postgresql")


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, stored in UTC on both databases. A naive value is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def code_column(codes: type[StrEnum], length: int = 40) -> Enum:
    """Return the column type that stores a string enum by its value, refusing any other word."""
    return Enum(codes, native_enum=False, length=length, values_callable=lambda enum: [item.value for item in enum])


db = SQLAlchemy(model_class=Base)
migrate = Migrate(render_as_batch=True)

_before_commit: list[Callable[[Session], None]] = []


def before_commit(finish: Callable[[Session], None]) -> Callable[[Session], None]:
    """Register a function that runs at the end of every transaction, before its commit.

    What was registered first runs last: the head of the audit trail, which everybody locks, is locked last of all.
    """
    _before_commit.insert(0, finish)
    return finish


def after_commit(action: Callable[[], None]) -> None:
    """Run `action` once the current transaction has committed; never if it rolls back."""
    db.session.info.setdefault("after_commit", []).append(action)


@contextmanager
def transaction(*, is_trace: bool = False) -> Iterator[scoped_session[Any]]:
    """Open the one write transaction of a request, job or command. An inner one joins the outer one.

    It begins with a rollback: rows that were read before are read again, so that a decision and the facts that it rests
    on are of one snapshot.

    Args:
        is_trace: whether it only notes what somebody looked at. Such a one is also open where writing is shut.

    Raises:
        OutcomeUnknown: the connection broke during the commit. Every other error means that nothing was kept.
        WritingShut: `shut_writing` was called.
    """
    session = db.session
    if session.info.get("shut") and not is_trace:
        raise WritingShut
    if session.info.get("writing"):
        yield session
        return
    session.rollback()
    session.info["writing"] = True
    try:
        session.connection(execution_options={"portal_write": True})
        yield session
        _commit(session)
    except BaseException:
        try:
            session.rollback()
        finally:
            _clear()
        raise
    actions = session.info.get("after_commit", [])
    _clear(commits() + 1)
    for action in actions:
        action()


def _commit(session: scoped_session[Any]) -> None:
    session.flush()
    for finish in _before_commit:
        finish(session())
    session.flush()  # so that whatever fails from here on is the commit
    try:
        session.commit()
    except DBAPIError as error:
        if error.connection_invalidated:
            raise OutcomeUnknown from error
        raise


class WritingShut(Exception):
    """Something is to be written in a request that only shows again what was typed."""


def shut_writing() -> None:
    """Refuse every transaction of the current request from here on, but those of a trace."""
    db.session.info["shut"] = True


def commits() -> int:
    """Return how many transactions this request, job or command has committed so far."""
    return int(db.session.info.get("commits", 0))


def _clear(count: int | None = None) -> None:
    """Forget what belonged to the transaction; the number of commits stays, or becomes `count`."""
    kept = {"commits": commits() if count is None else count, "shut": db.session.info.get("shut", False)}
    db.session.info.clear()
    db.session.info.update(kept)


def note(statement: Executable) -> None:
    """Write what may be left out, such as a last use: whoever only reads waits for no writer.

    It is a transaction of its own, outside `transaction()`, on the one connection that a request uses at a time.
    """
    db.session.rollback()
    options = {"portal_write": True, "portal_patience": PATIENCE_OF_NOTES}
    with suppress(OperationalError), db.engine.execution_options(**options).begin() as connection:
        connection.execute(statement)


@event.listens_for(Session, "before_flush")
def _refuse_stray_flush(session: Session, *_: Any) -> None:
    if "writing" not in session.info and (session.new or session.dirty or session.deleted):
        raise RuntimeError("a write outside transaction()")


@event.listens_for(Session, "do_orm_execute")
def _refuse_stray_statement(state: ORMExecuteState) -> None:
    if (state.is_insert or state.is_update or state.is_delete) and "writing" not in state.session.info:
        raise RuntimeError("a write outside transaction()")


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _: Any) -> None:
    if "sqlite" not in type(connection).__module__:
        return
    for _number, _name, file in connection.execute("PRAGMA database_list").fetchall():
        if file:
            keep_private(Path(file))  # before SQLite makes its journal, which takes over the mode
    connection.isolation_level = None  # the driver must not begin transactions by itself: see turns.py
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=10000", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
