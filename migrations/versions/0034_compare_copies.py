"""Keep of a copy how many things of each kind it held, and when it was read: the next one says what changed since."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("answer_packages") as batch_op:
        batch_op.add_column(sa.Column("made_at", sa.DateTime(timezone=True)))
        batch_op.add_column(sa.Column("kinds", _JSON, server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("last_record", _BIG))


def downgrade() -> None:
    with op.batch_alter_table("answer_packages") as batch_op:
        batch_op.drop_column("last_record")
        batch_op.drop_column("kinds")
        batch_op.drop_column("made_at")
