"""The last exchange that came from each person. Some retention periods count from it.

A newer exchange then lengthens the life of the person's older records. A message that we send does not.
"""

from collections.abc import Collection
from datetime import date
from typing import Any

from sqlalchemy import bindparam, or_, select, update

from portal.clock import local_date
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.records.archive.models import ArchivedRecord
from portal.records.data_map.kinds import DataMap, Kind
from portal.records.days.expiry import Days, Expiry, Person, starts_at_last_contact
from portal.records.days.last_days import move_archived
from portal.records.models import Record

MOST_NOTED = 10_000
SLICE = 500


class Contacts:
    """Collects the exchanges of a run, so that older records are written once and not at each line."""

    def __init__(self, data_map: DataMap, expiry: Expiry) -> None:
        self._kinds = [kind for kind in data_map.kinds.values() if starts_at_last_contact(kind)]
        self._expiry = expiry
        self._noted: dict[int, date] = {}

    @property
    def is_full(self) -> bool:
        """Whether it is time to settle, so that a run over millions of people stays in bounded memory."""
        return len(self._noted) >= MOST_NOTED

    def note(self, customer_id: int, day: date) -> None:
        """Remember an exchange from a person until `settle`."""
        self._noted[customer_id] = max(day, self._noted.get(customer_id, day))

    def last(self, customer_ids: Collection[int]) -> dict[int, date]:
        """Return the day of the last exchange of those who have any, the noted ones included."""
        if not customer_ids:
            return {}
        newest = (
            select(Record.recorded_at)
            .where(
                Record.customer_id == Customer.id,
                Record.category.in_({kind.category.value for kind in self._kinds}),
                Record.kind.in_([kind.code for kind in self._kinds]),
                Record.values["direction"].as_string() == "in",
            )
            .order_by(Record.recorded_at.desc())
            .limit(1)
            .scalar_subquery()
        )
        rows = db.session.execute(select(Customer.id, newest).where(Customer.id.in_(customer_ids)))
        stored = {number: local_date(instant) for number, instant in rows if instant is not None}
        noted = {number: self._noted[number] for number in customer_ids if number in self._noted}
        return {
            number: max(day for day in (stored.get(number), noted.get(number)) if day is not None)
            for number in stored.keys() | noted.keys()
        }

    def settle(self) -> None:
        """Move the last day of older records to what the noted exchanges give, and forget those exchanges."""
        noted, self._noted = sorted(self._noted.items()), {}
        for start in range(0, len(noted), SLICE):
            part = noted[start : start + SLICE]
            rows = [
                {"customer": number, "of_kind": kind.code, "until": days.active_until, "last_day": days.expires_on}
                for number, day in part
                for kind in self._kinds
                for days in [self._days(kind, day)]
            ]
            with transaction() as session:
                # Customers first, as everybody locks them (docs/adr/0012).
                session.connection().execute(_LAST_CONTACT, _last_contacts(part))
                session.connection().execute(_LENGTHEN, rows)
                self._bring_back(dict(part))

    def _days(self, kind: Kind, last_contact_on: date) -> Days:
        """Return the days of an older record of somebody who wrote on a day."""
        return self._expiry.of(kind, last_contact_on, {}, Person(last_contact_on=last_contact_on))

    def _bring_back(self, noted: dict[int, date]) -> None:
        """Take out of the archive what the exchanges give a longer active use."""
        archived = select(
            ArchivedRecord.id, ArchivedRecord.customer_id, ArchivedRecord.kind, ArchivedRecord.active_until
        ).where(
            ArchivedRecord.customer_id.in_(noted),
            ArchivedRecord.kind.in_([kind.code for kind in self._kinds]),
            ArchivedRecord.erasure_id.is_(None),
        )
        kinds = {kind.code: kind for kind in self._kinds}
        days = {}
        for row in db.session.execute(archived):
            given = self._days(kinds[row.kind], noted[row.customer_id])
            if given.active_until and row.active_until and given.active_until > row.active_until:
                days[row.id] = given
        move_archived(days)


_LENGTHEN = (
    update(Record.__table__)
    .where(
        Record.customer_id == bindparam("customer"),
        Record.kind == bindparam("of_kind"),
        Record.expires_on < bindparam("last_day"),
    )
    .values(expires_on=bindparam("last_day"), active_until=bindparam("until"))
)
_IS_NEWER = or_(Customer.last_contact_on.is_(None), Customer.last_contact_on < bindparam("day"))
_LAST_CONTACT = (
    update(Customer.__table__)
    .where(Customer.__table__.c.id == bindparam("customer"), _IS_NEWER)
    .values(last_contact_on=bindparam("day"))
)


def _last_contacts(noted: list[tuple[int, date]]) -> list[dict[str, Any]]:
    return [{"customer": number, "day": day} for number, day in noted]
