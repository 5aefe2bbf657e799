"""Note the last contact of each person and the end of each unused account, and add legal holds."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_GROUNDS = ("litigation", "audit", "authority", "fraud")


def upgrade() -> None:
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.add_column(sa.Column("unused_ends_on", sa.Date(), nullable=True))
        batch_op.create_index("ix_accounts_unused_ends_on", ["unused_ends_on"], unique=False)
    with op.batch_alter_table("customers") as batch_op:
        batch_op.add_column(sa.Column("last_contact_on", sa.Date(), nullable=True))
    op.create_table(
        "legal_holds",
        sa.Column("id", _ID, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("category", sa.String(length=20), nullable=True),
        sa.Column("kind", sa.String(length=60), nullable=True),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("ground", sa.Enum(*_GROUNDS, name="holdground", native_enum=False, length=40), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("placed_by", sa.String(length=60), nullable=False),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=60), nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_legal_holds_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_legal_holds")),
        sa.UniqueConstraint("public_id", name=op.f("uq_legal_holds_public_id")),
    )
    op.create_index("ix_legal_holds_customer_id", "legal_holds", ["customer_id"])
    _note_last_contacts()


def _note_last_contacts() -> None:
    """Take over the newest sign-in or request of each person; a record of an exchange counts with the next import."""
    latest = (
        "SELECT MAX(c.at) FROM (SELECT customer_id, last_sign_in_at AS at FROM accounts"
        " UNION ALL SELECT customer_id, received_at FROM rights_requests) c WHERE c.customer_id = customers.id"
    )
    op.execute(f"UPDATE customers SET last_contact_on = DATE(({latest}))")  # noqa: S608 - no word of anybody's


def downgrade() -> None:
    # A worker of the version before would not know the jobs.
    op.execute(
        "DELETE FROM jobs WHERE name IN ('accounts.warn_unused', 'retention.unused_accounts',"
        " 'retention.customer_files', 'retention.emptied_files', 'retention.lifted_holds')"
    )
    op.drop_table("legal_holds")
    with op.batch_alter_table("customers") as batch_op:
        batch_op.drop_column("last_contact_on")
    with op.batch_alter_table("accounts") as batch_op:
        batch_op.drop_index("ix_accounts_unused_ends_on")
        batch_op.drop_column("unused_ends_on")
