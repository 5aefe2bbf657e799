"""Read what ends on one day in the order of an index: PostgreSQL sorted the whole day again for each slice of it."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_records_expiry", "records", ["expires_on"], ["customer_id", "id", "category"]),
    ("ix_records_active_until", "records", ["active_until"], ["id"]),
    ("ix_archived_records_expires_on", "archived_records", ["expires_on"], ["id"]),
)


def upgrade() -> None:
    for name, table, age, rest in _INDEXES:
        op.drop_index(name, table)
        op.create_index(name, table, age + rest)


def downgrade() -> None:
    for name, table, age, _rest in _INDEXES:
        op.drop_index(name, table)
        op.create_index(name, table, age)
