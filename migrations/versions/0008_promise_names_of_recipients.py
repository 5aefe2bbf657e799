"""Note which recipients' names an answer package lacks, and until when they are promised."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("answer_packages") as batch_op:
        batch_op.add_column(sa.Column("owed_recipients", _JSON, server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("owed_by", sa.Date(), nullable=True))
        batch_op.create_index("ix_answer_packages_owed_by", ["owed_by"], unique=False)


def downgrade() -> None:
    # A worker of the version before would not know the job.
    op.execute("DELETE FROM jobs WHERE name = 'exports.give_owed_names'")
    with op.batch_alter_table("answer_packages") as batch_op:
        batch_op.drop_index("ix_answer_packages_owed_by")
        batch_op.drop_column("owed_by")
        batch_op.drop_column("owed_recipients")
