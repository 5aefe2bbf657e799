"""A person's own file (names, dates, address) ends when the relation has been over for long enough, or never began.

First it is emptied: what named the person goes, with the mails of the file and what domains above kept for it alone.
The row stays as the reference for what is still kept, as after an erasure, and goes once nothing refers to it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Date, case, delete, exists, func, select, update

from portal import clock
from portal.bilingual import Label
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db
from portal.infrastructure.mail.models import Mail
from portal.personal_data.expiry.endings import Ending
from portal.personal_data.expiry.rows import Rows
from portal.personal_data.expiry.terms import Declared, Fixed
from portal.personal_data.keeping.clause import About
from portal.personal_data.keeping.models import Keep

Needing = Callable[[], ColumnElement[bool]]
Listener = Callable[[list[int]], None]
_needing: list[Needing] = []
_listeners: list[Listener] = []

LETS_GO = frozenset({"archive_counts", "destroyed_files", "erased_records", "erased_spans", "keeps", "record_counts"})
"""Tables whose rows about a person go with the row of the customer: what they tell is of no use without it."""

END_OF_DEALINGS = case(
    (Customer.relationship_ended_on.is_not(None), Customer.relationship_ended_on),
    (
        Customer.customer_since.is_(None),
        func.coalesce(Customer.last_contact_on, func.date(Customer.created_at), type_=Date()),
    ),
    else_=None,
)
"""The end of the relation; for somebody who never was a customer the last contact that came from them, else the day we
got to know them. Nothing while the relation goes on."""


def needs_the_file(needing: Needing) -> Needing:
    """Register the condition that something of a customer needs their names: an account, a request, a contract."""
    _needing.append(needing)
    return needing


def when_file_ends(listener: Listener) -> Listener:
    """Register what a domain above ends with the files of customers, in the same transaction."""
    _listeners.append(listener)
    return listener


def _is_over(over_before: datetime) -> tuple[ColumnElement[bool], ...]:
    return (Customer.status != CustomerStatus.ERASED, *(~needing() for needing in _needing))


def _empty(ids: list[int]) -> None:
    for listener in _listeners:
        listener(ids)
    db.session.execute(delete(Mail).where(Mail.customer_id.in_(ids)))
    nothing = {"email": None, "email_normalised": None, "given_name": "", "family_name": "", "birth_date": None}
    nothing |= {"birth_known": None, "capacity": None, "customer_since": None, "last_contact_on": None}
    emptied = update(Customer).where(Customer.id.in_(ids))
    db.session.execute(emptied.values(status=CustomerStatus.ERASED, erased_at=clock.now(), **nothing))


def _is_referred_to_no_more(over_before: datetime) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that no row of any table refers to a customer, but for those that go with theirs."""
    referring = [
        column
        for table in db.metadata.sorted_tables
        for column in table.columns
        if column.references(Customer.__table__.c.id) and table.name not in LETS_GO
    ]
    is_open = exists().where(Keep.customer_id == Customer.id, Keep.ended_at.is_(None))
    return ~is_open, *(~exists(select(column).where(column == Customer.id)) for column in referring)


def _remove(ids: list[int]) -> None:
    for table in sorted(LETS_GO):
        theirs = db.metadata.tables[table]
        db.session.execute(delete(theirs).where(theirs.c.customer_id.in_(ids)))
    db.session.execute(delete(Customer).where(Customer.id.in_(ids)))


OWN_FILES = Ending(
    code="customer_files",
    label=Label(
        fr="Fiches de personnes qui ne sont plus clientes, ou ne l'ont jamais été",
        en="Files of people who are no customers any more, or never were",
    ),
    source=Rows(
        Customer, age=END_OF_DEALINGS, only=_is_over, about=About(Customer.id, is_file=True), remove_rows=_empty
    ),
    term=Declared("customer_file"),
    starts=Label(
        fr="la fin de la relation ; sans relation, le dernier contact venu de la personne",
        en="the end of the relation; without one, the last contact that came from the person",
    ),
    ground=Label(
        fr="prospection : trois ans (CNIL, référentiel de gestion commerciale)",
        en="marketing: three years (CNIL, guidance on customer management)",
    ),
)
EMPTIED_FILES = Ending(
    code="emptied_files",
    label=Label(fr="Fiches vidées, à quoi plus rien ne renvoie", en="Emptied files that nothing refers to any more"),
    source=Rows(Customer, age=Customer.erased_at, only=_is_referred_to_no_more, remove_rows=_remove),
    term=Fixed(timedelta(days=1), Label(fr="un jour", en="a day")),
    starts=Label(
        fr="la fiche vidée, une fois parti tout ce qui la concerne", en="the emptying, once all about it is gone"
    ),
    ground=Label(
        fr="une référence qui ne sert plus (article 5, paragraphe 1, point e))",
        en="a reference of no more use (art. 5(1)(e))",
    ),
)
