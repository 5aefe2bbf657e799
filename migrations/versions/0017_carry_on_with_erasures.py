"""Add what an erasure needs to know while it is carried out: its items, how far it is, what stays sealed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0014"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("erasures") as erasures:
        erasures.add_column(sa.Column("due_on", sa.Date(), nullable=True))
        erasures.add_column(sa.Column("items", _JSON, server_default="[]", nullable=False))
        erasures.add_column(sa.Column("systems", _JSON, server_default="[]", nullable=False))
        erasures.add_column(sa.Column("done", sa.Integer(), server_default="0", nullable=False))
        erasures.add_column(sa.Column("runs", sa.Integer(), server_default="0", nullable=False))
        erasures.add_column(sa.Column("sealed_words", sa.LargeBinary(), nullable=True))
        erasures.add_column(sa.Column("sealed_proof", sa.LargeBinary(), nullable=True))
        erasures.add_column(sa.Column("words_until", sa.DateTime(timezone=True), nullable=True))
        erasures.create_index("ix_erasures_words_until", ["words_until"])


def downgrade() -> None:
    with op.batch_alter_table("erasures") as erasures:
        erasures.drop_index("ix_erasures_words_until")
        for column in ("words_until", "sealed_proof", "sealed_words", "runs", "done", "systems", "items", "due_on"):
            erasures.drop_column(column)
