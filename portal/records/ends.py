"""When records of the company's systems end: on the last day that the data map gives each of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select

from portal import clock
from portal.bilingual import Label
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.infrastructure.id_lists import among
from portal.personal_data.categories import Category
from portal.personal_data.expiry.declaring import declare
from portal.personal_data.expiry.endings import Ending, Part, Reach
from portal.personal_data.expiry.rows import Rows
from portal.personal_data.expiry.stretches import Stretches
from portal.personal_data.expiry.terms import OwnEnd
from portal.personal_data.keeping.clause import About, Act
from portal.personal_data.own_file import needs_the_file, when_file_ends
from portal.records.archive.moving import archive_records
from portal.records.counts import RECORDS as RECORDS_TABLE
from portal.records.counts import CountChanges
from portal.records.data_map.kinds import DataMap, installed_data_map
from portal.records.data_map.retention_rules import Start
from portal.records.days.expiry import rules_key
from portal.records.models import Record


@dataclass(frozen=True)
class LastDay(OwnEnd):
    """The last day in the row, which the data map gave it."""

    @property
    def basis(self) -> str:
        return f"data_map:{rules_key(installed_data_map())}"


def remove_records(ids: Collection[int]) -> int:
    """Remove records, and count them off, in the current transaction, which holds their customers locked."""
    return remove_records_where([among(RECORDS_TABLE.c.id, ids)])


def remove_records_where(conditions: Sequence[ColumnElement[bool]]) -> int:
    """Remove the records that fulfil some conditions; return how many. Otherwise as `remove_records`."""
    pile = (RECORDS_TABLE.c.customer_id, RECORDS_TABLE.c.category)
    counted = db.session.execute(select(*pile, func.count()).where(*conditions).group_by(*pile)).all()
    # Counted before, since a database that hands out each row that it removes works half as much again.
    gone = int(db.session.execute(delete(RECORDS_TABLE).where(*conditions)).rowcount)  # type: ignore[attr-defined]
    changes = CountChanges()
    for customer_id, category, number in counted:
        changes.take_off((customer_id, category), number)
    if gone != sum(number for *_pile, number in counted):
        raise RuntimeError("records came or went though their customers are locked")
    changes.write()
    return gone


@needs_the_file
def has_contract() -> ColumnElement[bool]:
    """Return the condition that a contract of a customer goes on, since a record counts from an end that has not come.

    Whoever bought something and has no end of relation is a customer, even where no system says since when.
    """
    goes_on = and_(Record.expires_on.is_(None), Record.kind.in_(_kinds_of_contracts()))
    bought = and_(Record.category == Category.TRANSACTION.value, Customer.relationship_ended_on.is_(None))
    return exists().where(Record.customer_id == Customer.id, or_(goes_on, bought))


def _kinds_of_contracts() -> list[str]:
    data_map: DataMap = installed_data_map()
    return [kind.code for kind in data_map.kinds.values() if kind.retention.starts is Start.CANCELLATION]


def _is_kept_longer(over_before: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that a record still has a time in the archive before it."""
    return (Record.expires_on >= clock.local_date(over_before),)


@when_file_ends
def end_what_has_no_day(customer_ids: list[int]) -> None:
    """Remove the records that waited for the end of a relation which never began."""
    without = select(Record.id).where(Record.customer_id.in_(customer_ids), Record.expires_on.is_(None))
    remove_records(list(db.session.execute(without).scalars()))


_ABOUT = About(Record.customer_id, Record.category, Record.kind, Record.external_id)
_STARTS = Label(
    fr="ce que dit la règle de son type dans la cartographie", en="what the rule of its kind says in the data map"
)
_GROUND = Label(fr="la référence légale de chaque type", en="the legal reference of each kind")

RECORDS = Ending(
    code="records",
    label=Label(fr="Données venues des systèmes de l'entreprise", en="Records of the company's systems"),
    source=Stretches(
        Record,
        age=Record.expires_on,
        about=_ABOUT,
        remove_where=remove_records_where,
    ),
    term=LastDay(Label(fr="le dernier jour de chaque donnée", en="the last day of each record")),
    starts=_STARTS,
    ground=_GROUND,
)
TO_ARCHIVE = Ending(
    code="records_to_archive",
    label=Label(
        fr="Données dont l'usage courant est fini : elles passent en archive",
        en="Records past their active use: they move to the archive",
    ),
    source=Rows(
        Record,
        age=Record.active_until,
        only=_is_kept_longer,
        about=_ABOUT,
        remove_rows=archive_records,
        act=Act.ARCHIVE,
    ),
    term=LastDay(
        Label(fr="le dernier jour d'usage courant de chaque donnée", en="the last day of active use of each record")
    ),
    starts=_STARTS,
    ground=_GROUND,
)

PARTS = declare(
    Part("records", frozenset({"records"}), Reach.CUSTOMER, (RECORDS, TO_ARCHIVE)),
    Part("record_counts", frozenset({"record_counts"}), Reach.CUSTOMER, ends_with="customers"),
)
