"""What the page of one item shows: what is proposed, what is decided, and its records to choose from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from portal import clock
from portal.infrastructure import installed
from portal.personal_data.agreements import Agreements
from portal.personal_data.categories import Category
from portal.records.cards import Cards
from portal.records.data_map.kinds import installed_data_map
from portal.records.finding.filters import Filter
from portal.records.models import Record
from portal.records.queries import records_page
from portal.rights.items.deciding import MOST_EXCEPTIONS
from portal.rights.items.handling import find_item
from portal.rights.items.making import exceptions_of
from portal.rights.items.models import ItemException, RequestItem
from portal.rights.items.proposing import AS_WRITTEN
from portal.rights.items.telling.letter import named
from portal.rights.items.telling.showing import show_item
from portal.rights.items.telling.wording import has_records, label_of, outcome_label, reason_of, until_of
from portal.rights.models import RightsRequest
from portal.web.pagination import Page


@dataclass(frozen=True, slots=True)
class Apart:
    """Records that are decided apart: which, what becomes of them and why."""

    id: int
    name: str
    outcome: str
    why: str
    until: str


def item_page(request: RightsRequest, item_id: int, address: Mapping[str, str], language: str) -> dict[str, Any]:
    """Return what the page of an item shows, in a language.

    Args:
        address: the parameters of the page: words, month or year, and the cursor of a page of records.

    Raises:
        NoSuchItem: the case has no such item.
        BadRequest: the cursor is not of this list.
    """
    item = find_item(request, item_id)
    apart = [each for each in exceptions_of(request.id) if each.item_id == item.id]
    chosen, page = _records(request, item, address, language)
    return {
        "case": request,
        "item": item,
        "name": label_of(item, language),
        "shown": show_item(request, item, language, clock.now()),
        "apart": [_apart(each, language) for each in apart],
        "most": MOST_EXCEPTIONS,
        "is_worded": item.part == AS_WRITTEN,
        "chosen": chosen,
        "page": page,
        "records": _rows(page, language) if page else [],
    }


def _apart(exception: ItemException, language: str) -> Apart:
    outcome = outcome_label(exception.outcome, language)
    why, until = reason_of(exception, language), until_of(exception, language)
    return Apart(exception.id, named(exception, language), outcome, why, until)


def _records(
    request: RightsRequest, item: RequestItem, address: Mapping[str, str], language: str
) -> tuple[Filter, Page[Record] | None]:
    if not has_records(item) or item.category is None:
        return Filter(), None
    category, data_map = Category(item.category), installed_data_map()
    chosen = Filter.read({**address, "kind": item.kind}, category, data_map)
    agreements = Agreements.of(request.customer_id, ())  # the words of a record name no agreement
    cards = Cards(data_map, installed.organisation(), agreements, language)
    return chosen, records_page(request.customer_id, category, chosen, cards.words_of, address.get("cursor"))


def _rows(page: Page[Record], language: str) -> list[tuple[str, str, str, Any]]:
    """Return (external id, name, amount, instant) of each record of a page, with what is masked masked."""
    kinds = installed_data_map().kinds
    rows = []
    for record in page.rows:
        kind = kinds.get(record.kind)
        name, end = kind.heading(record.values, language, is_masked=True) if kind else (record.external_id, "")
        rows.append((record.external_id, name, end, record.recorded_at))
    return rows
