"""Count how many tries of a window are under way, and give what strangers ask for a lane of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_LANE = sa.Enum("main", "strangers", name="lane", native_enum=False, length=40)


def upgrade() -> None:
    with op.batch_alter_table("rate_counts") as batch_op:
        batch_op.add_column(sa.Column("under_way", sa.Integer(), server_default="0", nullable=False))
    with op.batch_alter_table("jobs") as batch_op:
        batch_op.add_column(sa.Column("lane", _LANE, server_default="main", nullable=False))
        batch_op.drop_index("ix_jobs_due")
        batch_op.create_index("ix_jobs_due", ["status", "lane", "run_at"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("jobs") as batch_op:
        batch_op.drop_index("ix_jobs_due")
        batch_op.create_index("ix_jobs_due", ["status", "run_at"], unique=False)
        batch_op.drop_column("lane")
    with op.batch_alter_table("rate_counts") as batch_op:
        batch_op.drop_column("under_way")
