"""What the customer's pages read: one statement over every holding and one for a page of records, however many."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Select,
    bindparam,
    literal,
    select,
    type_coerce,
    union_all,
)

from portal.infrastructure.database import UtcDateTime, db
from portal.infrastructure.installed import Installed
from portal.personal_data.categories import CATEGORIES, Category
from portal.personal_data.corrections.statements import STATEMENTS, statements_part
from portal.personal_data.registry import HeldItem, Holding, holdings, read
from portal.personal_data.restrictions.door import Reader
from portal.records.archive.queries import ARCHIVED, NOTHING, ArchiveSummary, archive_part, summary_of
from portal.records.data_map.kinds import DataMap, Kind
from portal.records.finding.filters import Filter
from portal.records.finding.sizes import MONTHS, OF_KIND, OF_MONTH, OLDEST, edges, size_parts
from portal.records.models import Record
from portal.web.pagination import Page, keyset_page

RECORDS_A_PAGE: Final = 30
RECORDS_A_SEARCH: Final = 1000
"""How many records one page of a search by words looks through, so that no search lasts."""
PORTAL_ITEMS: Final = 20
OF_CUSTOMER: Final = bindparam("of_customer", type_=BigInteger)
LONG_AGO: Final = datetime.fromisoformat("1900-01-01T00:00:00+00:00")

# Holdings whose items have a page of their own. The page of a category links to it and does not list them.
PAGES_OF_THEIR_OWN: Final = {
    "access_log": "customer.lookups.access_log",
    "exports": "customer.rights.index",
    "identity_checks": "customer.rights.index",
    "preferences": "customer.preferences.preferences",
    "rights": "customer.rights.index",
}
SIGN_INS: Final = ("accounts", Category.TECHNICAL)
PAGE_OF_SIGN_INS: Final = "customer.accounts.account"


@dataclass(frozen=True)
class Tile:
    """One category on the first page."""

    category: Category
    count: int
    last_at: datetime | None


@dataclass(frozen=True)
class Overview:
    """What is held in one category: how many by holding, since when, and which kinds of record.

    `has_statements` tells whether the person's own words stand beside anything.
    `by_kind` and `by_month`, the last twelve months with the running one last, end at `COUNTED` each.
    """

    counts: dict[str, int]
    last_at: datetime | None
    kinds: tuple[Kind, ...]
    by_kind: dict[str, int]
    by_month: list[int]
    oldest_at: datetime | None
    archived: ArchiveSummary
    has_statements: bool = False

    @property
    def count(self) -> int:
        """How many things are held, by whichever domain."""
        return sum(self.counts.values())

    @property
    def records(self) -> int:
        """How many of them came from the company's systems."""
        return self.counts.get("records", 0)


@dataclass(frozen=True)
class FirstPage:
    """What the first page sums up: the nine categories in their order, and what lies in the archive."""

    tiles: list[Tile]
    archived: ArchiveSummary


def first_page(customer_id: int) -> FirstPage:
    """Return each category with its count and newest instant, and the archive, in one statement."""
    counts = dict.fromkeys(CATEGORIES, 0)
    newest: dict[str, datetime] = {}
    archived = NOTHING
    rows = db.session.execute(_built_once("first_page", _first_page_statement), {OF_CUSTOMER.key: customer_id})
    for holding, category, count, latest in rows:
        if holding == ARCHIVED:
            archived = summary_of(category, count)
            continue
        counts[Category(category)] += count
        if latest is not None:
            newest[category] = max(latest, newest.get(category, latest))
    return FirstPage([Tile(category, counts[category], newest.get(category)) for category in CATEGORIES], archived)


def own_counts(customer_id: int) -> dict[str, int]:
    """Return how many things the portal itself keeps about a customer in each category, beside their records."""
    counts: dict[str, int] = {}
    rows = db.session.execute(_built_once("first_page", _first_page_statement), {OF_CUSTOMER.key: customer_id})
    for holding, category, count, _latest in rows:
        if holding not in {"records", ARCHIVED} and count:
            counts[category] = counts.get(category, 0) + count
    return counts


