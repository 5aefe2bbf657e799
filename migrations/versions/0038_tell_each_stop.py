"""Tell each use that stops by a row of its own: a request may stop several at the same system."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("instructions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("purpose", sa.String(length=60), server_default="", nullable=False))
        batch_op.drop_constraint("uq_instructions_request_id_target_operation", type_="unique")
        batch_op.create_unique_constraint(
            op.f("uq_instructions_request_id_target_operation_purpose"),
            ["request_id", "target", "operation", "purpose"],
        )


def downgrade() -> None:
    # The older version knows one row: the first one stays, and what the others had asked for is lost with them.
    op.execute(
        "DELETE FROM instructions WHERE id NOT IN"
        " (SELECT MIN(id) FROM instructions GROUP BY request_id, target, operation)"
    )
    with op.batch_alter_table("instructions", schema=None) as batch_op:
        batch_op.drop_constraint("uq_instructions_request_id_target_operation_purpose", type_="unique")
        batch_op.create_unique_constraint(
            op.f("uq_instructions_request_id_target_operation"), ["request_id", "target", "operation"]
        )
        batch_op.drop_column("purpose")
