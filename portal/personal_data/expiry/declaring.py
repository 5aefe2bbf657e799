"""Declare a part of what is held: from then on its endings are shown, counted, and run by the clock."""

from portal.personal_data.expiry import endings
from portal.personal_data.expiry.endings import Part
from portal.personal_data.expiry.loop import run_by_the_clock


def declare(*parts: Part) -> tuple[Part, ...]:
    """Add parts to what is held, and return them. Raises `ValueError` for a code that is taken."""
    for part in endings.add(*parts):
        for ending in part.endings:
            run_by_the_clock(ending)
    return parts
