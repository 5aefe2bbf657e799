"""What a category's page offers to look for, in words: its kinds and periods with how much each holds."""

from collections.abc import Sequence
from datetime import datetime

from portal import clock
from portal.bilingual import known_date
from portal.records.data_map.kinds import Kind
from portal.records.finding.sizes import COUNTED, last_months

MOST_YEARS = 40


def kinds_to_choose(kinds: Sequence[Kind], by_kind: dict[str, int], language: str) -> list[tuple[str, str, int | None]]:
    """Return (code, label, count) of the kinds that are held; the count is None where counting ended before."""
    held = [(kind, by_kind[kind.code]) for kind in kinds if kind.code in by_kind]
    return [(kind.code, kind.label.text(language), count if count < COUNTED else None) for kind, count in held]


def volume(by_month: Sequence[int], language: str) -> list[tuple[str, int]]:
    """Return the name and the count of each of the last twelve months."""
    return [
        (known_date(day.isoformat()[:7], language), count) for day, count in zip(last_months(), by_month, strict=True)
    ]


def periods_to_choose(by_month: Sequence[int], oldest_at: datetime | None, language: str) -> list[tuple[str, str]]:
    """Return (code, label): those of the last months that hold something, then each year down to the oldest record."""
    months = [day.isoformat()[:7] for day, count in zip(last_months(), by_month, strict=True) if count]
    this_year = clock.today().year
    oldest = max(clock.local_date(oldest_at).year, this_year - MOST_YEARS) if oldest_at else this_year + 1
    years = [str(year) for year in range(this_year, oldest - 1, -1)]
    return [(code, known_date(code, language)) for code in [*reversed(months), *years]]
