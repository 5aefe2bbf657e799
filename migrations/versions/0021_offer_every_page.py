"""Let a copy have every item on a page to read; without it, the newest of each category are."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("answer_packages") as batch_op:
        batch_op.add_column(sa.Column("has_every_page", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("answer_packages") as batch_op:
        batch_op.drop_column("has_every_page")
