"""How Alembic reaches the database of the current app, for SQLite and PostgreSQL alike."""

from collections.abc import Iterator
from contextlib import contextmanager

from alembic import context
from alembic.migration import MigrationContext
from flask import current_app
from sqlalchemy import Connection

database = current_app.extensions["migrate"].db


def skip_empty(_context: object, _revision: object, directives: list) -> None:  # type: ignore[type-arg]
    """Write no file when the models and the database agree."""
    is_generating = getattr(context.config.cmd_opts, "autogenerate", False)
    if is_generating and directives[0].upgrade_ops.is_empty():
        directives[:] = []


@contextmanager
def tables_may_be_rebuilt(connection: Connection) -> Iterator[None]:
    """Let SQLite change a table by making it anew, while the rows of others point at it.

    Batch mode copies a table, drops it, and gives the copy its name. With foreign keys on, SQLite does not drop a table
    that rows point at, or removes them with it. They can be turned off outside of a transaction only.
    """
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.driver_connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def check_references(*, ctx: MigrationContext, **_: object) -> None:
    """Refuse to commit a row that points at nothing: SQLite did not look while its keys were off."""
    if ctx.connection and ctx.connection.dialect.name == "sqlite":
        astray = ctx.connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if astray:
            raise RuntimeError(f"the migration leaves rows that point at nothing: {astray[:10]}")


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        render_as_batch=True,
        compare_type=True,
        process_revision_directives=skip_empty,
        on_version_apply=check_references,  # in the transaction of each revision
    )
    with tables_may_be_rebuilt(connection), context.begin_transaction():
        context.run_migrations()


with database.engine.connect().execution_options(portal_write=True) as connection:
    migrate(connection)
