"""How Alembic reaches the database of the current app, for SQLite and PostgreSQL alike."""

from alembic import context
from flask import current_app
from sqlalchemy import Connection

database = current_app.extensions["migrate"].db


def skip_empty(_context: object, _revision: object, directives: list) -> None:  # type: ignore[type-arg]
    """Write no file when the models and the database agree."""
    is_generating = getattr(context.config.cmd_opts, "autogenerate", False)
    if is_generating and directives[0].upgrade_ops.is_empty():
        directives[:] = []


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=database.metadata,
        render_as_batch=True,
        compare_type=True,
        process_revision_directives=skip_empty,
    )
    with context.begin_transaction():
        context.run_migrations()


with database.engine.connect().execution_options(portal_write=True) as connection:
    migrate(connection)
