"""Find in what lies in the archive about one customer, page by page."""

from typing import Final

from sqlalchemy import select

from portal.personal_data.corrections.statements import statements_of
from portal.personal_data.registry import HeldItem
from portal.records.archive.copies import archived_item
from portal.records.archive.models import ArchivedRecord
from portal.records.data_map.kinds import DataMap, installed_data_map
from portal.records.finding.filters import Filter
from portal.web.pagination import Page, keyset_page

SHOWN: Final = 30
A_SEARCH: Final = 1000
"""How many records one page of a search by words looks through, so that no search lasts."""


def archived_page(
    customer_id: int, words: str, cursor: str | None, language: str
) -> tuple[list[HeldItem], Page[ArchivedRecord]]:
    """Return one page of a customer's archive, newest first, as items that say until when and why they are there.

    Args:
        words: each of them must stand in what the page shows of a record; empty for all.

    Raises:
        BadRequest: for a cursor that this portal did not make for this very list.
    """
    data_map: DataMap = installed_data_map()
    looked_for, statements = Filter(words=words), statements_of(customer_id)
    page = keyset_page(
        select(ArchivedRecord).where(ArchivedRecord.customer_id == customer_id),
        [(ArchivedRecord.recorded_at, True), (ArchivedRecord.id, True)],
        lambda row: (row.recorded_at, row.id),
        cursor=cursor,
        size=SHOWN,
        name=f"archive:{customer_id}:{words}",
        wanted=(lambda row: looked_for.finds(_words(archived_item(row, data_map, language, statements))))
        if words
        else None,
        read=A_SEARCH if words else None,
    )
    return [archived_item(row, data_map, language, statements) for row in page.rows], page


def _words(item: HeldItem) -> str:
    return " ".join([item.label, item.source, *(text for _label, text in item.shown())])
