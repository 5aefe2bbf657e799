"""What an erasure did, in a document without a name: whoever holds it can show it, and it tells nobody of whom."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import exists, select, true

from portal import clock
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.personal_data.erasure.becoming import becomings
from portal.personal_data.erasure.checking.reach import is_reached, reached_tables
from portal.personal_data.erasure.listeners import reference_of
from portal.personal_data.erasure.models import Erasure
from portal.personal_data.erasure.planning import PlannedItem, read_items
from portal.personal_data.erasure.scope import Scope
from portal.personal_data.erasure.tombstones import last_day_for
from portal.personal_data.ledger.models import LedgerEntry
from portal.personal_data.outcomes import ItemOutcome

Line = dict[str, Any]


@dataclass(frozen=True)
class Certificate:
    """What was erased from this portal, by part and kind, and what stays.

    Attributes:
        reference: of the request, or of the erasure itself.
        erased: part, kind, category, count of what is erased.
        archived: the same of what the law keeps, with `ground`, `legal_reference` in both languages, `until`.
        kept: the same of what stays in use.
        stays: what the portal itself keeps of the person, by part: what it becomes, and on what ground.
        systems: the codes of the company's systems that sent what was erased, and are to be told.
        tombstones_until: the last day of the keyed hashes that keep the person from coming back by a file; None where
            only a part was erased.
        backups_until: the last day on which a backup, or a free page of the database, may hold what was erased.
        entry: the line of the ledger: its number there and its hash.
    """

    erasure: str
    reference: str
    scope: Line
    started_at: str
    finished_at: str
    erased: list[Line] = field(default_factory=list)
    archived: list[Line] = field(default_factory=list)
    kept: list[Line] = field(default_factory=list)
    stays: list[Line] = field(default_factory=list)
    systems: list[str] = field(default_factory=list)
    tombstones_until: str | None = None
    backups_until: str = ""
    entry: Line | None = None

    @property
    def is_clean(self) -> bool:
        """Whether nothing of what was asked for stays: no reason is owed (art. 12(4))."""
        return not (self.archived or self.kept)

    def count(self, lines: Iterable[Line]) -> int:
        """Return how many rows some of its lines are about."""
        return sum(line["count"] for line in lines)

    def stored(self) -> Line:
        """Return it as JSON."""
        return asdict(self)


def certificate_of(erasure: Erasure) -> Certificate | None:
    """Return the certificate of an erasure; None before the recount confirmed it."""
    return Certificate(**erasure.certificate) if erasure.certificate else None


def write_certificate(erasure: Erasure) -> Certificate:
    """Make the certificate of an erasure that was recounted, and keep it with it, in the current transaction."""
    items, today = read_items(erasure.items), clock.today()
    is_whole = Scope.read(erasure.scope).is_whole
    archived = _of(items, ItemOutcome.ARCHIVED)
    certificate = Certificate(
        erasure=erasure.public_id,
        reference=reference_of(erasure),
        scope=erasure.scope,
        started_at=clock.written(erasure.started_at) or "",
        finished_at=clock.written(clock.now()) or "",
        erased=[_line(item) for item in _of(items, ItemOutcome.ERASED) if item.count],
        archived=[_kept_line(item) for item in archived],
        kept=[_kept_line(item) for item in _of(items, ItemOutcome.KEPT, ItemOutcome.REFUSED)],
        stays=_stays(erasure.customer_id) if is_whole else [],
        systems=list(erasure.systems),
        tombstones_until=clock.written(last_day_for(erasure)),
        backups_until=installed.organisation().retention.backups.after(today).isoformat(),
        entry=_entry(erasure),
    )
    erasure.certificate = certificate.stored()
    return certificate


def last_archived_day(items: Iterable[PlannedItem]) -> date | None:
    """Return the last day of what goes to the archive; None where nothing does."""
    archived = (item.until_on for item in items if item.outcome is ItemOutcome.ARCHIVED)
    return max((day for day in archived if day), default=None)


def _of(items: list[PlannedItem], *outcomes: ItemOutcome) -> list[PlannedItem]:
    return [item for item in items if item.outcome in outcomes]


def _line(item: PlannedItem) -> Line:
    return {"part": item.part, "kind": item.kind, "rule": item.rule, "category": item.category, "count": item.count}


def _kept_line(item: PlannedItem) -> Line:
    law = item.legal_reference
    return _line(item) | {
        "ground": item.ground,
        "legal_reference": {"fr": law.fr, "en": law.en} if law else None,
        "until": clock.written(item.until_on),
        "is_then_erased": item.is_then_erased,
    }


ADDED_BY_THE_ANSWER: Final = frozenset({"access_log", "dispatches"})
"""Parts that may hold nothing yet: the answer is sent, and staff look at the case, after the certificate is made."""


def _stays(customer_id: int) -> list[Line]:
    """Return what stays of each part of which something is there: nothing is said to stay that never was."""
    return [
        {"part": part, "becomes": asdict(becoming.becomes), "ground": asdict(becoming.ground)}
        for part, becoming in becomings().items()
        if becoming.leaves and (part in ADDED_BY_THE_ANSWER or any(_is_left(n, customer_id) for n in becoming.leaves))
    ]


def _is_left(name: str, customer_id: int) -> bool:
    """Tell whether a table holds a row of a person, or names nobody, so that it cannot be told."""
    table = db.metadata.tables[name]
    if table not in reached_tables():
        return True
    return db.session.execute(select(true()).where(exists().where(is_reached(table, customer_id)))).first() is not None


def _entry(erasure: Erasure) -> Line | None:
    entry = db.session.get(LedgerEntry, erasure.entry) if erasure.entry else None
    return {"number": entry.n, "hash": entry.hash} if entry else None
