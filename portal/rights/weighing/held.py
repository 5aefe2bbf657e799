"""The uses that a person objected to, as things that are held about them."""

from collections.abc import Iterator
from typing import Final

from portal import clock
from portal.bilingual import Label
from portal.personal_data.categories import Category
from portal.personal_data.registry import HeldItem
from portal.personal_data.stops.standing import stops_of_one
from portal.personal_data.stops.telling import say_stop
from portal.personal_data.uses.purposes import REQUESTS
from portal.records.data_map.kinds import installed_data_map

_STOP: Final = Label(fr="Usage auquel vous vous êtes opposé", en="Use that you objected to")
_USE: Final = Label(fr="Usage", en="Use")
_STANDING: Final = Label(fr="Où cela en est", en="How it stands")


def stops_held(customer_id: int, language: str) -> Iterator[HeldItem]:
    """Yield how each objection of a customer to one use stands, newest first."""
    purposes = installed_data_map().purposes
    for stop in sorted(stops_of_one(customer_id).values(), key=lambda stop: stop.since, reverse=True):
        use = purposes.get(stop.purpose)
        yield HeldItem(
            category=Category.PROFILE,
            kind="purpose_stop",
            label=_STOP.text(language),
            at=stop.since,
            values={"purpose": stop.purpose, "state": str(stop.state), "since": clock.written(stop.since)},
            facts=[
                (_USE.text(language), use.label.text(language) if use else stop.purpose),
                (_STANDING.text(language), say_stop(stop, language)),
            ],
            lawful_basis=REQUESTS.lawful_basis,
        )
