"""Migrations: each revision up, down and up again with rows in every table, and never apart from the models."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import MetaData, inspect
from sqlalchemy.exc import IntegrityError

from portal.audit.verification import verify_chain
from portal.infrastructure.database import db
from portal.infrastructure.jobs.models import Job
from portal.staff.approvals.models import Approval
from portal.staff.models import StaffMember
from tests.migrations.rows import columns_without_data, fill, read, schema
from tests.support.acting.people import People
from tests.support.acting.visitors import count
from tests.support.approvals import approval_now, proposed

MIGRATIONS = Path(__file__).parents[2] / "migrations"
SCRIPTS = ScriptDirectory(str(MIGRATIONS))
REVISIONS = list(reversed(list(SCRIPTS.walk_revisions())))

# Revisions that databases out there have run: SHA-256 of the file. Add one when it is released.
FROZEN = {
    "0001_create_portal.py": "754370aa62ca90882a400eed8c66fcc9ff39c1cfdfc89aa0e71b02fb3d4feff2",
}


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names())


def described(found: MetaData) -> dict[str, dict[str, str]]:
    """Return what of a schema has to come back: each table's columns, whether they may be empty, keys and indexes."""
    return {
        table.name: {column.name: f"{column.type!r} {column.nullable}" for column in table.columns}
        | {f"constraint {item.name}": type(item).__name__ for item in table.constraints}
        | {f"index {item.name}": f"{[column.name for column in item.columns]} {item.unique}" for item in table.indexes}
        for table in found.sorted_tables
    }


def triggers() -> set[str]:
    """Return the names of the triggers: a table that is made anew loses its own, without a word."""
    sources = {"sqlite": "name FROM sqlite_master WHERE type = 'trigger'", "postgresql": "tgname FROM pg_trigger"}
    with db.engine.connect() as connection:
        names = connection.exec_driver_sql(f"SELECT {sources[connection.dialect.name]}").scalars()
        return {name for name in names if not name.startswith("RI_ConstraintTrigger")}


@pytest.fixture
def at_head(app: Flask) -> Iterator[None]:
    """A database whose schema a test may change: the next one finds the newest again."""
    db.session.remove()
    yield
    db.session.remove()


@pytest.fixture
def at_base(at_head: None) -> None:
    """A database without any table."""
    downgrade(revision="base")


def test_there_is_one_head_and_the_committed_file_names_it() -> None:
    heads = SCRIPTS.get_heads()
    assert [(MIGRATIONS / "head").read_text("utf-8").strip()] == heads, "write the newest revision into migrations/head"


@pytest.mark.parametrize("name", FROZEN)
def test_what_was_released_is_not_edited(name: str) -> None:
    digest = hashlib.sha256((MIGRATIONS / "versions" / name).read_bytes()).hexdigest()
    following = f"{len(REVISIONS) + 1:04}"
    assert digest == FROZEN[name], (
        f"databases have run {name}, and none runs it again: take your edit back (git checkout migrations/versions/{name}) "
        f"and write a new revision: .venv/bin/flask db revision --autogenerate --rev-id {following} -m 'verb noun', "
        f"then {following} into migrations/head"
    )


