"""Count the records that were collected on consent without a trace of it."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "missing_consents",
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("oldest_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_missing_consents")),
    )


def downgrade() -> None:
    # A worker of the version before would not know the job.
    op.execute("DELETE FROM jobs WHERE name = 'preferences.look_for_missing_consent'")
    op.drop_table("missing_consents")
