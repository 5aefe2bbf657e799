"""Guard the end of the trail, seal each second factor and copy for its own row, and keep the highest instant seen."""

import base64
from collections.abc import Callable
from typing import Any

import click
import sqlalchemy as sa
from alembic import context, op

from portal.infrastructure import installed
from portal.infrastructure.sealing.keys import KeyBroken, KeyMissing, wrapping_version
from portal.infrastructure.sealing.streams import SealBroken
from portal.infrastructure.sealing.texts import open_text, seal_text

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Context = Callable[[Any], str]

# Tables of people with an app, and the context that all secrets of such a table shared before.
_SHARED = {"accounts": "customer second factor", "staff_members": "staff second factor"}


def upgrade() -> None:
    _require_keys()
    for table, shared in _SHARED.items():
        _seal_again(table, lambda row, shared=shared: shared, _of_row(table))
    _wrap_again(lambda row: row.storage_key, _of_copy)
    op.create_table(
        "clock_marks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("highest_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("halted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("even_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cause", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_marks")),
    )
    _guard_on_postgresql() if _is_postgresql() else _guard_on_sqlite()


def downgrade() -> None:
    _require_keys()
    if _is_postgresql():
        for table, trigger in _POSTGRESQL:
            op.execute(f"DROP TRIGGER {trigger} ON {table}")
        op.execute("DROP FUNCTION require_next_audit_event")
        op.execute("DROP FUNCTION require_head_of_audit_event")
    else:
        for trigger in _SQLITE:
            op.execute(f"DROP TRIGGER {trigger}")
    op.drop_table("clock_marks")
    for table, shared in _SHARED.items():
        _seal_again(table, _of_row(table), lambda row, shared=shared: shared)
    _wrap_again(_of_copy, lambda row: row.storage_key)


def _is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


# The database refuses what does not follow the head. SQLite fires no trigger for a row that a REPLACE takes away, so the
# row that would take another's place, by its number or by SQLite's own `rowid`, is refused before it comes.
_SQLITE = {
    "audit_events_only_next": """BEFORE INSERT ON audit_events
        WHEN NEW.sequence IS NOT (SELECT sequence + 1 FROM audit_head WHERE id = 1)
          OR NEW.previous_hash IS NOT (SELECT hash FROM audit_head WHERE id = 1)
          OR EXISTS (SELECT 1 FROM audit_events WHERE rowid = NEW.rowid)
        BEGIN SELECT RAISE(ABORT, 'audit events are append-only: this one does not follow the head'); END""",
    "audit_head_only_forward": """BEFORE UPDATE ON audit_head
        WHEN NEW.id IS NOT 1 OR OLD.id IS NOT 1 OR NEW.sequence IS NOT OLD.sequence + 1
          OR NOT EXISTS (SELECT 1 FROM audit_events WHERE sequence = NEW.sequence
                         AND hash = NEW.hash AND previous_hash = OLD.hash)
        BEGIN SELECT RAISE(ABORT, 'audit events are append-only: the head moves with an event'); END""",
    "audit_head_no_insert": """BEFORE INSERT ON audit_head
        BEGIN SELECT RAISE(ABORT, 'audit events are append-only: there is one head'); END""",
    "audit_head_no_delete": """BEFORE DELETE ON audit_head
        BEGIN SELECT RAISE(ABORT, 'audit events are append-only: the head stays'); END""",
}

_POSTGRESQL = {
    ("audit_events", "audit_events_no_truncate"): "BEFORE TRUNCATE ON audit_events FOR EACH STATEMENT "
    "EXECUTE FUNCTION refuse_audit_change()",
    ("audit_events", "audit_events_only_next"): "BEFORE INSERT ON audit_events FOR EACH ROW "
    "EXECUTE FUNCTION require_next_audit_event()",
    ("audit_head", "audit_head_no_truncate"): "BEFORE TRUNCATE ON audit_head FOR EACH STATEMENT "
    "EXECUTE FUNCTION refuse_audit_change()",
    ("audit_head", "audit_head_no_change"): "BEFORE INSERT OR DELETE ON audit_head FOR EACH ROW "
    "EXECUTE FUNCTION refuse_audit_change()",
    ("audit_head", "audit_head_only_forward"): "BEFORE UPDATE ON audit_head FOR EACH ROW "
    "EXECUTE FUNCTION require_head_of_audit_event()",
}


