"""What may go: the one clause that says so. Whatever removes by age reads it, and nothing else decides."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, exists, or_

from portal.infrastructure.id_lists import among
from portal.personal_data.keeping.models import Keep, KeepReason


class Act(StrEnum):
    """What would become of a row. A keep does not stop each of them."""

    PURGE = "purge"
    "Its time is over. Every keep stops that, but one that an erasure left."
    ARCHIVE = "archive"
    "It leaves active use and stays held: only a restriction stops that, which freezes how data are used (art. 18)."
    ERASE = "erase"
    """The person asks for it. Their own restriction does not stop that, nor their other requests, for which an erasure
    waits before it begins; a legal hold does (art. 17(3)(e)), and what two people decided."""


_STOPPING = {
    Act.PURGE: frozenset(KeepReason) - {KeepReason.DECIDED},
    Act.ARCHIVE: frozenset({KeepReason.RESTRICTION}),
    Act.ERASE: frozenset({KeepReason.HOLD, KeepReason.DECIDED}),
}


@dataclass(frozen=True)
class About:
    """Which customer a row is about, as expressions of its query; for a record also what it is.

    Attributes:
        customer: the customer's id.
        is_file: the row is the person's own file: it stays while anything of theirs is kept, however small.
    """

    customer: Any
    category: Any = None
    kind: Any = None
    external_id: Any = None
    is_file: bool = False


def may_go(about: About, act: Act = Act.PURGE) -> ColumnElement[bool]:
    """Return the condition that nothing keeps a row from what would become of it."""
    return ~exists().where(*open_keeps(about, act)).correlate_except(Keep)


def open_keeps(about: About, act: Act = Act.PURGE) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions under which a row of `keeps` keeps the row that is described."""
    is_theirs = (Keep.customer_id == about.customer, *_is_stopping(act))
    if about.is_file:
        return is_theirs
    scopes = ((Keep.category, about.category), (Keep.kind, about.kind), (Keep.external_id, about.external_id))
    return (*is_theirs, *(_covers(named, own) for named, own in scopes))


def keeps_any_of(customer_ids: Collection[int], act: Act = Act.PURGE) -> ColumnElement[bool]:
    """Return the condition that anything at all is kept of some customers. Where it is false, `may_go` is true."""
    return exists().where(among(Keep.customer_id, customer_ids), *_is_stopping(act))


def _is_stopping(act: Act) -> tuple[ColumnElement[bool], ...]:
    return Keep.ended_at.is_(None), Keep.reason.in_(sorted(_STOPPING[act]))


def _covers(named: Any, own: Any) -> ColumnElement[bool]:
    """Return the condition that a keep names nothing, or just what the row is; a row that is no record has no kind."""
    is_open: ColumnElement[bool] = named.is_(None)
    return is_open if own is None else or_(is_open, named == own)
