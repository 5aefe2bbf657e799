"""What a customer's first page shows at the top: an open request, and who last looked at the data.

That page may not import the domains that know these facts. So each of them registers a function here.
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
        reference: the reference of the request, where the notice is about one; never broken over two lines.
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
    """Register a function that takes a customer and returns a notice or None, with one query at most."""
    _notices.append(find)
    return find


def on_recent_accesses(
    find: Callable[[Customer, int], Sequence[RecentAccess]],
) -> Callable[[Customer, int], Sequence[RecentAccess]]:
    """Register a function that takes a customer and a number, and returns that many newest looks, with one query."""
    _accesses.append(find)
    return find


def notices(customer: Customer) -> list[Notice]:
    """Return the notices for a customer, in the order in which their functions were registered."""
    return [notice for find in _notices if (notice := find(customer))]


def recent_accesses(customer: Customer, number: int) -> list[RecentAccess]:
    """Return at most `number` looks of staff at a customer's data, newest first."""
    found = [access for find in _accesses for access in find(customer, number)]
    return sorted(found, key=lambda access: access.at, reverse=True)[:number]
