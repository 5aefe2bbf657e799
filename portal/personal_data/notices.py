"""What the first page of a customer says before anything else: an open request, the last people who looked.

The parts that know stand above or beside the page, so each registers a function of the customer here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.customers.models import Customer


@dataclass(frozen=True)
class Notice:
    """One state, in the reader's language.

    Attributes:
        title: the state in a few words.
        text: what happens next, with its date in words.
        url: where the person goes on from here.
        link_text: the words of that link.
        reference: of the request it speaks of; shown in one piece.
    """

    title: str
    text: str
    url: str
    link_text: str
    reference: str = ""


@dataclass(frozen=True)
class RecentAccess:
    """One look of a member of staff at the customer's data, in the reader's language.

    Attributes:
        at: when, an aware instant.
        team: who, as a team.
        what: what was looked at.
        reason: the reason that was given.
    """

    at: datetime
    team: str
    what: str
    reason: str


_notices: list[Callable[[Customer], Notice | None]] = []
_accesses: list[Callable[[Customer, int], Sequence[RecentAccess]]] = []


def on_notice(find: Callable[[Customer], Notice | None]) -> Callable[[Customer], Notice | None]:
    """Register a function of the customer that returns what to say first, or None; one query at most."""
    _notices.append(find)
    return find


def on_recent_accesses(
    find: Callable[[Customer, int], Sequence[RecentAccess]],
) -> Callable[[Customer, int], Sequence[RecentAccess]]:
    """Register a function that returns the newest looks at a customer's data, so many; one query at most."""
    _accesses.append(find)
    return find


def notices(customer: Customer) -> list[Notice]:
    """Return what a customer should know first, in the order of registration."""
    return [notice for find in _notices if (notice := find(customer))]


def recent_accesses(customer: Customer, number: int) -> list[RecentAccess]:
    """Return the newest looks of staff at a customer's data, newest first."""
    found = [access for find in _accesses for access in find(customer, number)]
    return sorted(found, key=lambda access: access.at, reverse=True)[:number]
