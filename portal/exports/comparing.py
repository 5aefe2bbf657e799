"""What changed since the last copy of a person: by kind, how many things were added, changed, and are gone.

Nothing of an older copy is read or kept for it but how many things of each kind it held, when it was read, and which
record was the newest then: a copy itself is destroyed after a few days.
"""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, case, func, select

from portal import clock
from portal.exports.models import AnswerPackage
from portal.infrastructure.database import db
from portal.personal_data.registry import HeldItem
from portal.records.models import Record


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one kind; `label` is its name for people."""

    category: str
    kind: str
    label: str
    added: int
    changed: int
    gone: int


class Comparison:
    """Counts the things of a copy by kind while they are read, and compares them with the copy before.

    Attributes:
        since: when the copy before was read; None where there is none to compare with.
        kinds: how many things of each kind this copy holds, to compare the next one with.
    """

    def __init__(self, package: AnswerPackage) -> None:
        before = _copy_before(package)
        self.since: datetime | None = before.made_at if before else None
        self._before: dict[str, dict[str, int]] = before.kinds if before else {}
        self._last_before = (before.last_record if before else None) or 0
        self._both = set(package.categories).intersection(before.categories if before else ())
        self._customer_id = package.customer_id
        self.made_at, self.last_record = clock.now(), _last_record(package.customer_id)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._new: Counter[tuple[str, str]] = Counter()
        self._labels: dict[tuple[str, str], str] = {}

    def read(self, item: HeldItem) -> None:
        """Count a thing."""
        key = item.category, _kind(item)
        self._counts[key] += 1
        self._labels.setdefault(key, item.label)
        self._new[key] += bool(self.since and item.source == "portal" and item.at and item.at > self.since)

    def keep_in(self, package: AnswerPackage) -> None:
        """Keep on a package, in the current transaction, what the next copy is compared with."""
        package.made_at, package.last_record, package.kinds = self.made_at, self.last_record, self.kinds

    @property
    def kinds(self) -> dict[str, dict[str, int]]:
        """The counts, by category and kind."""
        found: dict[str, dict[str, int]] = {}
        for (category, kind), count in self._counts.items():
            found.setdefault(category, {})[kind] = count
        return found

    def changes(self) -> list[Change]:
        """Return what changed, in the categories that both copies hold; nothing without a copy before."""
        if self.since is None:
            return []
        before = {(category, kind): count for category, of in self._before.items() for kind, count in of.items()}
        moved = {(row.category, row.kind): row for row in self._moved()}
        keys = sorted(key for key in {*before, *self._counts} if key[0] in self._both)
        changes = [self._change(key, before.get(key, 0), moved.get(key)) for key in keys]
        return [change for change in changes if change.added or change.changed or change.gone]

    def as_json(self) -> dict[str, Any]:
        """Return what changed as JSON values."""
        return {"since": clock.written(self.since), "changes": [asdict(change) for change in self.changes()]}

    def _change(self, key: tuple[str, str], before: int, moved: Row[Any] | None) -> Change:
        now, added = self._counts[key], self._new[key] + (moved.added if moved else 0)
        # What lies in the archive has no day of its own here: there is more of it, or less.
        added = max(added, now - before)
        changed = moved.changed if moved else 0
        return Change(*key, self._labels.get(key, key[1]), added, changed, before + added - now)

    def _moved(self) -> list[Row[Any]]:
        """Count the records that came since, and those that were there and came again or were corrected."""
        is_new = Record.id > self._last_before
        is_changed = ~is_new & ((Record.received_at > self.since) | (Record.corrected_at > self.since))
        counted = select(
            Record.category, Record.kind,
            func.sum(case((is_new, 1), else_=0)).label("added"),
            func.sum(case((is_changed, 1), else_=0)).label("changed"),
        )  # fmt: skip
        theirs = counted.where(Record.customer_id == self._customer_id, Record.category.in_(self._both))
        return list(db.session.execute(theirs.group_by(Record.category, Record.kind)))


def _kind(item: HeldItem) -> str:
    """Return the kind of a thing; in the archive it counts apart, so that a move there is seen."""
    return f"{item.kind} (archive)" if "archived_until" in item.values else item.kind


def _copy_before(package: AnswerPackage) -> AnswerPackage | None:
    theirs = (AnswerPackage.customer_id == package.customer_id, AnswerPackage.purpose == package.purpose)
    earlier = select(AnswerPackage).where(*theirs, AnswerPackage.id < package.id, AnswerPackage.made_at.is_not(None))
    return db.session.execute(earlier.order_by(AnswerPackage.id.desc()).limit(1)).scalar_one_or_none()


def _last_record(customer_id: int) -> int | None:
    newest = select(func.max(Record.id)).where(Record.customer_id == customer_id)
    return db.session.execute(newest).scalar_one_or_none()
