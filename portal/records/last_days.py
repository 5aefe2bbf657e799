"""Move the last day of records already held when the end of a person's relationship is known or changes."""

from typing import Any

from sqlalchemy import bindparam, select, update

from portal.clock import local_date
from portal.infrastructure.database import db
from portal.records.contacts import Contacts
from portal.records.data_map.kinds import DataMap, Kind
from portal.records.expiry import Expiry, depends_on_relationship
from portal.records.imports.customer_writing import HeldCustomer
from portal.records.models import Record

SLICE = 2000


def move_last_days(customer: HeldCustomer, data_map: DataMap, expiry: Expiry, contacts: Contacts) -> None:
    """Compute the last days of a customer's records again, in slices, in the current transaction."""
    if customer.id is None:
        return
    last_contact_on = contacts.last([customer.id]).get(customer.id)
    for kind in data_map.kinds.values():
        if not depends_on_relationship(kind):
            continue
        after = ""
        while rows := _slice(customer.id, kind, after):
            after = rows[-1].external_id
            moved = []
            for row in rows:
                recorded_on = local_date(row.recorded_at)
                ended_on = customer.relationship_ended_on
                day = expiry.of(kind, recorded_on, row.values, ended_on, last_contact_on)
                if day != row.expires_on:
                    moved.append({"record_id": row.id, "last_day": day})
            write_last_days(moved)


def _slice(customer_id: int, kind: Kind, after: str) -> list[Any]:
    columns = (Record.id, Record.external_id, Record.recorded_at, Record.values, Record.expires_on)
    statement = (
        select(*columns)
        .where(Record.customer_id == customer_id, Record.kind == kind.code, Record.external_id > after)
        .order_by(Record.external_id)
        .limit(SLICE)
    )
    return list(db.session.execute(statement))


def write_last_days(moved: list[dict[str, Any]]) -> None:
    """Write last days alone, as rows of `record_id` and `last_day`: when a record was received does not change."""
    if not moved:
        return
    statement = update(Record.__table__).where(Record.id == bindparam("record_id"))
    db.session.connection().execute(statement.values(expires_on=bindparam("last_day")), moved)