def _guard_on_sqlite() -> None:
    for name, definition in _SQLITE.items():
        op.execute(f"CREATE TRIGGER {name} {definition}")


def _guard_on_postgresql() -> None:
    op.execute(
        """CREATE FUNCTION require_next_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NOT EXISTS (SELECT FROM audit_head WHERE id = 1
                           AND sequence + 1 = NEW.sequence AND hash = NEW.previous_hash) THEN
                RAISE EXCEPTION 'audit events are append-only: this one does not follow the head';
            END IF;
            RETURN NEW;
        END $$"""
    )
    op.execute(
        """CREATE FUNCTION require_head_of_audit_event() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.id <> 1 OR OLD.id <> 1 OR NEW.sequence <> OLD.sequence + 1
               OR NOT EXISTS (SELECT FROM audit_events WHERE sequence = NEW.sequence
                              AND hash = NEW.hash AND previous_hash = OLD.hash) THEN
                RAISE EXCEPTION 'audit events are append-only: the head moves with an event';
            END IF;
            RETURN NEW;
        END $$"""
    )
    for (_table, name), definition in _POSTGRESQL.items():
        op.execute(f"CREATE TRIGGER {name} {definition}")


def _require_keys() -> None:
    """Stop, before anything is changed, while a sealed value waits for a master key that is not here.

    It could not be sealed for its row, and nothing opens it any more afterwards.
    """
    held = set(installed.master_keys().versions)
    missing: dict[int, list[str]] = {}
    for table, column in (*((table, "sealed_totp_secret") for table in _SHARED), ("answer_packages", "wrapped_key")):
        for row in _rows(table, column):
            version = _version(getattr(row, column))
            if version is not None and version not in held:
                missing.setdefault(version, []).append(f"{table} {row.id}")
    if missing and context.get_x_argument(as_dictionary=True).get("lost-keys") != "yes":
        places = "; ".join(f"v{version}: {', '.join(rows[:20])}" for version, rows in sorted(missing.items()))
        raise click.ClickException(
            f"Nothing was changed. PORTAL_MASTER_KEYS lacks keys that rows need ({places}). Put them back and run this "
            "again. If they are lost for good, run it with --without-lost-keys: what they wrapped stays closed."
        )


def _version(protected: str | bytes) -> int | None:
    try:
        wrapped = base64.b64decode(protected.partition(".")[0]) if isinstance(protected, str) else protected
        return wrapping_version(wrapped)
    except (KeyBroken, ValueError):
        return None


def _seal_again(table: str, before: Context, after: Context) -> None:
    """Seal the secrets of a table for another context each. One that does not open stays as it is."""
    for row in _rows(table, "sealed_totp_secret"):
        try:
            secret = open_text(row.sealed_totp_secret, before(row))
        except (KeyMissing, KeyBroken, SealBroken, ValueError):
            continue
        _write(table, row.id, "sealed_totp_secret", seal_text(secret, after(row)))


def _wrap_again(before: Context, after: Context) -> None:
    """Wrap the keys of copies for another context each."""
    keys = installed.master_keys()
    for row in _rows("answer_packages", "wrapped_key", "storage_key"):
        try:
            key = keys.unwrap(row.wrapped_key, before(row).encode())
        except (KeyMissing, KeyBroken, ValueError):
            continue
        _write("answer_packages", row.id, "wrapped_key", keys.wrap(key, after(row).encode()))


def _of_row(table: str) -> Context:
    return lambda row: f"{table}.sealed_totp_secret:{row.id}"


def _of_copy(row: Any) -> str:
    return f"answer_packages.wrapped_key:{row.id}:{row.storage_key}"


def _rows(table: str, *columns: str) -> list[Any]:
    source = sa.table(table, sa.column("id"), *(sa.column(column) for column in columns))
    held = sa.select(source).where(*(source.c[column].is_not(None) for column in columns)).order_by(source.c.id)
    return list(op.get_bind().execute(held))


def _write(table: str, row_id: int, column: str, value: str | bytes) -> None:
    source = sa.table(table, sa.column("id"), sa.column(column))
    op.get_bind().execute(sa.update(source).where(source.c.id == row_id).values({column: value}))
