"""Keep which doubts a proof lifted, and which browser was the first of its account."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("account_devices") as table:
        table.add_column(sa.Column("is_first", sa.Boolean(), server_default=sa.false(), nullable=False))
    with op.batch_alter_table("request_drafts") as table:
        table.add_column(sa.Column("identity_lifted", _JSON, server_default="[]", nullable=False))
    with op.batch_alter_table("identity_checks") as table:
        table.add_column(sa.Column("lifted", _JSON, server_default="[]", nullable=False))


def downgrade() -> None:
    # A version before has no words for these ways of proof.
    op.execute("UPDATE identity_checks SET method = 'session' WHERE method = 'second_step'")
    op.execute("UPDATE identity_checks SET method = 'known_address' WHERE method = 'facebook_and_code'")
    with op.batch_alter_table("identity_checks") as table:
        table.drop_column("lifted")
    with op.batch_alter_table("request_drafts") as table:
        table.drop_column("identity_lifted")
    with op.batch_alter_table("account_devices") as table:
        table.drop_column("is_first")
