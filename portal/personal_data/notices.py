"""What a customer's first page shows at the top: an open request, and who last looked at the data.

That page may not import the domains that know these facts. So each of them registers a function here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from portal.customers.models import Customer


@dataclass(frozen=True)
class Notice:
    """One state, in the reader's language.

    Attributes:
        title: what it is about, in a few words.
        text: what happens next, in words.
        url: where the person goes on from here.
        link_text: the words of that link.
        reference: the reference of the request, where the notice is about one; never broken over two lines.
        state: `running`, `late`, `yours` (the person has to act) or `paused`.
        before: the words that lead to `day`.
        day: the date that counts, or None.
        stages: (name, small line) of each step.
        stage: the number, from 1, of the step under way.
    """

    title: str
    text: str
    url: str
    link_text: str
    reference: str = ""
    state: str = "running"
    before: str = ""
    day: date | None = None
    stages: Sequence[tuple[str, str]] = ()
    stage: int = 0


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


_notices: list[Callable[[Customer], Sequence[Notice]]] = []
_accesses: list[Callable[[Customer, int], Sequence[RecentAccess]]] = []


def on_notices(find: Callable[[Customer], Sequence[Notice]]) -> Callable[[Customer], Sequence[Notice]]:
    """Register a function that takes a customer and returns notices, most urgent first, with one query at most."""
    _notices.append(find)
    return find


def on_recent_accesses(
    find: Callable[[Customer, int], Sequence[RecentAccess]],
) -> Callable[[Customer, int], Sequence[RecentAccess]]:
    """Register a function that takes a customer and a number, and returns that many newest looks, with one query."""
    _accesses.append(find)
    return find


def notices(customer: Customer) -> list[Notice]:
    """Return the notices for a customer, most urgent first, in the order in which their functions were registered."""
    return [notice for find in _notices for notice in find(customer)]


def recent_accesses(customer: Customer, number: int) -> list[RecentAccess]:
    """Return at most `number` looks of staff at a customer's data, newest first."""
    found = [access for find in _accesses for access in find(customer, number)]
    return sorted(found, key=lambda access: access.at, reverse=True)[:number]
