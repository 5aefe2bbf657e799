"""How people's objections to single uses stand: what the feed, imports and pages read."""

from collections.abc import Collection

from sqlalchemy import select

from portal.infrastructure.database import db
from portal.personal_data.stops.models import PurposeStop, StopState

Stops = dict[str, PurposeStop]
"""What one person objected to, by the code of the purpose."""


def stops_of(customer_ids: Collection[int]) -> dict[int, Stops]:
    """Return what people objected to, by their id and the code of the purpose; nobody who objected to nothing."""
    found: dict[int, Stops] = {}
    theirs = select(PurposeStop).where(PurposeStop.customer_id.in_(customer_ids)).order_by(PurposeStop.id)
    for stop in db.session.execute(theirs).scalars():
        found.setdefault(stop.customer_id, {})[stop.purpose] = stop
    return found


def stops_of_one(customer_id: int) -> Stops:
    """Return what one person objected to, by the code of the purpose."""
    return stops_of([customer_id]).get(customer_id, {})


def held_back(customer_id: int) -> list[str]:
    """Return the codes of the purposes that nobody may use a person's data for now, weighed or stopped, in order."""
    return sorted(code for code, stop in stops_of_one(customer_id).items() if stop.state.holds_back)


def are_stopped(stops: Stops, purposes: Collection[str]) -> bool:
    """Tell whether all of some purposes are stopped: what serves these alone may neither come in nor stay in use."""
    stopped = {code for code, stop in stops.items() if stop.state is StopState.STOPPED}
    return bool(purposes) and stopped.issuperset(purposes)
