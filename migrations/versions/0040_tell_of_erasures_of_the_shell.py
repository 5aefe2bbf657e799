"""Tell of erasures that no request asked for, and index what is open: the list and the desk read that alone.

The way down takes away the rows of such erasures: before, there was no room for them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OPEN = sa.text("acknowledged_at IS NULL")


def upgrade() -> None:
    with op.batch_alter_table("instructions", schema=None) as batch_op:
        batch_op.alter_column("request_id", existing_type=_BIG, nullable=True)
        batch_op.add_column(sa.Column("erasure_id", _BIG, nullable=True))
        batch_op.create_unique_constraint(
            op.f("uq_instructions_erasure_id_target_operation"), ["erasure_id", "target", "operation"]
        )
        batch_op.create_check_constraint(op.f("ck_instructions_cause"), "request_id IS NOT NULL OR erasure_id IS NOT NULL")
        batch_op.drop_index("ix_instructions_state")
    op.create_index(
        "ix_instructions_open", "instructions",
        ["created_at", "id", "channel", "state", "exemption", "reminders"],
        sqlite_where=_OPEN, postgresql_where=_OPEN,
    )  # fmt: skip


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM instructions WHERE request_id IS NULL"))
    op.drop_index("ix_instructions_open", table_name="instructions")
    with op.batch_alter_table("instructions", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("uq_instructions_erasure_id_target_operation"), type_="unique")
        batch_op.drop_constraint(op.f("ck_instructions_cause"), type_="check")
        batch_op.drop_column("erasure_id")
        batch_op.alter_column("request_id", existing_type=_BIG, nullable=False)
        batch_op.create_index("ix_instructions_state", ["state", "next_at"])
