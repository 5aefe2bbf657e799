"""Add keeps, which say why something may not go yet, and the reports of the runs that remove what is past its time."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
_REASONS = ("restriction", "hold", "open_request")
_STATES = ("ran", "refused_clock", "refused_share", "refused_change")

# Periodic jobs of the version before: a worker of this one knows them no more, and would park them.
_FORMER_JOBS = (
    "accounts.purge", "customers.purge_mails", "exports.expire_packages", "exports.remove_orphans",
    "identity.sweep_uploads", "lookups.purge_counts", "lookups.purge_expired", "preferences.end_suppressions",
    "preferences.purge_proofs", "retention.purge_records", "rights.purge_closed_files", "rights.remove_expired_drafts",
    "staff.purge_expired", "web.purge_rate_counts",
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "keeps",
        sa.Column("id", _ID, nullable=False),
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("reason", sa.Enum(*_REASONS, name="keepreason", native_enum=False, length=40), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.String(length=20), nullable=True),
        sa.Column("kind", sa.String(length=60), nullable=True),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_keeps_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keeps")),
    )
    is_open = sa.text("ended_at IS NULL")
    op.create_index("ix_keeps_open", "keeps", ["customer_id"], sqlite_where=is_open, postgresql_where=is_open)
    op.create_index("ix_keeps_source", "keeps", ["reason", "source_id"])
    op.create_table(
        "purge_runs",
        sa.Column("id", _ID, nullable=False),
        sa.Column("class", sa.String(length=40), nullable=False),
        sa.Column("mode", sa.Enum("run", "approved", name="runmode", native_enum=False, length=40), nullable=False),
        sa.Column("state", sa.Enum(*_STATES, name="runstate", native_enum=False, length=40), nullable=False),
        sa.Column("basis", sa.String(length=200), nullable=False),
        sa.Column("clock_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.Integer(), nullable=False),
        sa.Column("kept", _JSON, nullable=False),
        sa.Column("overdue", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("approved_by", sa.String(length=60), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_purge_runs")),
    )
    op.create_index("ix_purge_runs_newest", "purge_runs", ["class", "id"])
    _keep_what_is_kept_today()
    op.execute(sa.text("DELETE FROM jobs WHERE name IN :names AND status <> 'done'").bindparams(
        sa.bindparam("names", _FORMER_JOBS, expanding=True)
    ))


def _keep_what_is_kept_today() -> None:
    """Write a keep for each restriction and each open request, and note where people's data stood before."""
    op.execute(
        "INSERT INTO keeps (customer_id, reason, source_id, since)"
        " SELECT id, 'restriction', 0, COALESCE(restricted_at, created_at) FROM customers WHERE status = 'restricted'"
    )
    op.execute(
        'INSERT INTO keeps (customer_id, reason, source_id, since) SELECT customer_id, \'open_request\', id, received_at'
        ' FROM rights_requests WHERE is_open AND "right" IN (\'access\', \'portability\', \'rectification\', \'restriction\')'
    )
    op.execute(
        "INSERT INTO purge_runs (class, mode, state, basis, clock_at, due, kept, overdue, removed)"
        " SELECT 'every', 'run', 'ran', '', MIN(created_at), 0, '{}', 0, 0 FROM customers HAVING COUNT(*) > 0"
    )


def downgrade() -> None:
    # A worker of the version before would not know the jobs.
    op.execute("DELETE FROM jobs WHERE name LIKE 'retention.%' AND name <> 'retention.purge_records'")
    op.drop_table("purge_runs")
    op.drop_table("keeps")
