"""Carry a granted restriction out: what was decided is locked in the transaction of the answer."""

from portal import clock
from portal.personal_data.categories import CATEGORIES
from portal.personal_data.outcomes import ItemOutcome
from portal.personal_data.restrictions.grounds import Ground18
from portal.personal_data.restrictions.locking import restrict
from portal.rights.asked import Pause
from portal.rights.items.carrying import note_all_done
from portal.rights.items.making import items_of
from portal.rights.models import RightsRequest


def lock(request: RightsRequest) -> None:
    """Lock what was granted of a request for restriction, in the current transaction, and note its items as done."""
    asked = request.asked
    case = asked.case if isinstance(asked, Pause) else None
    ground = Ground18(case) if case else None
    restriction = restrict(request.customer_id, request.id, ground, _categories(request))
    # The answer of this transaction says so; nobody is written to who has no address.
    restriction.told_at = clock.now() if request.customer.email else None
    note_all_done(request.id, ItemOutcome.RESTRICTED)


def _categories(request: RightsRequest) -> list[str]:
    """Return what is locked, by category; nothing for everything.

    A category stays open where all of it that was asked about was refused, and is locked where some of it was granted.
    """
    asked = request.asked
    named = [str(category) for category in (asked.categories or ())] if isinstance(asked, Pause) else []
    granted = {item.category for item in items_of(request.id) if item.outcome is ItemOutcome.RESTRICTED}
    refused = {item.category for item in items_of(request.id) if item.outcome is ItemOutcome.REFUSED} - granted
    if not refused - {None}:
        return named
    return [category for category in named or map(str, CATEGORIES) if category not in refused]
