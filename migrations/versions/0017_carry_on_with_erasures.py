"""Add what an erasure needs to know while it is carried out: its items, how far it is, what stays sealed."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0014"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
_AT = sa.DateTime(timezone=True)
_COLUMNS = (
    sa.Column("due_on", sa.Date(), nullable=True),
    sa.Column("items", _JSON, server_default="[]", nullable=False),
    sa.Column("systems", _JSON, server_default="[]", nullable=False),
    sa.Column("done", sa.Integer(), server_default="0", nullable=False),
    sa.Column("runs", sa.Integer(), server_default="0", nullable=False),
    sa.Column("sealed_words", sa.LargeBinary(), nullable=True),
    sa.Column("sealed_proof", sa.LargeBinary(), nullable=True),
    sa.Column("words_until", _AT, nullable=True),
)


def upgrade() -> None:
    with op.batch_alter_table("erasures") as erasures:
        for column in _COLUMNS:
            erasures.add_column(column.copy())
        erasures.create_index("ix_erasures_words_until", ["words_until"])


def downgrade() -> None:
    with op.batch_alter_table("erasures") as erasures:
        erasures.drop_index("ix_erasures_words_until")
        for column in reversed(_COLUMNS):
            erasures.drop_column(column.name)
