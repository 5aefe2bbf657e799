"""How most parts of the portal itself are erased: their rows go, or stay without what names the person.

They belong to the person's account and file, so they go with an erasure of everything, and with no other. Whatever the
extent, what is decided must not change because a row was added meanwhile: so such a part is always planned, also empty.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, delete, func, inspect, or_, select, update

from portal.infrastructure.database import db
from portal.personal_data.erasure.planning import PlannedItem
from portal.personal_data.erasure.scope import Extent, Scope
from portal.personal_data.outcomes import ItemOutcome

Theirs = Callable[[int], ColumnElement[bool]]
"""Takes a customer's id, and returns the condition that a row is theirs."""


@dataclass(frozen=True)
class Rows:
    """Rows of a model that are somebody's; with `emptied`, they stay, and those columns get these values."""

    model: Any
    theirs: Theirs
    emptied: Mapping[str, Any] = field(default_factory=dict)

    def left(self, customer_id: int) -> tuple[ColumnElement[bool], ...]:
        """Return the conditions of the rows that are still to be done."""
        theirs = (self.theirs(customer_id),)
        if not self.emptied:
            return theirs
        full = (getattr(self.model, name).is_distinct_from(value) for name, value in self.emptied.items())
        return (*theirs, or_(*full))

    def count(self, customer_id: int) -> int:
        """Return how many rows are still to be done."""
        statement = select(func.count()).select_from(self.model).where(*self.left(customer_id))
        return int(db.session.execute(statement).scalar_one())

    def erase(self, customer_id: int, limit: int) -> int:
        """Erase at most so many rows in the current transaction; return how many."""
        (key, *_others) = inspect(self.model).primary_key
        some = select(key).where(*self.left(customer_id)).order_by(key).limit(limit)
        keys = list(db.session.execute(some).scalars())
        if not keys:
            return 0
        change = update(self.model).values(**self.emptied) if self.emptied else delete(self.model)
        meant = change.where(key.in_(keys), *self.left(customer_id)).execution_options(synchronize_session=False)
        return int(db.session.execute(meant).rowcount)  # type: ignore[attr-defined]


@dataclass(frozen=True)
class OwnPart:
    """A part of the portal itself, by its rows, in the order in which they go.

    Attributes:
        extents: besides the whole, the extents that it goes with.
    """

    code: str
    order: int
    rows: tuple[Rows, ...]
    extents: frozenset[Extent] = frozenset()
    is_meant: Callable[[int, Scope], bool] = lambda customer_id, scope: True

    def _goes(self, customer_id: int, scope: Scope) -> bool:
        is_within = scope.is_whole or scope.extent in self.extents
        return is_within and self.is_meant(customer_id, scope)

    def plan(self, customer_id: int, scope: Scope) -> Iterable[PlannedItem]:
        if self._goes(customer_id, scope):
            count = sum(rows.count(customer_id) for rows in self.rows)
            yield PlannedItem(self.code, self.code, "", None, count, ItemOutcome.ERASED)

    def erase(self, customer_id: int, scope: Scope, limit: int) -> int:
        if not self._goes(customer_id, scope):
            return 0
        for rows in self.rows:
            if done := rows.erase(customer_id, limit):
                return done
        return 0

    def archive(self, customer_id: int, scope: Scope, limit: int) -> int:
        return 0
