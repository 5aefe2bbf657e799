"""Note since when a member has what others gave them, what officers are told, and tokens that nobody has seen yet."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ACTS = ("invited", "way_in", "role", "reopened", "closed", "machine", "export", "seconded")
_ROLES = ("support", "reviewer", "officer", "marketing", "administrator")


def upgrade() -> None:
    with op.batch_alter_table("staff_members") as batch_op:
        batch_op.add_column(sa.Column("access_given_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE staff_members SET access_given_at = activated_at")
    with op.batch_alter_table("api_tokens") as batch_op:
        batch_op.add_column(sa.Column("handed_out_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE api_tokens SET handed_out_at = created_at")
    op.create_table(
        "officer_notices",
        sa.Column("id", _ID, nullable=False),
        sa.Column("act", sa.Enum(*_ACTS, name="act", native_enum=False, length=40), nullable=False),
        sa.Column("about", sa.String(length=500), nullable=False),
        sa.Column("role", sa.Enum(*_ROLES, name="role", native_enum=False, length=40), nullable=True),
        sa.Column("author_id", _ID, nullable=True),
        sa.Column("by_id", _ID, nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_by_id", _ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["author_id"], ["staff_members.id"], name=op.f("fk_officer_notices_author_id_staff_members")
        ),
        sa.ForeignKeyConstraint(["by_id"], ["staff_members.id"], name=op.f("fk_officer_notices_by_id_staff_members")),
        sa.ForeignKeyConstraint(
            ["read_by_id"], ["staff_members.id"], name=op.f("fk_officer_notices_read_by_id_staff_members")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_officer_notices")),
    )
    with op.batch_alter_table("officer_notices") as batch_op:
        batch_op.create_index("ix_officer_notices_read", ["read_at", "at"], unique=False)


def downgrade() -> None:
    op.drop_table("officer_notices")
    # A token that nobody has seen stays as a row that opens nothing, a proposed member as one without a link.
    with op.batch_alter_table("api_tokens") as batch_op:
        batch_op.drop_column("handed_out_at")
    with op.batch_alter_table("staff_members") as batch_op:
        batch_op.drop_column("proposed_at")
        batch_op.drop_column("access_given_at")
