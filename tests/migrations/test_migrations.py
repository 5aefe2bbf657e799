"""Migrations: up, down and up again with data, and never apart from the models."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect

from portal.audit.verification import verify_chain
from portal.infrastructure.database import db
from portal.infrastructure.jobs.models import Job
from portal.staff.approvals.models import Approval
from portal.staff.models import StaffMember
from tests.support.acting.people import People
from tests.support.acting.visitors import count
from tests.support.approvals import approval_now, proposed

MIGRATIONS = Path(__file__).parents[2] / "migrations"


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names())


def test_there_is_one_head_and_the_committed_file_names_it() -> None:
    heads = ScriptDirectory(str(MIGRATIONS)).get_heads()
    assert [(MIGRATIONS / "head").read_text("utf-8").strip()] == heads, "write the newest revision into migrations/head"


def test_models_and_migrations_agree(app: Flask) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [item for item in compare_metadata(context, db.metadata) if "alembic_version" not in str(item)]
    assert not differences, f"write a migration: {differences}"


def test_down_and_up_again_with_data(app: Flask, people: People) -> None:
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
    before = tables()
    db.session.remove()
    downgrade(revision="0001")
    assert tables() == before - {"approvals"}
    assert count(Job, Job.name == "staff.end_approval") == 0, "no worker of the version before knows it"
    db.session.remove()
    upgrade()
    assert tables() == before
    assert (count(Approval), count(StaffMember)) == (0, 1)
    public_id = proposed("officer@example.org", "officer@example.org", {"role": "support"})
    assert approval_now(public_id).after == {"role": "support"}
    assert verify_chain().fault is None
