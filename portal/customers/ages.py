"""From which day a person may consent alone: fifteen in France (loi 78-17 art. 45, GDPR art. 8).

Younger children need the consent of a parent as well, which this portal cannot take yet: until then they consent to
nothing here.
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Final

from dateutil.relativedelta import relativedelta

from portal.customers.models import Customer

AGE_OF_CONSENT: Final = 15

_on_birth_change: list[Callable[[list[int]], None]] = []


def consents_from(customer: Customer) -> date | None:
    """Return the first day on which a customer may consent alone; None when nothing is known of their birth.

    Of a birth known in part, the latest day counts: a consent that may be a child's proves nothing.
    """
    born = _latest_birth(customer)
    if born is None:
        return None
    birthday = born + relativedelta(years=AGE_OF_CONSENT)
    # Who is born on 29 February reaches an age on 1 March where the year has no such day.
    return birthday if birthday.day == born.day else birthday + timedelta(days=1)


def on_birth_change(listener: Callable[[list[int]], None]) -> Callable[[list[int]], None]:
    """Register what a domain does, in the same transaction, when the birth of customers becomes known or changes."""
    _on_birth_change.append(listener)
    return listener


def births_changed(customer_ids: Iterable[int]) -> None:
    """Call the listeners with the customers, already written and locked, whose birth was changed."""
    ids = sorted(customer_ids)
    for listener in _on_birth_change if ids else ():
        listener(ids)


def _latest_birth(customer: Customer) -> date | None:
    if customer.birth_date or not customer.birth_known:
        return customer.birth_date
    year, _dash, month = customer.birth_known.partition("-")
    after = relativedelta(months=1) if month else relativedelta(years=1)
    return date(int(year), int(month or 1), 1) + after - timedelta(days=1)
