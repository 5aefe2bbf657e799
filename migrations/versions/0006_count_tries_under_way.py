"""Count how many tries of a window are under way."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("rate_counts") as batch_op:
        batch_op.add_column(sa.Column("under_way", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("rate_counts") as batch_op:
        batch_op.drop_column("under_way")
