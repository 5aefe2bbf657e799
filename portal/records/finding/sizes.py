"""How much a category holds of each kind and in each month: a part of the one statement that sums the category up.

Nothing is counted further than COUNTED, on an index, so a person with a hundred thousand records waits no longer.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, bindparam, cast, func, literal, null, select

from portal import clock
from portal.infrastructure.database import UtcDateTime
from portal.personal_data.categories import Category
from portal.records.data_map.kinds import Kind
from portal.records.models import Record

COUNTED: Final = 1000
"""Where counting ends: a kind or a month that reaches it has this many or more."""
MONTHS: Final = 12
OF_KIND: Final = ":kind"
OF_MONTH: Final = ":month"
OLDEST: Final = ":oldest"


def size_parts(category: Category, kinds: Iterable[Kind], customer_id: ColumnElement[int]) -> list[Select[Any]]:
    """Return selects of (part, code, count, instant): one for each kind and month, and one for the oldest record."""
    is_theirs = Record.customer_id == customer_id
    parts = [_counted(OF_KIND, kind.code, is_theirs, Record.kind == kind.code) for kind in kinds]
    in_category = (is_theirs, Record.category == category.value)
    for place in range(MONTHS):
        is_in_month = (Record.recorded_at >= _edge(place), Record.recorded_at < _edge(place + 1))
        parts.append(_counted(OF_MONTH, str(place), *in_category, *is_in_month))
    oldest = select(func.min(Record.recorded_at)).where(*in_category).scalar_subquery()
    return [*parts, select(literal(OLDEST), literal(""), literal(0), oldest)]


def edges() -> dict[str, datetime]:
    """Return the parameters of `size_parts`: when each of the last months began, and when the next one does."""
    return {_edge(place).key: clock.start_of(day) for place, day in enumerate([*last_months(), _month(1)])}


def last_months() -> list[date]:
    """Return the first day of each of the last months, the running one last."""
    return [_month(place - MONTHS + 1) for place in range(MONTHS)]


def _month(distance: int) -> date:
    today = clock.today()
    years, month = divmod(today.month - 1 + distance, 12)
    return date(today.year + years, month + 1, 1)


def _edge(place: int) -> Any:
    return bindparam(f"month_{place}", type_=UtcDateTime)


def _counted(part: str, code: str, *conditions: ColumnElement[bool]) -> Select[Any]:
    few = select(literal(1).label("one")).select_from(Record).where(*conditions).limit(COUNTED).subquery()
    number = select(func.count()).select_from(few).scalar_subquery()
    return select(literal(part), literal(code), number, cast(null(), UtcDateTime))
