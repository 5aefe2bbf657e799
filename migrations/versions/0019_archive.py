"""Add the capacity of a customer, the ground on which an archive is opened, and the secrecy of a hold."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0017"
branch_labels = None
depends_on = None

_GROUNDS = ("litigation", "audit", "authority", "fraud", "person")


def upgrade() -> None:
    with op.batch_alter_table("customers") as batch_op:
        capacity = sa.Enum("consumer", "business", name="capacity", native_enum=False, length=40)
        batch_op.add_column(sa.Column("capacity", capacity, nullable=True))
    with op.batch_alter_table("customer_lookups") as batch_op:
        ground = sa.Enum(*_GROUNDS, name="archiveground", native_enum=False, length=40)
        batch_op.add_column(sa.Column("archive_ground", ground, nullable=True))
    with op.batch_alter_table("legal_holds") as batch_op:
        batch_op.add_column(sa.Column("is_secret", sa.Boolean(), server_default=sa.false(), nullable=False))
    _name_the_request_of_each_restriction()


def _name_the_request_of_each_restriction() -> None:
    """Give each keep that revision 0012 wrote for a restriction the request that asked for it, whose end ends it."""
    op.execute(
        "UPDATE keeps SET source_id = (SELECT MAX(r.id) FROM rights_requests r"
        " WHERE r.customer_id = keeps.customer_id AND r.\"right\" = 'restriction' AND r.outcome IN ('granted', 'partial'))"
        " WHERE reason = 'restriction' AND source_id = 0 AND EXISTS (SELECT 1 FROM rights_requests r"
        " WHERE r.customer_id = keeps.customer_id AND r.\"right\" = 'restriction' AND r.outcome IN ('granted', 'partial'))"
    )


def downgrade() -> None:
    with op.batch_alter_table("legal_holds") as batch_op:
        batch_op.drop_column("is_secret")
    with op.batch_alter_table("customer_lookups") as batch_op:
        batch_op.drop_column("archive_ground")
    with op.batch_alter_table("customers") as batch_op:
        batch_op.drop_column("capacity")
