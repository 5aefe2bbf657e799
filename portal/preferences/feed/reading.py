"""What marketing reads. It comes from the very rows that the choices are written to, never from an older copy."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select, true

from portal.customers.addresses import AddressRefused, normalise_address
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.infrastructure.one_time_tokens import write_token
from portal.personal_data.erasure.tombstones import ADDRESS, REFERENCE, buried_among
from portal.personal_data.ledger.epochs import NEWEST, epoch_of
from portal.preferences.feed.cursors import Cursor, Now
from portal.preferences.models import PreferenceState, SuppressionReason, UnsubscribeLink
from portal.preferences.purposes import FLAG_CODES

Item = dict[str, Any]

UNKNOWN = "unknown"
LINK_PURPOSE = "unsubscribe"
# Below the number of parameters that either database allows in one statement.
NAMES_A_STATEMENT = 1000
# PostgreSQL refuses a text that holds this character, so no reference or address has it.
NUL = "\0"

_STATES, _LINKS, _CUSTOMERS = PreferenceState.__table__, UnsubscribeLink.__table__, Customer.__table__
_NAMES: Any = bindparam("names", expanding=True)
_ITEM = select(
    *(_STATES.c[name] for name in ("reference", "flags", "is_suppressed", "reason", "stops", "sequence", "updated_at"))
)
# The epoch comes in the very statement of the rows: asked for apart, it could be that of another server.
_NOW = select(NEWEST.scalar_subquery().label("life"), func.max(_STATES.c.sequence).label("newest")).subquery()
# Built once: a call does little else, and building a statement takes as long as the database's answer.
_LIFE = select(NEWEST.scalar_subquery().label("life")).subquery()
_ONE = _ITEM.add_columns(_STATES.c.version, _LIFE.c.life).select_from(
    _LIFE.outerjoin(_STATES, _STATES.c.reference == bindparam("reference"))
)
_BY_REFERENCE = _ITEM.where(_STATES.c.reference.in_(_NAMES))
_BY_ADDRESS = (
    _ITEM.add_columns(_CUSTOMERS.c.email_normalised)
    .join(_CUSTOMERS, _CUSTOMERS.c.id == _STATES.c.customer_id)
    .where(_CUSTOMERS.c.email_normalised.in_(_NAMES))
)
_AFTER = _ITEM.where(_STATES.c.sequence > bindparam("after")).order_by(_STATES.c.sequence).limit(bindparam("most"))
_PAGE = _AFTER.subquery()
_CHANGES = select(_NOW, _PAGE).select_from(_NOW.outerjoin(_PAGE, true())).order_by(_PAGE.c.sequence)
_NEWEST = select(_STATES.c.sequence, _STATES.c.updated_at).order_by(_STATES.c.sequence.desc()).limit(1)
_LINKS_BY_REFERENCE = (
    select(_STATES.c.reference, _LINKS.c.public_id)
    .join(_LINKS, _LINKS.c.customer_id == _STATES.c.customer_id)
    .where(_STATES.c.reference.in_(_NAMES))
)


def item_of(row: Row[*tuple[Any, ...]]) -> Item:
    """Return a row of `_ITEM` as the feed gives it. A flag declared since the row was written is off."""
    return {
        "customer": row.reference,
        "flags": {flag: row.flags.get(flag, False) for flag in FLAG_CODES},
        "suppressed": row.is_suppressed,
        "reason": row.reason,
        "stops": row.stops,
        "sequence": row.sequence,
        "updated_at": instant_text(row.updated_at),
    }


def unknown_item(asked: str) -> Item:
    """Return the item of somebody we do not know, named as asked: nothing may be sent."""
    flags = dict.fromkeys(FLAG_CODES, False)
    return {
        "customer": asked, "flags": flags, "suppressed": False, "reason": UNKNOWN, "stops": [], "sequence": None,
        "updated_at": None,
    }  # fmt: skip


def erased_item(asked: str) -> Item:
    """Return the item of somebody who was erased and of whom nothing but a tombstone is left, named as asked."""
    return unknown_item(asked) | {"suppressed": True, "reason": SuppressionReason.ERASED.value}


def read_one(reference: str) -> tuple[Item, str]:
    """Return the item of one customer, by the reference that items carry, and what changes whenever it does.

    That is made of epoch and version, never of the sequence: a change is visible before its number is.
    """
    known = reference if NUL not in reference else ""
    row = db.session.connection().execute(_ONE, {"reference": known}).one()
    if row.reference is not None:
        return item_of(row), f"{epoch_of(row.life)}.{row.version}"
    is_erased = bool(known and buried_among(REFERENCE, [known]))
    item = erased_item(reference) if is_erased else unknown_item(reference)
    return item, f"{epoch_of(row.life)}.{item['reason']}"


def look_up(references: Sequence[str], addresses: Sequence[str]) -> list[Item]:
    """Return one item for each reference, then one for each e-mail address, in the order asked, repeats included."""
    by_reference = {row.reference: item_of(row) for row in _rows(_BY_REFERENCE, references)}
    normalised = [_normalised(address) for address in addresses]
    rows = _rows(_BY_ADDRESS, filter(None, normalised))
    by_address = {row.email_normalised: item_of(row) for row in rows}
    found = _found(REFERENCE, references, references, by_reference)
    return [*found, *_found(ADDRESS, normalised, addresses, by_address)]


def _found(what: str, names: Sequence[str | None], asked: Sequence[str], known: dict[str, Item]) -> Iterator[Item]:
    """Yield the item of each name asked for: as we know it, else as that of somebody erased, else as unknown."""
    buried = buried_among(what, {name for name in names if name and name not in known and NUL not in name})
    for name, typed in zip(names, asked, strict=True):
        yield known.get(name or "") or (erased_item(typed) if name in buried else unknown_item(typed))


def read_changes(after: Cursor | None, limit: int) -> tuple[list[Item], str, bool]:
    """Return the changes after a cursor, oldest first; None is the beginning.

    Returns:
        At most `limit` items, each customer at its latest sequence; the cursor to go on from; whether more wait.

    Raises:
        CursorGone: see `Now.check`.
    """
    start = after.sequence if after else 0
    found = db.session.connection().execute(_CHANGES, {"after": start, "most": limit + 1}).all()
    now = Now(found[0].life, found[0].newest or 0)
    now.check(after)
    rows = [row for row in found if row.reference is not None]
    items = [item_of(row) for row in rows[:limit]]
    return items, now.at(items[-1]["sequence"] if items else start), len(rows) > limit


def newest_change() -> tuple[int, datetime | None]:
    """Return the newest sequence, 0 when there is none, and its instant."""
    row = db.session.connection().execute(_NEWEST).first()
    return (row.sequence, row.updated_at) if row else (0, None)


def unsubscribe_links(references: Sequence[str], secret_key: str) -> dict[str, str]:
    """Return the unsubscribe token of each reference that is known."""
    rows = _rows(_LINKS_BY_REFERENCE, references)
    return {row.reference: write_token(secret_key, LINK_PURPOSE, row.public_id) for row in rows}


def instant_text(instant: datetime) -> str:
    """Return an instant as the feed writes it: RFC 3339, UTC, microseconds."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _rows(statement: Select[*tuple[Any, ...]], names: Iterable[str]) -> Iterator[Row[*tuple[Any, ...]]]:
    connection = db.session.connection()
    distinct = [name for name in dict.fromkeys(names) if NUL not in name]
    for start in range(0, len(distinct), NAMES_A_STATEMENT):
        yield from connection.execute(statement, {"names": distinct[start : start + NAMES_A_STATEMENT]})


def _normalised(address: str) -> str | None:
    try:
        return normalise_address(address)
    except AddressRefused:
        return None
