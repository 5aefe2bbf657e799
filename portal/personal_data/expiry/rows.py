"""Rows that end by their age."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Date, Float, Select, delete, distinct, func, select, tuple_

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.infrastructure.id_lists import among
from portal.infrastructure.locking.order import ORDER
from portal.personal_data.expiry.endings import Place, Tally
from portal.personal_data.keeping.clause import About, Act, may_go, open_keeps
from portal.personal_data.keeping.models import Keep

Conditions = Iterable[ColumnElement[bool]]


@dataclass(frozen=True)
class Rows:
    """The rows of a model that end once `age` lies far enough in the past.

    Attributes:
        age: what the time counts from: an instant, a civil day, or seconds since 1970.
        only: takes the instant before which `age` must lie; which rows the class has, besides their age.
        about: what keeps a row longer; None where nothing does, as for a copy that has a short life of its own.
        remove_rows: takes ids of rows that are still past their time and that nothing keeps, and removes them with what
            belongs to them, in the current transaction; None for rows that just go.
        key: the column that names a row.
        act: what becomes of the rows, which says which keeps stop it.
    """

    model: Any
    age: Any
    only: Callable[[datetime], Conditions] = lambda over_before: ()
    about: About | None = None
    remove_rows: Callable[[list[int]], object] | None = None
    key: Any = None
    act: Act = Act.PURGE

    @property
    def _key(self) -> Any:
        return self.model.id if self.key is None else self.key

    def tally(self, over_before: datetime) -> Tally:
        kept = self._kept(over_before)
        staying = self._number_kept(over_before) if len(kept) > 1 else sum(kept.values())
        # To ask of each row whether something keeps it costs more than to find the few that are kept.
        return Tally(self._count(self._past(over_before)) - staying, kept)

    def overdue(self, over_before: datetime) -> int:
        return sum(self._kept(over_before).values())

    def total(self, over_before: datetime) -> int:
        return self._count(self.only(over_before))

    def slice(self, over_before: datetime, after: Any, size: int) -> Place | None:
        place = (self.age, self._key) if self._is_age_indexed else (self._key,)
        statement = select(self._key).where(*self._goes(over_before)).order_by(*place).limit(size)
        if after is not None:
            statement = statement.where(tuple_(*place) > tuple_(*after))
        connection = db.session.connection()  # itself: the session would make an object of its own of each row
        ids = list(connection.execute(statement).scalars())
        last = connection.execute(select(*place).where(self._key == ids[-1])).one() if ids else ()
        db.session.rollback()
        return Place(ids, tuple(last)) if ids else None

    def remove(self, over_before: datetime, named: Any) -> int:
        ids: list[Any] = named
        self._lock(ids)
        # Asked again behind the locks: since the slice was read, a row may have been used again, or be kept.
        still = (among(self._key, ids), *self._goes(over_before))
        if self.remove_rows is None:
            gone = delete(self.model).where(*still).execution_options(synchronize_session=False)
            return int(db.session.execute(gone).rowcount)  # type: ignore[attr-defined]
        left = list(db.session.execute(select(self._key).where(*still).order_by(self._key)).scalars())
        if left:
            self.remove_rows(left)
        return len(left)

    def _past(self, over_before: datetime) -> tuple[ColumnElement[bool], ...]:
        return (self.age < _written_as(self.age.type, over_before), *self.only(over_before))

    def _goes(self, over_before: datetime) -> tuple[ColumnElement[bool], ...]:
        past = self._past(over_before)
        return (*past, may_go(self.about, self.act)) if self.about else past

    def _kept(self, over_before: datetime) -> dict[str, int]:
        if self.about is None:
            return {}
        by_reason = self._counted_kept(self.about, over_before).add_columns(Keep.reason).group_by(Keep.reason)
        return {str(reason.value): count for count, reason in db.session.execute(by_reason)}

    def _number_kept(self, over_before: datetime) -> int:
        """Return how many rows are kept, each once, however many reasons keep it."""
        if self.about is None:
            return 0
        return int(db.session.execute(self._counted_kept(self.about, over_before)).scalar_one())

    def _counted_kept(self, about: About, over_before: datetime) -> Select[Any]:
        whose, *stopping = open_keeps(about, self.act)
        counted = select(func.count(distinct(self._key))).select_from(self.model).join(Keep, whose)
        return counted.where(*stopping, *self._past(over_before))

    def _count(self, conditions: Conditions) -> int:
        statement = select(func.count()).select_from(self.model).where(*conditions)
        return int(db.session.execute(statement).scalar_one())

    def _lock(self, ids: list[Any]) -> None:
        """Lock whoever the rows are about, in the one order of the house, as whoever opens a keep does."""
        if self.model.__tablename__ in ORDER[: ORDER.index(Customer.__tablename__)]:
            own = select(self._key).where(among(self._key, ids)).order_by(self._key)
            db.session.execute(own.with_for_update(key_share=True)).all()
        if self.about is None:
            return
        customers = select(self.about.customer).select_from(self.model).where(among(self._key, ids))
        held = select(Customer.id).where(Customer.id.in_(customers)).order_by(Customer.id)
        db.session.execute(held.with_for_update(key_share=True)).all()

    @property
    def _is_age_indexed(self) -> bool:
        indexes = self.model.__table__.indexes
        return any(next(iter(index.columns)).key == getattr(self.age, "key", None) for index in indexes)


def _written_as(kind: Any, instant: datetime) -> Any:
    """Return an instant as a column holds it."""
    if isinstance(kind, Date):
        return clock.local_date(instant)
    return instant.timestamp() if isinstance(kind, Float) else instant
