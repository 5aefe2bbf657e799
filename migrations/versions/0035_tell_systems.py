"""Tell systems: tokens that are bound to one, addresses that ended, and what answered erasures still wait for."""

import json
from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_WORDS = ("public_id", "target", "operation", "channel", "state", "acknowledged_by", "words")
_NUMBERS = ("request_id", "customer_id", "attempts", "reminders")
_INSTRUCTIONS = sa.table(
    "instructions",
    *(sa.column(name, sa.String) for name in _WORDS),
    *(sa.column(name, sa.BigInteger) for name in _NUMBERS),
    sa.column("scope", _JSON),
    sa.column("created_at", sa.DateTime(timezone=True)),
)
_ON_THE_LIST = {
    "operation": "erase", "scope": {}, "channel": "list", "state": "queued", "attempts": 0, "reminders": 0,
    "acknowledged_by": "", "words": "",
}  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "ended_endpoints",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("target", sa.String(length=60), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ended_endpoints")),
        sa.UniqueConstraint("target", "url", name=op.f("uq_ended_endpoints_target_url")),
    )
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.add_column(sa.Column("system", sa.String(length=60), nullable=True))
    _put_on_the_list()


def _put_on_the_list() -> None:
    """Put on the list what every erasure that was answered before still waits for: each system that has to follow."""
    connection = op.get_bind()
    found = connection.execute(
        sa.text(
            "SELECT r.id, r.customer_id, e.systems FROM rights_requests r"
            " JOIN erasures e ON e.request_id = r.id"
            " WHERE r.status = 'answered' AND r.\"right\" = 'erasure' AND e.state = 'done' ORDER BY e.id"
        )
    ).all()
    known: set[tuple[int, str]] = set()
    for request_id, customer_id, systems in found:
        for code in json.loads(systems) if isinstance(systems, str) else systems or []:
            if (request_id, code) not in known:
                known.add((request_id, code))
                facts = {"request_id": request_id, "customer_id": customer_id, "target": code}
                connection.execute(_INSTRUCTIONS.insert().values(_ON_THE_LIST | facts | _told_now()))


def _told_now() -> dict[str, object]:
    # Now, and not when it was answered: a letter that left says only who had been told by then.
    return {"public_id": uuid4().hex, "created_at": datetime.now(UTC)}


def downgrade() -> None:
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.drop_column("system")
    op.drop_table("ended_endpoints")
