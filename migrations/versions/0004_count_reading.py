"""Count what staff read: the notice, numbers by hour, alerts; and log files of the whole base."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ROLES = ("support", "reviewer", "officer", "marketing", "administrator")
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("staff_members") as batch_op:
        batch_op.add_column(sa.Column("informed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "whole_base_looks",
        sa.Column("id", _ID, nullable=False),
        sa.Column("staff_id", _ID, nullable=False),
        sa.Column("team", sa.Enum(*_ROLES, name="role", native_enum=False, length=40), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff_members.id"], name=op.f("fk_whole_base_looks_staff_id_staff_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_whole_base_looks")),
    )
    with op.batch_alter_table("whole_base_looks") as batch_op:
        batch_op.create_index(batch_op.f("ix_whole_base_looks_at"), ["at"], unique=False)
    op.create_table(
        "reading_hours",
        sa.Column("staff_id", _ID, nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff_members.id"], name=op.f("fk_reading_hours_staff_id_staff_members")
        ),
        sa.PrimaryKeyConstraint("staff_id", "hour", name=op.f("pk_reading_hours")),
    )
    op.create_table(
        "reading_alerts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("staff_id", _ID, nullable=False),
        sa.Column("kind", sa.Enum("unusual", "braked", name="alertkind", native_enum=False, length=40), nullable=False),
        sa.Column("hour", sa.DateTime(timezone=True), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("usual", sa.Integer(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", _ID, nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff_members.id"], name=op.f("fk_reading_alerts_staff_id_staff_members")
        ),
        sa.ForeignKeyConstraint(
            ["closed_by_id"], ["staff_members.id"], name=op.f("fk_reading_alerts_closed_by_id_staff_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_alerts")),
        sa.UniqueConstraint("public_id", name=op.f("uq_reading_alerts_public_id")),
        sa.UniqueConstraint("staff_id", "hour", "kind", name=op.f("uq_reading_alerts_staff_id_hour_kind")),
    )


def downgrade() -> None:
    # A worker of the version before would not know the job.
    op.execute("DELETE FROM jobs WHERE name = 'lookups.purge_counts'")
    op.drop_table("whole_base_looks")
    op.drop_table("reading_alerts")
    op.drop_table("reading_hours")
    with op.batch_alter_table("staff_members") as batch_op:
        batch_op.drop_column("informed_at")
