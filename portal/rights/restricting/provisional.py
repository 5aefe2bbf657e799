"""Data on hold while their accuracy or an objection is looked into, where the person asked for that at filing.

Such a restriction begins with its request. The answer announces its end, or makes it last; it ends with a request that
is taken back (GDPR art. 18(1)(a) and (d)).
"""

from typing import Final

from sqlalchemy import select

from portal import clock
from portal.infrastructure.database import db
from portal.personal_data.categories import Category
from portal.personal_data.outcomes import ItemOutcome
from portal.personal_data.restrictions.grounds import Ground18
from portal.personal_data.restrictions.lifting import announce
from portal.personal_data.restrictions.locking import LiftCause, end, restrict
from portal.personal_data.restrictions.models import Restriction
from portal.rights.asked import Correct, StopUse
from portal.rights.chosen import Use
from portal.rights.items.making import items_of
from portal.rights.models import RightsRequest
from portal.rights.restricting.emails import queue_lifting

_OF_USE: Final = {
    Use.PROFILING: (Category.USAGE, Category.TRANSACTION, Category.PROFILE),
    Use.STATISTICS: (Category.USAGE, Category.TRACKING),
}
"""What a use needs. A use that only words describe needs anything; advertising stops at once in any case."""


def begin(request: RightsRequest) -> None:
    """Put on hold, in the transaction of the receipt, what the person asked for; nothing where they did not."""
    asked = request.asked
    if isinstance(asked, Correct) and asked.on_hold:
        _hold(request, Ground18.ACCURACY, (asked.category,) if asked.category else ())
    elif isinstance(asked, StopUse) and asked.on_hold and not asked.concerns_marketing:
        _hold(request, Ground18.OBJECTION, _OF_USE.get(asked.use or Use.OTHER, ()))


def _hold(request: RightsRequest, ground: Ground18, categories: tuple[Category, ...]) -> None:
    restriction = restrict(request.customer_id, request.id, ground, categories, provisional=True)
    # The acknowledgement says so; nobody is written to who has no address.
    restriction.told_at = clock.now() if request.customer.email else None


def settle(request: RightsRequest) -> None:
    """Announce, in the transaction of the answer, that what was on hold meanwhile is so for seven more days.

    Where the answer is a statement beside the value, nobody knows which one is right: then it lasts until an officer
    lifts it. So it does where nobody can be written to by mail: the officer's letter announces it.
    """
    outcomes = {item.outcome for item in items_of(request.id)}
    for restriction in _provisional(request):
        if ItemOutcome.STATEMENT in outcomes or not request.customer.email:
            restriction.is_provisional = False
        else:
            announce(restriction, "portal")
            queue_lifting(restriction)


def give_up(request: RightsRequest) -> None:
    """End, in the current transaction, what was on hold for a request that the person takes back."""
    for restriction in _provisional(request):
        end(restriction, LiftCause.WITHDRAWN)


def _provisional(request: RightsRequest) -> list[Restriction]:
    theirs = (Restriction.request_id == request.id, Restriction.is_provisional, Restriction.lifted_at.is_(None))
    return list(db.session.execute(select(Restriction).where(*theirs).order_by(Restriction.id)).scalars())
