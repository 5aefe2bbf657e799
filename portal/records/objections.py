"""The uses that a person may object to under article 21(1), and which data serve a use alone."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from portal.bilingual import Label
from portal.infrastructure.database import db
from portal.personal_data.registry import holdings
from portal.personal_data.stops.models import PurposeStop, StopState
from portal.personal_data.stops.standing import stops_of_one
from portal.personal_data.stops.telling import say_stop
from portal.personal_data.uses.lawful_bases import Availability, availability
from portal.personal_data.uses.purposes import Purpose
from portal.records.data_map.kinds import installed_data_map
from portal.records.models import Record
from portal.records.queries import own_counts


def uses_open_to_objection() -> list[Purpose]:
    """Return the purposes whose lawful basis gives the right to object, in the order of the data map."""
    declared = installed_data_map().purposes.values()
    return [use for use in declared if availability(use.lawful_basis, "objection") is Availability.YES]


def uses_of_person(customer_id: int) -> list[Purpose]:
    """Return those of them that something held about a customer serves: records in use, or what the portal keeps."""
    kinds = installed_data_map().kinds
    codes = {code for kind in _kinds_in_use(customer_id) if kind in kinds for code in kinds[kind].all_purposes}
    own = own_counts(customer_id)
    codes |= {code for holding in holdings() for category in own for code in holding.purposes.get(category, ())}
    return [use for use in uses_open_to_objection() if use.code in codes]


def kinds_for_these_alone(customer_id: int, purposes: Collection[str]) -> list[str]:
    """Return the kinds of a customer's records in use that may be erased and serve some purposes and nothing else."""
    kinds = installed_data_map().kinds
    held = [kinds[code] for code in _kinds_in_use(customer_id) if code in kinds]
    return [kind.code for kind in held if kind.erasable and set(kind.all_purposes) <= set(purposes)]


def kinds_serving(customer_id: int, purpose: str) -> list[str]:
    """Return the kinds of a customer's records in use that serve a purpose, alone or beside others."""
    kinds = installed_data_map().kinds
    return [code for code in _kinds_in_use(customer_id) if code in kinds and purpose in kinds[code].all_purposes]


@dataclass(frozen=True, slots=True)
class ToldUse:
    """One use that rests on the company's interest, for the person.

    Attributes:
        interest: what the company pursues by it; empty for a task in the public interest.
        said: how the person's objection stands; empty where there is none.
        may_object: whether an objection may be filed now.
    """

    code: str
    name: str
    interest: str
    said: str
    may_object: bool


def told_uses(customer_id: int, language: str, codes: Collection[str] | None = None) -> list[ToldUse]:
    """Return the uses of a person's data that they may object to or have objected to, in the order of the data map.

    Args:
        codes: of these purposes alone.
    """
    stops, declared = stops_of_one(customer_id), installed_data_map().purposes
    of_person = {use.code for use in uses_of_person(customer_id)} if codes is None else set(codes)
    shown = [use for use in declared.values() if use.code in of_person or (codes is None and use.code in stops)]
    return [_told(use, stops.get(use.code), language) for use in shown]


def name_with_interest(use: Purpose, language: object) -> str:
    """Return a purpose with the interest that it rests on, in words."""
    interest = use.interest.text(language) if use.interest else ""
    name = use.label.text(language)
    return _WITH_INTEREST.filled(language, use=name, interest=interest) if interest else name


def interest_of(code: str, language: object) -> str:
    """Return the interest that a purpose rests on; empty where the data map declares none."""
    use = installed_data_map().purposes.get(code)
    return use.interest.text(language) if use and use.interest else ""


def _told(use: Purpose, stop: PurposeStop | None, language: str) -> ToldUse:
    return ToldUse(
        code=use.code,
        name=use.label.text(language),
        interest=use.interest.text(language) if use.interest else "",
        said=say_stop(stop, language) if stop else "",
        may_object=stop is None or stop.state is StopState.OVERRIDDEN,
    )


_WITH_INTEREST: Final = Label(fr="{use} (notre intérêt : {interest})", en="{use} (our interest: {interest})")


def _kinds_in_use(customer_id: int) -> list[str]:
    theirs = select(Record.kind).where(Record.customer_id == customer_id).distinct().order_by(Record.kind)
    return list(db.session.execute(theirs).scalars())
