"""How long a choice holds. One on cookies, yes or no, is asked again after six months. Any other has no end."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from dateutil.relativedelta import relativedelta

from portal import clock
from portal.personal_data.uses.cookie_purposes import CHOICE_MONTHS
from portal.preferences.purposes import FLAGS


def asks_again_on(flag: str, latest: Mapping[str, Any] | None) -> date | None:
    """Return the first day on which a choice may be asked again; None without a choice, or for one without end.

    Args:
        latest: the entry of `PreferenceState.latest_choices`.
    """
    known = FLAGS.get(flag)
    if latest is None or known is None or known.cookie is None:
        return None
    made_on = clock.local_date(datetime.fromisoformat(latest["at"]))
    return made_on + relativedelta(months=CHOICE_MONTHS)


def is_due_again(flag: str, latest: Mapping[str, Any] | None) -> bool:
    """Whether the time of a choice has passed, so that it has to be made anew."""
    day = asks_again_on(flag, latest)
    return day is not None and clock.today() >= day
