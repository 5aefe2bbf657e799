"""Keep at which number or address of record a person was reached; end the doubts that a check before lifted."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
_REQUESTS = sa.table("rights_requests", sa.column("id"), sa.column("identity_signals", _JSON))
_CHECKS = sa.table("identity_checks", sa.column("id"), sa.column("request_id"), sa.column("result"))


def upgrade() -> None:
    with op.batch_alter_table("identity_checks") as table:
        table.add_column(sa.Column("place", sa.Text(), server_default="", nullable=False))
    # Doubts stayed with a request after the check that lifted them. From now on those that stand there are what remains.
    newest = sa.select(sa.func.max(_CHECKS.c.id)).where(_CHECKS.c.request_id.is_not(None)).group_by(_CHECKS.c.request_id)
    settled = sa.select(_CHECKS.c.request_id).where(_CHECKS.c.id.in_(newest), _CHECKS.c.result == "confirmed")
    op.execute(_REQUESTS.update().where(_REQUESTS.c.id.in_(settled)).values(identity_signals=[]))


def downgrade() -> None:
    # A version before has no words for these ways of proof.
    op.execute(
        "UPDATE identity_checks SET method = 'by_staff'"
        " WHERE method IN ('call_back', 'registered_letter', 'written_reason')"
    )
    op.execute(
        "UPDATE request_events SET kind = 'note', is_internal = true WHERE kind IN"
        " ('called_back', 'call_missed', 'call_denied', 'letter_sent', 'letter_confirmed', 'letter_returned', 'doubt_lifted')"
    )
    with op.batch_alter_table("identity_checks") as table:
        table.drop_column("place")
