"""Rows of a large table that end by their age: they go by stretches of an index, since to name each costs more."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, func, select, tuple_

from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.infrastructure.id_lists import among
from portal.personal_data.expiry.endings import Place
from portal.personal_data.expiry.rows import Rows
from portal.personal_data.keeping.clause import About, keeps_any_of, may_go


class Stretch(NamedTuple):
    """Part of an index: all behind one place, up to another with it, and whom it is about."""

    after: tuple[Any, ...]
    last: tuple[Any, ...]
    customers: list[int]


@dataclass(frozen=True, kw_only=True)
class Stretches(Rows):
    """Rows with an index that begins by their age, their customer and their key, which is a number.

    Attributes:
        remove_where: takes the conditions under which rows go, removes them with what belongs to them in the current
            transaction, and returns how many. The customers of all such rows are locked.
    """

    about: About
    remove_where: Callable[[Sequence[ColumnElement[bool]]], int]

    def slice(self, over_before: datetime, after: Any, size: int) -> Place | None:
        part = select(*self._place).where(*self._past(over_before)).order_by(*self._place).limit(size)
        if after is not None:
            part = part.where(tuple_(*self._place) > tuple_(*after))
        age, customer, key = part.subquery().columns
        statement = select(age, customer, func.min(key), func.max(key)).group_by(age, customer)
        groups = db.session.connection().execute(statement.order_by(age, customer)).all()
        db.session.rollback()
        if not groups:
            return None
        (*begin, first, _last), (*end, _first, last) = groups[0], groups[-1]
        # "Behind", never "from": of "from this day" PostgreSQL thinks that it is the whole day, and reads the table.
        before = after or (*begin, first - 1)
        return Place(Stretch(before, (*end, last), sorted({group[1] for group in groups})), (*end, last))

    def remove(self, over_before: datetime, named: Stretch) -> int:
        held = select(Customer.id).where(among(Customer.id, named.customers)).order_by(Customer.id)
        db.session.execute(held.with_for_update(key_share=True)).all()
        # Asked again behind the locks: since the stretch was read, a row may have come, got another day, or be kept.
        still = (*self._within(named), *self._past(over_before))
        if db.session.execute(select(keeps_any_of(named.customers, self.act))).scalar_one():
            still += (may_go(self.about, self.act),)
        return self.remove_where(still)

    def _within(self, stretch: Stretch) -> tuple[ColumnElement[bool], ...]:
        place = tuple_(*self._place)
        # A sum, so that the database reads the stretch and does not look for all that these customers have.
        is_theirs = among(self.about.customer + 0, stretch.customers)
        return (place > tuple_(*stretch.after), place <= tuple_(*stretch.last), is_theirs)

    @property
    def _place(self) -> tuple[Any, ...]:
        return (self.age, self.about.customer, self._key)
