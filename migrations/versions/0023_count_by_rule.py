"""Count what somebody has by kind and rule on an index: the plan of an erasure read every record that the law may keep."""

from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    columns = ["customer_id", "kind", "rule", "category", "expires_on"]
    op.create_index("ix_records_rule", "records", columns)
    op.create_index("ix_archived_records_rule", "archived_records", columns)


def downgrade() -> None:
    op.drop_index("ix_archived_records_rule", "archived_records")
    op.drop_index("ix_records_rule", "records")