def test_models_and_migrations_agree(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [item for item in compare_metadata(context, db.metadata) if "alembic_version" not in str(item)]
    assert not differences, f"write a migration: {differences}"


def test_each_revision_goes_up_down_and_up_again_with_data(at_base: None) -> None:
    for place, script in enumerate(REVISIONS):
        try:
            go_up_down_and_up_again(script, MIGRATIONS, first=101 + 4 * place)
        except Exception as fault:
            fault.add_note(f"in revision {script.revision}")
            raise


def go_up_down_and_up_again(script: Script, folder: Path, first: int = 101) -> None:
    """Try a revision on a database with rows in every table, those that it adds too.

    The database is at the revision below, and is left at this one.

    Args:
        first: the number of the first of four rows in each table.
    """
    below = str(script.down_revision or "base")
    before, guarded_by = schema(), triggers()
    fill(before, first=first)
    kept = read(before)

    upgrade(str(folder), script.revision)
    after = schema()
    assert read(before) == kept, "what was there stays as it was"
    guards = triggers()
    assert guards >= guarded_by, "make the triggers of a rebuilt table anew"
    fill(after, first=first + 2)
    assert not columns_without_data(after), "give a value in VALUES of tests/migrations/rows.py"
    kept = read(before)

    downgrade(str(folder), below)
    assert described(schema()) == described(before), "the way down gives the schema back"
    assert triggers() == guarded_by
    assert read(before) == kept, "and every row"

    upgrade(str(folder), script.revision)
    assert described(schema()) == described(after)
    assert triggers() == guards
    assert read(before) == kept


REBUILDS = """
    with op.batch_alter_table("customers") as table:
        table.add_column(sa.Column("nickname", sa.String(40)))
        table.create_unique_constraint("uq_customers_nickname", ["nickname"])
"""
PUTS_BACK = """
    with op.batch_alter_table("customers") as table:
        table.drop_constraint("uq_customers_nickname", type_="unique")
        table.drop_column("nickname")
"""


def next_revision(folder: Path, up: str, down: str) -> tuple[Script, Path]:
    """Write a revision above all others into a copy of the migrations."""
    folder = shutil.copytree(MIGRATIONS, folder / "migrations")
    head = REVISIONS[-1].revision
    (folder / "versions" / "next.py").write_text(
        f"import sqlalchemy as sa\nfrom alembic import op\n\nrevision, down_revision = 'next', {head!r}\n\n\n"
        f"def upgrade():{up}\n\ndef downgrade():{down}"
    )
    script = ScriptDirectory(str(folder)).get_revision("next")
    assert script is not None
    return script, folder


def test_a_revision_may_rebuild_a_table_that_others_point_at(at_head: None, tmp_path: Path) -> None:
    go_up_down_and_up_again(*next_revision(tmp_path, REBUILDS, PUTS_BACK))


@pytest.mark.parametrize(
    ("up", "down", "message"),
    [
        ("\n    op.execute('DELETE FROM access_log_entries')\n", " pass\n", "what was there stays as it was"),
        (REBUILDS, " pass\n", "the way down gives the schema back"),
    ],
)
def test_a_revision_that_loses_something_is_found(
    at_head: None, tmp_path: Path, up: str, down: str, message: str
) -> None:
    with pytest.raises(AssertionError, match=message):
        go_up_down_and_up_again(*next_revision(tmp_path, up, down))


def test_a_row_left_pointing_at_nothing_stops_the_migration(at_head: None, tmp_path: Path) -> None:
    _script, folder = next_revision(tmp_path, "\n    op.execute('DELETE FROM customers')\n", " pass\n")
    fill(schema(), first=101)
    # What SQLite finds at the end is written to the log, and ends the command.
    with pytest.raises(SystemExit if db.engine.dialect.name == "sqlite" else IntegrityError):
        upgrade(str(folder), "next")
    assert all(read(schema()).values())
    if db.engine.dialect.name == "sqlite":
        with db.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_people_and_the_trail_go_down_and_up_again(app: Flask, people: People) -> None:
    people.account()
    people.staff("officer")
    before = tables()
    db.session.remove()
    downgrade(revision="base")
    assert tables() == {"alembic_version"}
    upgrade()
    assert tables() == before
    people.account()
    assert verify_chain().fault is None


def test_approvals_go_and_come_alone(app: Flask, people: People) -> None:
    people.staff("officer")
    proposed("officer@example.org", "officer@example.org")
    db.session.remove()
    downgrade(revision="0002")
    before = tables()
    downgrade(revision="0001")
    assert tables() == before - {"approvals", "clock_marks", "officer_notices"}
    assert count(Job, Job.name == "staff.end_approval") == 0, "no worker of the version before knows it"
    db.session.remove()
    upgrade(revision="0002")
    assert tables() == before
    upgrade()
    assert (count(Approval), count(StaffMember)) == (0, 1)
    public_id = proposed("officer@example.org", "officer@example.org", {"role": "support"})
    assert approval_now(public_id).after == {"role": "support"}
    assert verify_chain().fault is None
