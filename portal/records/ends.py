"""When records of the company's systems end: on the last day that the data map gives each of them."""

import hashlib
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select

from portal.bilingual import Label
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.personal_data.categories import Category
from portal.personal_data.expiry.declaring import declare
from portal.personal_data.expiry.endings import Ending, Part, Reach
from portal.personal_data.expiry.rows import Rows
from portal.personal_data.expiry.terms import OwnEnd
from portal.personal_data.keeping.clause import About
from portal.personal_data.own_file import needs_the_file, when_file_ends
from portal.records.counts import CountChanges
from portal.records.data_map.kinds import DataMap, installed_data_map
from portal.records.data_map.retention_rules import Start
from portal.records.models import Record


@dataclass(frozen=True)
class LastDay(OwnEnd):
    """The last day in the row, which the data map gave it."""

    @property
    def basis(self) -> str:
        data_map: DataMap = installed_data_map()
        rules = sorted(f"{kind.code} {kind.retention}" for kind in data_map.kinds.values())
        return f"data_map:{hashlib.sha256(repr(rules).encode()).hexdigest()[:16]}"


def _remove(ids: list[int]) -> None:
    gone = delete(Record).where(Record.id.in_(ids)).returning(Record.customer_id, Record.category)
    changes = CountChanges()
    for customer_id, category in db.session.execute(gone.execution_options(synchronize_session=False)):
        changes.take_off((customer_id, category))
    changes.write()


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


@when_file_ends
def end_what_has_no_day(customer_ids: list[int]) -> None:
    """Remove the records that waited for the end of a relation which never began."""
    without = select(Record.id).where(Record.customer_id.in_(customer_ids), Record.expires_on.is_(None))
    _remove(list(db.session.execute(without).scalars()))


RECORDS = Ending(
    code="records",
    label=Label(fr="Données venues des systèmes de l'entreprise", en="Records of the company's systems"),
    source=Rows(
        Record,
        age=Record.expires_on,
        about=About(Record.customer_id, Record.category, Record.kind, Record.external_id),
        remove_rows=_remove,
    ),
    term=LastDay(Label(fr="le dernier jour de chaque donnée", en="the last day of each record")),
    starts=Label(
        fr="ce que dit la règle de son type dans la cartographie",
        en="what the rule of its kind says in the data map",
    ),
    ground=Label(fr="la référence légale de chaque type", en="the legal reference of each kind"),
)

PARTS = declare(
    Part("records", frozenset({"records"}), Reach.CUSTOMER, (RECORDS,)),
    Part("record_counts", frozenset({"record_counts"}), Reach.CUSTOMER, ends_with="customers"),
)
