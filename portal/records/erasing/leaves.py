"""What an erasure leaves of records, and which systems sent what it erases."""

from collections.abc import Iterable

from sqlalchemy import select

from portal.bilingual import Label
from portal.infrastructure.database import db
from portal.personal_data.erasure.becoming import Becoming, becomes, deleted
from portal.personal_data.erasure.listeners import names_systems
from portal.personal_data.erasure.own_rows import OwnPart, Rows
from portal.personal_data.erasure.planning import ROWS, erases
from portal.personal_data.erasure.scope import Scope
from portal.records.erasing.conditions import in_scope
from portal.records.models import CategoryCount, Record

_NO_MORE = Rows(
    CategoryCount, lambda customer_id: (CategoryCount.customer_id == customer_id) & (CategoryCount.count == 0)
)
_LAW = Label(fr="article 17, paragraphe 3, point b)", en="art. 17(3)(b)")

erases("record_counts", OwnPart("record_counts", ROWS, (_NO_MORE,)))
deleted("records")
becomes(
    "record_counts",
    Becoming(
        Label(
            fr="supprimés ; seuls restent ceux de ce qui est gardé",
            en="deleted; those of what is kept stay alone",
        ),
        Label(fr="article 17, paragraphe 1", en="art. 17(1)"),
        {"record_counts": frozenset({"category", "count", "last_recorded_at"})},
    ),
)
becomes(
    "archived_records",
    Becoming(
        Label(
            fr="ce que la loi nous fait garder, jusqu'à son dernier jour",
            en="what the law has us keep, until its last day",
        ),
        _LAW,
    ),
)
becomes(
    "archive_counts",
    Becoming(
        Label(fr="nombre et dernier jour, par type", en="count and last day, by kind"),
        _LAW,
        {"archive_counts": frozenset({"category", "kind", "count", "last_day"})},
    ),
)


@names_systems
def sources(customer_id: int, scope: Scope) -> Iterable[tuple[str, str]]:
    """Return the kinds of the records in the scope of an erasure, each with a system that sent some."""
    theirs = (Record.customer_id == customer_id, in_scope(Record, scope))
    sent = select(Record.kind, Record.source).where(*theirs).distinct()
    return [(kind, source) for kind, source in db.session.execute(sent)]
