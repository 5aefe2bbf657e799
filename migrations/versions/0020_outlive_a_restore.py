"""Number each preference state by itself, tell replayed lines of the ledger, find the epoch."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_EPOCHS = sa.text("kind = 'epoch'")


def upgrade() -> None:
    op.add_column("preference_states", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.add_column("ledger_entries", sa.Column("replayed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_ledger_entries_epochs",
        "ledger_entries",
        ["id"],
        unique=False,
        sqlite_where=_EPOCHS,
        postgresql_where=_EPOCHS,
    )


def downgrade() -> None:
    op.drop_index("ix_ledger_entries_epochs", table_name="ledger_entries")
    op.drop_column("ledger_entries", "replayed_at")
    op.drop_column("preference_states", "version")
