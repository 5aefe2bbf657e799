"""Keep, sealed and for an hour, the forms that were sent after their session had ended."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "kept_forms",
        sa.Column("id", _ID, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kept_forms")),
        sa.UniqueConstraint("public_id", name=op.f("uq_kept_forms_public_id")),
    )
    op.create_index("ix_kept_forms_expires_at", "kept_forms", ["expires_at"], unique=False)


def downgrade() -> None:
    # A worker of the version before would not know the job.
    op.execute("DELETE FROM jobs WHERE name = 'web.purge_kept_forms'")
    op.drop_index("ix_kept_forms_expires_at", table_name="kept_forms")
    op.drop_table("kept_forms")
