"""Carry the other rights out: corrections, restrictions, objections that are weighed, and who has to be told."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = '0030'
down_revision = "0024"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
_BATCH = 500


def upgrade() -> None:
    op.create_table('disclosures',
    sa.Column('id', _BIG, nullable=False),
    sa.Column('customer_id', _BIG, nullable=False),
    sa.Column('recipient', sa.String(length=60), nullable=False),
    sa.Column('kinds', _JSON, nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('why', sa.String(length=60), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customers.id'], name=op.f('fk_disclosures_customer_id_customers')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_disclosures'))
    )
    with op.batch_alter_table('disclosures', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_disclosures_customer_id'), ['customer_id'], unique=False)

    op.create_table('corrections',
    sa.Column('id', _BIG, nullable=False),
    sa.Column('request_id', _BIG, nullable=False),
    sa.Column('customer_id', _BIG, nullable=False),
    sa.Column('part', sa.String(length=60), nullable=False),
    sa.Column('kind', sa.String(length=60), nullable=False),
    sa.Column('external_id', sa.String(length=200), nullable=False),
    sa.Column('field', sa.String(length=60), nullable=False),
    sa.Column('held', _JSON, nullable=False),
    sa.Column('proposed', _JSON, nullable=False),
    sa.Column('result', sa.Enum('corrected', 'statement', 'refused', name='correctionresult', native_enum=False, length=40), nullable=True),
    sa.Column('decided_by', _BIG, nullable=True),
    sa.Column('applied_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('released_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['customer_id'], ['customers.id'], name=op.f('fk_corrections_customer_id_customers')),
    sa.ForeignKeyConstraint(['decided_by'], ['staff_members.id'], name=op.f('fk_corrections_decided_by_staff_members')),
    sa.ForeignKeyConstraint(['request_id'], ['rights_requests.id'], name=op.f('fk_corrections_request_id_rights_requests')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_corrections'))
    )
    with op.batch_alter_table('corrections', schema=None) as batch_op:
        batch_op.create_index('ix_corrections_record', ['customer_id', 'kind', 'external_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_corrections_request_id'), ['request_id'], unique=False)

    op.create_table('instructions',
    sa.Column('id', _BIG, nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('request_id', _BIG, nullable=False),
    sa.Column('customer_id', _BIG, nullable=False),
    sa.Column('target', sa.String(length=60), nullable=False),
    sa.Column('operation', sa.Enum('erase', 'correct', 'restrict', 'release', 'stop', 'confirm', name='operation', native_enum=False, length=40), nullable=False),
    sa.Column('scope', _JSON, nullable=False),
    sa.Column('channel', sa.Enum('mail', 'webhook', 'list', name='instructionchannel', native_enum=False, length=40), nullable=False),
    sa.Column('state', sa.Enum('queued', 'sent', 'acknowledged', 'exempt', 'failed', name='instructionstate', native_enum=False, length=40), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('reminders', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('acknowledged_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('acknowledged_by', sa.String(length=60), nullable=False),
    sa.Column('exemption', sa.Enum('impossible', 'disproportionate', 'not_held', name='exemption', native_enum=False, length=40), nullable=True),
    sa.Column('words', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customers.id'], name=op.f('fk_instructions_customer_id_customers')),
    sa.ForeignKeyConstraint(['request_id'], ['rights_requests.id'], name=op.f('fk_instructions_request_id_rights_requests')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_instructions')),
    sa.UniqueConstraint('public_id', name=op.f('uq_instructions_public_id')),
    sa.UniqueConstraint('request_id', 'target', 'operation', name=op.f('uq_instructions_request_id_target_operation')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_instructions_token_hash'))
    )
    with op.batch_alter_table('instructions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_instructions_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index('ix_instructions_state', ['state', 'next_at'], unique=False)

    op.create_table('purpose_stops',
    sa.Column('id', _BIG, nullable=False),
    sa.Column('customer_id', _BIG, nullable=False),
    sa.Column('request_id', _BIG, nullable=True),
    sa.Column('purpose', sa.String(length=60), nullable=False),
    sa.Column('state', sa.Enum('weighing', 'stopped', 'overridden', name='stopstate', native_enum=False, length=40), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customers.id'], name=op.f('fk_purpose_stops_customer_id_customers')),
    sa.ForeignKeyConstraint(['request_id'], ['rights_requests.id'], name=op.f('fk_purpose_stops_request_id_rights_requests')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_purpose_stops')),
    sa.UniqueConstraint('customer_id', 'purpose', name=op.f('uq_purpose_stops_customer_id_purpose'))
    )
    with op.batch_alter_table('purpose_stops', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_purpose_stops_request_id'), ['request_id'], unique=False)

    op.create_table('restrictions',
    sa.Column('id', _BIG, nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('customer_id', _BIG, nullable=False),
    sa.Column('request_id', _BIG, nullable=True),
    sa.Column('ground_18', sa.Enum('accuracy', 'unlawful', 'claims', 'objection', name='ground18', native_enum=False, length=40), nullable=True),
    sa.Column('categories', _JSON, nullable=False),
    sa.Column('is_provisional', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('notice_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lifts_on', sa.DateTime(timezone=True), nullable=True),
    sa.Column('halted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reply', sa.Text(), server_default='', nullable=False),
    sa.Column('lifted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lifted_by', _BIG, nullable=True),
    sa.Column('lift_cause', sa.String(length=40), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customers.id'], name=op.f('fk_restrictions_customer_id_customers')),
    sa.ForeignKeyConstraint(['lifted_by'], ['staff_members.id'], name=op.f('fk_restrictions_lifted_by_staff_members')),
    sa.ForeignKeyConstraint(['request_id'], ['rights_requests.id'], name=op.f('fk_restrictions_request_id_rights_requests')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_restrictions')),
    sa.UniqueConstraint('public_id', name=op.f('uq_restrictions_public_id'))
    )
    with op.batch_alter_table('restrictions', schema=None) as batch_op:
        batch_op.create_index('ix_restrictions_open', ['customer_id'], unique=False, sqlite_where=sa.text('lifted_at IS NULL'), postgresql_where=sa.text('lifted_at IS NULL'))
        batch_op.create_index(batch_op.f('ix_restrictions_request_id'), ['request_id'], unique=False)

    op.create_table('statements',
    sa.Column('id', _BIG, nullable=False),
    sa.Column('public_id', sa.String(length=32), nullable=False),
    sa.Column('customer_id', _BIG, nullable=False),
    sa.Column('request_id', _BIG, nullable=True),
    sa.Column('part', sa.String(length=60), nullable=False),
    sa.Column('kind', sa.String(length=60), nullable=False),
    sa.Column('external_id', sa.String(length=200), nullable=False),
    sa.Column('field', sa.String(length=60), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['customer_id'], ['customers.id'], name=op.f('fk_statements_customer_id_customers')),
    sa.ForeignKeyConstraint(['request_id'], ['rights_requests.id'], name=op.f('fk_statements_request_id_rights_requests')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_statements')),
    sa.UniqueConstraint('public_id', name=op.f('uq_statements_public_id'))
    )
    with op.batch_alter_table('statements', schema=None) as batch_op:
        batch_op.create_index('ix_statements_record', ['customer_id', 'kind', 'external_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_statements_request_id'), ['request_id'], unique=False)

    op.create_table('weighings',
    sa.Column('id', _BIG, nullable=False),
    sa.Column('request_id', _BIG, nullable=False),
    sa.Column('customer_id', _BIG, nullable=False),
    sa.Column('purpose', sa.String(length=60), nullable=False),
    sa.Column('result', sa.Enum('weighing', 'stopped', 'overridden', name='stopstate', native_enum=False, length=40), nullable=False),
    sa.Column('interest', sa.Text(), nullable=False),
    sa.Column('necessity', sa.Text(), nullable=False),
    sa.Column('grounds', sa.Text(), nullable=False),
    sa.Column('safeguards', sa.Text(), nullable=False),
    sa.Column('summary', sa.Text(), nullable=False),
    sa.Column('author_id', _BIG, nullable=False),
    sa.Column('officer_id', _BIG, nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['author_id'], ['staff_members.id'], name=op.f('fk_weighings_author_id_staff_members')),
    sa.ForeignKeyConstraint(['customer_id'], ['customers.id'], name=op.f('fk_weighings_customer_id_customers')),
    sa.ForeignKeyConstraint(['officer_id'], ['staff_members.id'], name=op.f('fk_weighings_officer_id_staff_members')),
    sa.ForeignKeyConstraint(['request_id'], ['rights_requests.id'], name=op.f('fk_weighings_request_id_rights_requests')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_weighings'))
    )
    with op.batch_alter_table('weighings', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_weighings_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_weighings_request_id'), ['request_id'], unique=False)

    with op.batch_alter_table('archived_records', schema=None) as batch_op:
        batch_op.add_column(sa.Column('corrected_fields', _JSON, server_default='[]', nullable=False))

    with op.batch_alter_table('records', schema=None) as batch_op:
        batch_op.add_column(sa.Column('corrected_fields', _JSON, server_default='[]', nullable=False))

    _restrict_whom_a_keep_restricts()
    for table in ("records", "archived_records"):
        _name_corrected_fields(table)


def _restrict_whom_a_keep_restricts() -> None:
    """Give each restriction of before its row: of everything, and not told yet, which the officer's list shows."""
    op.execute(
        "INSERT INTO restrictions (public_id, customer_id, request_id, categories, is_provisional, since)"
        " SELECT 'before-' || k.id, k.customer_id, r.id, '[]', "
        + ("0" if op.get_bind().dialect.name == "sqlite" else "false")
        + ", k.since FROM keeps k LEFT JOIN rights_requests r ON r.id = k.source_id"
        " WHERE k.reason = 'restriction' AND k.ended_at IS NULL"
    )


