"""The acts of a staff member on one item of a case: each holds the case, checks its version, and raises it."""

from collections.abc import Iterable
from datetime import datetime

from portal.audit.tags import declare
from portal.personal_data.stops.changing import weigh_from_now
from portal.rights import acting
from portal.rights.asked import StopUse
from portal.rights.items import deciding
from portal.rights.items.deciding import Choice, NotForItem
from portal.rights.items.making import items_of, make_items
from portal.rights.items.models import ItemState, RequestItem
from portal.rights.items.proposing import AS_WRITTEN
from portal.rights.models import RightsRequest
from portal.staff.models import StaffMember

USES_NAMED = declare("staff:uses:named", "reference", "purposes")


class NoSuchItem(Exception):
    """The case has no such item."""


def find_item(request: RightsRequest, item_id: int) -> RequestItem:
    """Return an item of a case. Raises `NoSuchItem`."""
    found = next((item for item in items_of(request.id) if item.id == item_id), None)
    if found is None:
        raise NoSuchItem
    return found


def decide(request: RightsRequest, member: StaffMember, item_id: int, choice: Choice, version: int) -> None:
    """Decide one item by itself, in the current transaction.

    Raises:
        NoSuchItem, NotForItem, CaseMoved, OwnCase.
    """
    acting.hold(request, member, version)
    deciding.decide_one(request, find_item(request, item_id), choice, member.id)


def decide_records(
    request: RightsRequest,
    member: StaffMember,
    item_id: int,
    choice: Choice,
    records: Iterable[str],
    span: tuple[datetime, datetime] | None,
    version: int,
) -> None:
    """Decide records of an item apart from the rest, or those of a span, in the current transaction.

    Raises:
        NoSuchItem, NotForItem, TooManyExceptions, CaseMoved, OwnCase.
    """
    acting.hold(request, member, version)
    item = find_item(request, item_id)
    if span:
        deciding.except_records(request, item, choice, span=span)
        return
    for external_id in dict.fromkeys(records):
        deciding.except_records(request, item, choice, external_id=external_id)


def take_back(request: RightsRequest, member: StaffMember, item_id: int, exception_id: int, version: int) -> None:
    """Decide records as the rest of their item again, in the current transaction.

    Raises:
        NoSuchItem, CaseMoved, OwnCase.
    """
    acting.hold(request, member, version)
    deciding.take_back(find_item(request, item_id), exception_id)


def divide(request: RightsRequest, member: StaffMember, item_id: int, words: str, version: int) -> None:
    """Make a part of what only words describe an item of its own, in the current transaction.

    Raises:
        NoSuchItem, NotForItem, CaseMoved, OwnCase.
    """
    acting.hold(request, member, version)
    item = find_item(request, item_id)
    if item.state is not ItemState.UNDECIDED:
        item.state, item.outcome = ItemState.UNDECIDED, None
    deciding.divide(request, item, words)


def may_name_uses(request: RightsRequest, item: RequestItem) -> bool:
    """Tell whether an item is an objection in words that may be about uses that rest on the company's interest."""
    asked = request.asked
    is_open = isinstance(asked, StopUse) and not asked.concerns_marketing and not asked.purposes
    return is_open and item.part == AS_WRITTEN


def name_uses(request: RightsRequest, member: StaffMember, item_id: int, purposes: Iterable[str], version: int) -> None:
    """Say which uses an objection in words is about, in the current transaction: all are held back from now on.

    Each becomes an item that only its weighing decides (GDPR art. 21(1)).

    Raises:
        NoSuchItem, NotForItem, CaseMoved, OwnCase.
    """
    act, codes = acting.hold(request, member, version), list(purposes)
    item = find_item(request, item_id)
    if not may_name_uses(request, item) or not codes:
        raise NotForItem(item.part)
    item.state, item.outcome = ItemState.UNDECIDED, None
    request.answers = {**request.answers, "purposes": codes}
    weigh_from_now(request.customer_id, request.id, codes)
    make_items(request)
    act.record(USES_NAMED, purposes=", ".join(codes))
