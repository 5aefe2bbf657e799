"""What marketing may read of somebody whose data are restricted: nothing, or not the flags that need what is locked."""

from typing import Final

from portal.customers.models import Customer
from portal.personal_data.categories import Category
from portal.personal_data.erasure.scheduling import is_whole_one_decided
from portal.personal_data.restrictions.locking import on_change
from portal.personal_data.restrictions.standing import locked_categories
from portal.preferences.choices.consent import lift_suppression, suppress
from portal.preferences.choices.states import lock_state, publish
from portal.preferences.models import SuppressionReason
from portal.preferences.purposes import FLAG_CODES, FLAGS, Processing

SUPPRESSING: Final = frozenset({Category.CONTACT, Category.MARKETING})
"""Without an address and without choices nothing may be sent: every flag is off."""

_PROFILING: Final = frozenset({Processing.PERSONALISATION, Processing.MARKETING_PROFILING})
_NEEDS: Final = {
    Category.USAGE: _PROFILING | {Processing.AUDIENCE_STATISTICS},
    Category.TRACKING: frozenset({Processing.EMAIL_OPEN_TRACKING, Processing.AUDIENCE_STATISTICS}),
    Category.TRANSACTION: _PROFILING,
    Category.PROFILE: _PROFILING,
}
"""The uses that each category feeds, by what their wordings say. Cookies belong to tracking."""


def held_back_by(locked: frozenset[str]) -> list[str]:
    """Return the flags that are off while some categories are locked, in their order."""
    uses = frozenset().union(*(_NEEDS[category] for category in _NEEDS if category in locked))
    no_cookies = Category.TRACKING in locked
    return [
        code for code in FLAG_CODES if FLAGS[code].processing in uses or (FLAGS[code].cookie is not None and no_cookies)
    ]


def is_suppressed_by_restriction(customer_id: int) -> bool:
    """Tell whether a restriction keeps every flag of a customer off."""
    return not SUPPRESSING.isdisjoint(locked_categories(customer_id))


@on_change
def follow(customer: Customer) -> None:
    """Let the flags of a customer follow their restrictions, in the current transaction.

    What is no longer held back is again what the customer last chose, unless an erasure that is decided keeps it off.
    """
    locked = locked_categories(customer.id)
    state = lock_state(customer)
    held_back = held_back_by(locked)
    if state.held_back != held_back:
        state.held_back = held_back
        publish(state)
    if not SUPPRESSING.isdisjoint(locked):
        suppress(customer, SuppressionReason.RESTRICTED, is_told=False)
    elif state.reason == SuppressionReason.RESTRICTED and not is_whole_one_decided(customer.id):
        lift_suppression(customer, is_told=False)
