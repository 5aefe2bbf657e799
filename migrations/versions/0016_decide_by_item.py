"""Keep what is proposed for each item, the systems behind it and its own words; mark requests closed by mistake."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
_OUTCOMES = (
    "erased",
    "archived",
    "kept",
    "refused",
    "corrected",
    "statement",
    "restricted",
    "stopped",
    "overridden",
    "handed",
    "withheld",
    "missing",
    "left_out",
    "recorded",
    "reviewed",
)


def upgrade() -> None:
    with op.batch_alter_table("request_items") as batch_op:
        proposed = sa.Enum(*_OUTCOMES, name="itemoutcome", native_enum=False, length=40)
        batch_op.add_column(sa.Column("proposed", proposed, nullable=True))
        batch_op.add_column(sa.Column("systems", _JSON, server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("words", sa.Text(), server_default="", nullable=False))
    with op.batch_alter_table("rights_requests") as batch_op:
        batch_op.add_column(sa.Column("wrongly_closed_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reopening_confirmed_by", _ID, nullable=True))
        batch_op.create_foreign_key(
            op.f("fk_rights_requests_reopening_confirmed_by_staff_members"),
            "staff_members",
            ["reopening_confirmed_by"],
            ["id"],
        )


def downgrade() -> None:
    # A worker of the version before would not know the jobs, nor its pages the words.
    op.execute("DELETE FROM jobs WHERE name IN ('rights.itemise', 'rights.answer_copies', 'rights.follow_up')")
    op.execute("DELETE FROM request_events WHERE kind = 'reopened'")
    with op.batch_alter_table("rights_requests") as batch_op:
        batch_op.drop_constraint(op.f("fk_rights_requests_reopening_confirmed_by_staff_members"), type_="foreignkey")
        batch_op.drop_column("reopening_confirmed_by")
        batch_op.drop_column("wrongly_closed_at")
    with op.batch_alter_table("request_items") as batch_op:
        batch_op.drop_column("words")
        batch_op.drop_column("systems")
        batch_op.drop_column("proposed")
