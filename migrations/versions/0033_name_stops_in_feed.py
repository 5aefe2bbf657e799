"""Name in the feed the uses that people objected to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("preference_states", schema=None) as batch_op:
        batch_op.add_column(sa.Column("stops", _JSON, server_default="[]", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("preference_states", schema=None) as batch_op:
        batch_op.drop_column("stops")
