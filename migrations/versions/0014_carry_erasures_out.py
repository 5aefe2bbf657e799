"""Add what carries an erasure out: items, erasures, what keeps the erased away, the archive, the ledger, dispatches."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_AT = sa.DateTime(timezone=True)
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
)
_ENTRYKIND = ("erased", "objected", "restricted", "lifted", "corrected", "withdrawn", "shredded", "revoked", "unlinked")
_DISPATCHCHANNEL = ("account", "email", "paper", "registered", "telephone")
_DISPATCHSTATE = ("queued", "accepted", "posted", "handed", "read_out", "bounced", "returned")
_ERASURESTATE = ("cooling", "running", "halted", "done", "cancelled", "returned")
_ITEMSTATE = ("undecided", "decided", "doing", "done", "deferred", "halted")
_UNDER_WAY = sa.text("state IN ('cooling', 'running', 'halted')")
_WAITING = sa.text("shipped_at IS NULL")
_TABLES = (
    "item_exceptions",
    "erasure_cancel_links",
    "request_items",
    "erasures",
    "erased_spans",
    "erased_records",
    "dispatches",
    "archived_records",
    "archive_counts",
    "tombstones",
    "ledger_entries",
    "complete_deliveries",
)


def upgrade() -> None:
    op.create_table(
        "complete_deliveries",
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("as_of", _AT, nullable=False),
        sa.Column("received_at", _AT, nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_complete_deliveries")),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("id", _ID, nullable=False),
        sa.Column("kind", sa.Enum(*_ENTRYKIND, name="entrykind", native_enum=False, length=40), nullable=False),
        sa.Column("body", _JSON, nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=True),
        sa.Column("previous_hash", sa.String(length=64), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=True),
        sa.Column("shipped_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("n", name=op.f("uq_ledger_entries_n")),
    )
    op.create_index(
        "ix_ledger_entries_waiting",
        "ledger_entries",
        ["id"],
        unique=False,
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )

    op.create_table(
        "tombstones",
        sa.Column("id", _ID, nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("keyed_hash", sa.String(length=64), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("erasure_id", _ID, nullable=True),
        sa.Column("made_at", _AT, nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("released_at", _AT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tombstones")),
        sa.UniqueConstraint(
            "what", "keyed_hash", "key_version", name=op.f("uq_tombstones_what_keyed_hash_key_version")
        ),
    )
    op.create_index("ix_tombstones_ends_on", "tombstones", ["ends_on"], unique=False)
    op.create_index("ix_tombstones_erasure_id", "tombstones", ["erasure_id"], unique=False)

    op.create_table(
        "archive_counts",
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("category", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_archive_counts_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("customer_id", "category", "kind", name=op.f("pk_archive_counts")),
    )
    op.create_table(
        "archived_records",
        sa.Column("id", _ID, nullable=False),
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("category", sa.String(length=20), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("recorded_at", _AT, nullable=False),
        sa.Column("source", sa.String(length=60), nullable=False),
        sa.Column("values", _JSON, nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("active_until", sa.Date(), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("received_at", _AT, nullable=False),
        sa.Column("corrected_at", _AT, nullable=True),
        sa.Column("archived_at", _AT, nullable=False),
        sa.Column("ground", sa.String(length=60), nullable=False),
        sa.Column("legal_reference", sa.String(length=400), nullable=False),
        sa.Column("erasure_id", _ID, nullable=True),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_archived_records_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_archived_records")),
        sa.UniqueConstraint(
            "customer_id", "kind", "external_id", name=op.f("uq_archived_records_customer_id_kind_external_id")
        ),
    )
    op.create_index("ix_archived_records_expires_on", "archived_records", ["expires_on"], unique=False)
    op.create_index(
        "ix_archived_records_newest", "archived_records", ["customer_id", "category", "recorded_at", "id"], unique=False
    )

    op.create_table(
        "dispatches",
        sa.Column("id", _ID, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("letter_code", sa.String(length=60), nullable=False),
        sa.Column("template_version", sa.String(length=40), nullable=False),
        sa.Column("customer_id", _ID, nullable=True),
        sa.Column("requester_id", _ID, nullable=True),
        sa.Column("subject_kind", sa.String(length=20), nullable=False),
        sa.Column("subject_id", _ID, nullable=False),
        sa.Column(
            "channel", sa.Enum(*_DISPATCHCHANNEL, name="dispatchchannel", native_enum=False, length=40), nullable=False
        ),
        sa.Column("sealed_address", sa.LargeBinary(), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column(
            "state", sa.Enum(*_DISPATCHSTATE, name="dispatchstate", native_enum=False, length=40), nullable=False
        ),
        sa.Column("message_id", sa.String(length=200), nullable=True),
        sa.Column("relay_answer", sa.Text(), nullable=False),
        sa.Column("at", _AT, nullable=False),
        sa.Column("by", _ID, nullable=True),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["by"], ["staff_members.id"], name=op.f("fk_dispatches_by_staff_members")),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_dispatches_customer_id_customers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatches")),
        sa.UniqueConstraint("public_id", name=op.f("uq_dispatches_public_id")),
    )
    op.create_index("ix_dispatches_customer_id", "dispatches", ["customer_id"], unique=False)
    op.create_index("ix_dispatches_subject", "dispatches", ["subject_kind", "subject_id"], unique=False)

    op.create_table(
        "erased_records",
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("keyed_hash", sa.String(length=64), nullable=False),
        sa.Column("erased_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customers.id"], name=op.f("fk_erased_records_customer_id_customers")
        ),
        sa.PrimaryKeyConstraint("customer_id", "kind", "keyed_hash", name=op.f("pk_erased_records")),
    )
    op.create_table(
        "erased_spans",
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("until_at", _AT, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_erased_spans_customer_id_customers")),
        sa.PrimaryKeyConstraint("customer_id", "kind", name=op.f("pk_erased_spans")),
    )
    op.create_table(
        "erasures",
        sa.Column("id", _ID, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("request_id", _ID, nullable=True),
        sa.Column("customer_id", _ID, nullable=False),
        sa.Column("scope", _JSON, nullable=False),
        sa.Column("state", sa.Enum(*_ERASURESTATE, name="erasurestate", native_enum=False, length=40), nullable=False),
        sa.Column("decided_at", _AT, nullable=False),
        sa.Column("runs_at", _AT, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=20), nullable=False),
        sa.Column("position", sa.String(length=200), nullable=False),
        sa.Column("entry", _ID, nullable=True),
        sa.Column("sealed_contact", sa.LargeBinary(), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("token_until", _AT, nullable=True),
        sa.Column("certificate", _JSON, nullable=True),
        sa.Column("cause", sa.String(length=60), nullable=True),
        sa.Column("started_at", _AT, nullable=True),
        sa.Column("finished_at", _AT, nullable=True),
        sa.ForeignKeyConstraint(["customer_id"], ["customers.id"], name=op.f("fk_erasures_customer_id_customers")),
        sa.ForeignKeyConstraint(
            ["request_id"], ["rights_requests.id"], name=op.f("fk_erasures_request_id_rights_requests")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("public_id", name=op.f("uq_erasures_public_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_erasures_token_hash")),
    )
    op.create_index("ix_erasures_customer_id", "erasures", ["customer_id"], unique=False)
    op.create_index("ix_erasures_request_id", "erasures", ["request_id"], unique=False)
    op.create_index("ix_erasures_runs_at", "erasures", ["state", "runs_at"], unique=False)
    op.create_index(
        "uq_erasures_under_way",
        "erasures",
        ["customer_id"],
        unique=True,
        sqlite_where=_UNDER_WAY,
        postgresql_where=_UNDER_WAY,
    )

    op.create_table(
        "request_items",
        sa.Column("id", _ID, nullable=False),
        sa.Column("request_id", _ID, nullable=False),
        sa.Column("part", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("rule", sa.String(length=60), nullable=False),
        sa.Column("category", sa.String(length=20), nullable=True),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.Enum(*_OUTCOMES, name="itemoutcome", native_enum=False, length=40), nullable=True),
        sa.Column("ground", sa.String(length=60), nullable=False),
        sa.Column("legal_reference", sa.Text(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("is_then_erased", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Enum(*_ITEMSTATE, name="itemstate", native_enum=False, length=40), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("decided_by", _ID, nullable=True),
        sa.Column("done_at", _AT, nullable=True),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["staff_members.id"], name=op.f("fk_request_items_decided_by_staff_members")
        ),
        sa.ForeignKeyConstraint(
            ["request_id"], ["rights_requests.id"], name=op.f("fk_request_items_request_id_rights_requests")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_items")),
        sa.UniqueConstraint(
            "request_id", "part", "kind", "rule", name=op.f("uq_request_items_request_id_part_kind_rule")
        ),
    )
    op.create_table(
        "erasure_cancel_links",
        sa.Column("id", _ID, nullable=False),
        sa.Column("erasure_id", _ID, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", _AT, nullable=False),
        sa.Column("used_at", _AT, nullable=True),
        sa.ForeignKeyConstraint(
            ["erasure_id"], ["erasures.id"], name=op.f("fk_erasure_cancel_links_erasure_id_erasures")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure_cancel_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_erasure_cancel_links_token_hash")),
    )
    op.create_index("ix_erasure_cancel_links_erasure_id", "erasure_cancel_links", ["erasure_id"], unique=False)

    op.create_table(
        "item_exceptions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("item_id", _ID, nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("from_at", _AT, nullable=True),
        sa.Column("to_at", _AT, nullable=True),
        sa.Column("outcome", sa.Enum(*_OUTCOMES, name="itemoutcome", native_enum=False, length=40), nullable=False),
        sa.Column("ground", sa.String(length=60), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("done_at", _AT, nullable=True),
        sa.ForeignKeyConstraint(
            ["item_id"], ["request_items.id"], name=op.f("fk_item_exceptions_item_id_request_items")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_exceptions")),
    )
    op.create_index("ix_item_exceptions_item_id", "item_exceptions", ["item_id"], unique=False)

    with op.batch_alter_table("records") as batch_op:
        batch_op.add_column(sa.Column("rule", sa.String(length=60), server_default="", nullable=False))
        batch_op.add_column(sa.Column("active_until", sa.Date(), nullable=True))
        batch_op.create_index("ix_records_active_until", ["active_until"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("records") as batch_op:
        batch_op.drop_index("ix_records_active_until")
        batch_op.drop_column("active_until")
        batch_op.drop_column("rule")
    for table in _TABLES:
        op.drop_table(table)