def overview(customer_id: int, category: Category, data_map: DataMap) -> Overview:
    """Return what is held in a category, in one statement."""
    counts: dict[str, int] = {}
    newest: list[datetime] = []
    by_kind: dict[str, int] = {}
    by_month, oldest_at, archived, has_statements = [0] * MONTHS, None, NOTHING, False
    kinds = data_map.of_category(category)
    statement = _built_once(category, lambda: _overview_statement(category, kinds))
    for holding, code, count, at in db.session.execute(statement, {OF_CUSTOMER.key: customer_id} | edges()):
        if holding == OLDEST:
            oldest_at = at
        elif holding == OF_MONTH:
            by_month[int(code)] = count
        elif holding == ARCHIVED:
            archived = summary_of(code, count)
        elif holding == STATEMENTS:
            has_statements = True
        elif count and holding == OF_KIND:
            by_kind[code] = count
        elif count:
            counts[holding] = counts.get(holding, 0) + count
            newest += [at] if at else []
    # For an empty category, the page answers for every kind that it could hold.
    shown = tuple(kind for kind in kinds if kind.code in by_kind) or kinds
    return Overview(counts, max(newest, default=None), shown, by_kind, by_month, oldest_at, archived, has_statements)


def records_page(
    customer_id: int, category: Category, chosen: Filter, words_of: Callable[[Record], str], cursor: str | None
) -> Page[Record]:
    """Return one page of the records that a filter finds, newest first.

    Args:
        words_of: returns what the page shows of a record, which is what words are looked for in. They are looked for
            in the next `RECORDS_A_SEARCH` records only.

    Raises:
        BadRequest: for a cursor that this portal did not make for this very list.
    """
    return keyset_page(
        chosen.statement(customer_id, category),
        [(Record.recorded_at, True), (Record.id, True)],
        lambda record: (record.recorded_at, record.id),
        cursor=cursor,
        size=RECORDS_A_PAGE,
        name=":".join(("records", str(customer_id), category, *chosen.address().values())),
        wanted=(lambda record: chosen.finds(words_of(record))) if chosen.words else None,
        read=RECORDS_A_SEARCH if chosen.words else None,
    )


def portal_items(customer_id: int, category: Category, language: str, counts: dict[str, int]) -> list[HeldItem]:
    """Return the newest things this portal holds in a category, without those that have their own page."""
    sources: list[Iterator[HeldItem]] = [
        items
        for holding, items in read(customer_id, category.value, language, Reader.PERSON)
        if counts.get(holding.code) and _is_listed(holding.code, category)
    ]
    newest_first = merge(*sources, key=lambda item: item.at or LONG_AGO, reverse=True)
    return list(islice(newest_first, PORTAL_ITEMS))


def pages_elsewhere(category: Category, counts: dict[str, int]) -> dict[str, int]:
    """Return the endpoints of the pages that show the rest of a category, each with the number of its items."""
    pages: dict[str, int] = {}
    for code, count in counts.items():
        endpoint = _page_of(code, category)
        if endpoint is not None:
            pages[endpoint] = pages.get(endpoint, 0) + count
    return pages


def portal_count(category: Category, counts: dict[str, int]) -> int:
    """Return how many things of a category `portal_items` may list."""
    return sum(count for code, count in counts.items() if _is_listed(code, category))


def _is_listed(code: str, category: Category) -> bool:
    return code != "records" and _page_of(code, category) is None


def _page_of(code: str, category: Category) -> str | None:
    return PAGE_OF_SIGN_INS if (code, category) == SIGN_INS else PAGES_OF_THEIR_OWN.get(code)


def _with_items() -> list[Holding]:
    return [holding for holding in holdings() if holding.summary]


held_statements = Installed[dict[str, Select[Any]]]("held_statements")


def _built_once(name: str, build: Callable[[], Select[Any]]) -> Select[Any]:
    """Return a statement of this app, built at its first use: building it costs more than the database's answer."""
    statements = held_statements()
    if name not in statements:
        statements[name] = build()
    return statements[name]


def _first_page_statement() -> Select[Any]:
    return _typed([*(_summary(holding) for holding in _with_items()), archive_part(OF_CUSTOMER)])


def _overview_statement(category: Category, kinds: tuple[Kind, ...]) -> Select[Any]:
    parts = [_summary(holding, category) for holding in _with_items()]
    beside = (archive_part(OF_CUSTOMER, category.value), statements_part(OF_CUSTOMER))
    return _typed([*parts, *size_parts(category, kinds, OF_CUSTOMER), *beside])


def _summary(holding: Holding, category: Category | None = None) -> Select[Any]:
    if holding.summary is None:
        raise ValueError(f"{holding.code} has nothing to sum up")
    # The parameter stands where a customer's id would: a summary only compares with it.
    code, count, latest = holding.summary(OF_CUSTOMER).subquery().c  # type: ignore[arg-type]
    statement = select(literal(holding.code), code, count, type_coerce(latest, UtcDateTime))
    return statement.where(code == category.value) if category else statement


def _typed(parts: list[Select[Any]]) -> Select[Any]:
    holding, code, count, latest = union_all(*parts).subquery().c
    return select(holding, code, count, type_coerce(latest, UtcDateTime))