def _name_corrected_fields(name: str) -> None:
    """Name every field of a record that was corrected before: which ones were is not known any more."""
    table = sa.table(
        name, sa.column("id"), sa.column("values", _JSON), sa.column("corrected_at"), sa.column("corrected_fields", _JSON)
    )
    connection, last = op.get_bind(), 0
    while True:
        rows = connection.execute(
            sa.select(table.c.id, table.c["values"]).where(table.c.corrected_at.is_not(None), table.c.id > last)
            .order_by(table.c.id).limit(_BATCH)
        ).all()  # fmt: skip
        if not rows:
            return
        for key, values in rows:
            fields = sorted(values) if isinstance(values, dict) else []
            connection.execute(table.update().where(table.c.id == key).values(corrected_fields=fields))
        last = rows[-1][0]


def downgrade() -> None:
    with op.batch_alter_table('records', schema=None) as batch_op:
        batch_op.drop_column('corrected_fields')

    with op.batch_alter_table('archived_records', schema=None) as batch_op:
        batch_op.drop_column('corrected_fields')

    with op.batch_alter_table('weighings', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_weighings_request_id'))
        batch_op.drop_index(batch_op.f('ix_weighings_customer_id'))

    op.drop_table('weighings')
    with op.batch_alter_table('statements', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_statements_request_id'))
        batch_op.drop_index('ix_statements_record')

    op.drop_table('statements')
    with op.batch_alter_table('restrictions', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_restrictions_request_id'))
        batch_op.drop_index('ix_restrictions_open', sqlite_where=sa.text('lifted_at IS NULL'), postgresql_where=sa.text('lifted_at IS NULL'))

    op.drop_table('restrictions')
    with op.batch_alter_table('purpose_stops', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_purpose_stops_request_id'))

    op.drop_table('purpose_stops')
    with op.batch_alter_table('instructions', schema=None) as batch_op:
        batch_op.drop_index('ix_instructions_state')
        batch_op.drop_index(batch_op.f('ix_instructions_customer_id'))

    op.drop_table('instructions')
    with op.batch_alter_table('corrections', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_corrections_request_id'))
        batch_op.drop_index('ix_corrections_record')

    op.drop_table('corrections')
    with op.batch_alter_table('disclosures', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_disclosures_customer_id'))

    op.drop_table('disclosures')
