"""Switch off what somebody under fifteen accepted, where it was stored before such a yes was refused.

Readers of the feed find it as a change: each row gets a new number. The proof keeps what was said.
"""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_AGE = 15
_PARIS = ZoneInfo("Europe/Paris")
_STATES = sa.table(
    "preference_states",
    *(sa.column(name) for name in ("customer_id", "is_suppressed", "reason", "sequence")),
    sa.column("flags", sa.JSON()),
    sa.column("latest_choices", sa.JSON()),
    sa.column("updated_at", sa.DateTime(timezone=True)),
    sa.column("lapses_on", sa.Date()),
)
_CUSTOMERS = sa.table("customers", sa.column("id"), sa.column("birth_date", sa.Date()), sa.column("birth_known"))
_TAKE = sa.text(
    "INSERT INTO counters (name, value) VALUES ('preferences', :count)"
    " ON CONFLICT (name) DO UPDATE SET value = counters.value + :count RETURNING value"
)
_TAKE_FROM_TOTAL = sa.text("UPDATE preference_totals SET count = count - :off WHERE name = :name")


def upgrade() -> None:
    connection, now = op.get_bind(), datetime.now(UTC)
    changes = [change for row in _people_of_an_age(connection) if (change := _change(row, now.astimezone(_PARIS).date()))]
    if not changes:
        return
    off: Counter[str] = Counter(flag for _id, _values, flags in changes for flag in flags)
    last = connection.execute(_TAKE, {"count": len(changes)}).scalar_one()
    for number, (customer_id, values, _flags) in enumerate(changes, start=last - len(changes) + 1):
        numbered = values | {"sequence": number, "updated_at": now.replace(tzinfo=None) if _is_sqlite() else now}
        op.execute(_STATES.update().where(_STATES.c.customer_id == customer_id).values(numbered))
    for name, count in off.items():
        connection.execute(_TAKE_FROM_TOTAL, {"name": name, "off": count})


def _is_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _people_of_an_age(connection: sa.Connection) -> list[Any]:
    """Return the rows of whose birth something is known and who were not fifteen when the first choice was kept."""
    earliest = connection.execute(sa.text("SELECT MIN(effective_at) FROM consent_records")).scalar()
    first_year = int(str(earliest)[:4]) if earliest else date.today().year  # noqa: DTZ011 - the year alone counts
    from_year = first_year - _AGE - 1
    born = sa.or_(
        _CUSTOMERS.c.birth_date >= date(from_year, 1, 1),
        sa.and_(_CUSTOMERS.c.birth_date.is_(None), _CUSTOMERS.c.birth_known >= str(from_year)),
    )
    columns = (*_STATES.c, _CUSTOMERS.c.birth_date, _CUSTOMERS.c.birth_known)
    joined = sa.select(*columns).join_from(_STATES, _CUSTOMERS, _CUSTOMERS.c.id == _STATES.c.customer_id)
    return list(connection.execute(joined.where(born)).all())


def _change(row: Any, today: date) -> tuple[int, dict[str, Any], list[str]] | None:
    """Return what to write into a row and the flags that go off; None for one that stays as it is."""
    alone_from = _alone_from(row.birth_date, row.birth_known)
    off = [flag for flag, is_on in row.flags.items() if is_on and _is_childs(row.latest_choices.get(flag), alone_from)]
    is_minor = today < alone_from
    if not off and not is_minor:
        return None
    values: dict[str, Any] = {"flags": row.flags | dict.fromkeys(off, False)}
    if is_minor:
        values |= {"lapses_on": alone_from} | ({} if row.is_suppressed else {"reason": "minor"})
    return row.customer_id, values, off


def _is_childs(latest: Any, alone_from: date) -> bool:
    return isinstance(latest, dict) and datetime.fromisoformat(latest["at"]).astimezone(_PARIS).date() < alone_from


def _alone_from(birth_date: date | None, known: str | None) -> date:
    """Return the fifteenth birthday; of a birth known in part, that of the latest day that it may be."""
    if birth_date is None:
        year, _dash, month = (known or "").partition("-")
        following = date(int(year) + 1, 1, 1) if not month or month == "12" else date(int(year), int(month) + 1, 1)
        birth_date = following - timedelta(days=1)
    try:
        return birth_date.replace(year=birth_date.year + _AGE)
    except ValueError:
        return date(birth_date.year + _AGE, 3, 1)


def downgrade() -> None:
    op.execute("UPDATE preference_states SET reason = NULL WHERE reason = 'minor'")
