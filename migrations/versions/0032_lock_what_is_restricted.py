"""Lock what is restricted: why restricted data were looked at, which flags are held back, what a keep belongs to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0032"
down_revision = "0030"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
_REASON = sa.Enum(
    "consent", "claims", "other_person", "public_interest", name="usereason", native_enum=False, length=40
)
_LOOKS = ("access_log_entries", "customer_lookups")


def upgrade() -> None:
    for table in _LOOKS:
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("use_reason", _REASON, nullable=True))
    with op.batch_alter_table("preference_states") as batch_op:
        batch_op.add_column(sa.Column("held_back", _JSON, server_default="[]", nullable=False))
    # A keep of a restriction belonged to the request; a request may have several restrictions by now. The rows that
    # 0030 made of keeps bear the number of theirs.
    op.execute(
        "UPDATE keeps SET source_id = (SELECT r.id FROM restrictions r WHERE r.public_id = 'before-' || keeps.id)"
        " WHERE reason = 'restriction' AND EXISTS"
        " (SELECT 1 FROM restrictions r WHERE r.public_id = 'before-' || keeps.id)"
    )


def downgrade() -> None:
    op.execute(
        "UPDATE keeps SET source_id = COALESCE((SELECT r.request_id FROM restrictions r WHERE r.id = keeps.source_id), 0)"
        " WHERE reason = 'restriction'"
    )
    with op.batch_alter_table("preference_states") as batch_op:
        batch_op.drop_column("held_back")
    for table in _LOOKS:
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("use_reason")
