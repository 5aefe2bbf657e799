"""Keep of a file that was destroyed its reference and the day, and of a recipient the name that it had."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    op.create_table(
        "destroyed_files",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("customer_id", _BIG, nullable=False),
        sa.Column("reference", sa.String(length=20), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_destroyed_files_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_destroyed_files")),
        sa.UniqueConstraint("reference", name=op.f("uq_destroyed_files_reference")),
    )
    for column in ("customer_id", "destroyed_at"):
        op.create_index(op.f(f"ix_destroyed_files_{column}"), "destroyed_files", [column], unique=False)
    with op.batch_alter_table("disclosures") as batch_op:
        batch_op.add_column(sa.Column("name", _JSON, server_default="{}", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("disclosures") as batch_op:
        batch_op.drop_column("name")
    for column in ("destroyed_at", "customer_id"):
        op.drop_index(op.f(f"ix_destroyed_files_{column}"), table_name="destroyed_files")
    op.drop_table("destroyed_files")
