"""Nothing is removed in masses because a period, a data map or a version was wrong: an officer looks first.

A class waits while more than two per cent of it and more than twenty are due at once, or more than a thousand. And the
first run after an upgrade or a changed period waits where it would remove anything. However evenly the clock runs, that
replaces no approval.
"""

from collections.abc import Callable
from functools import cache
from importlib.metadata import version

from portal.personal_data.expiry.endings import Ending
from portal.personal_data.expiry.models import PurgeRun, RunState
from portal.personal_data.expiry.runs import last_basis

FEW = 20
MANY = 1000
PER_CENT = 2


def basis_of(ending: Ending) -> str:
    """Return what the ends of a class rest on now: the version of the portal, and the term."""
    return f"{_version()} {ending.term.basis}"


def refusal(ending: Ending, due: int, total: Callable[[], int], approved: int) -> RunState | None:
    """Return why a run has to wait for an officer, or None.

    Args:
        due: how much the run would remove.
        total: counts how much the whole class holds; it is called only where that says anything.
        approved: how much an officer has approved already.
    """
    if ending.goes_freely or due <= approved:
        return None
    before = last_basis(ending.code)
    if not approved and before is not None and before != basis_of(ending):
        return RunState.REFUSED_CHANGE
    return RunState.REFUSED_SHARE if is_too_much(due - approved, total) else None


def is_too_much(due: int, total: Callable[[], int]) -> bool:
    """Tell whether so many at once need an approval."""
    return due > MANY or (due > FEW and due * 100 > total() * PER_CENT)


def approved_in(before: PurgeRun | None) -> int:
    """Return how much an officer approved of the run before, which only waited; 0 without an approval."""
    return before.due if before and before.approved_by and before.finished_at is None else 0


@cache
def _version() -> str:
    return version("customer-privacy-portal")
