"""Whether jobs may run at all: an upper layer knows, the worker asks before it takes one."""

from collections.abc import Callable

Condition = Callable[[], bool]
_conditions: list[Condition] = []


def work_only_while(condition: Condition) -> Condition:
    """Register the function that says whether jobs may run now. It is asked often, and must be quick."""
    _conditions[:] = [condition]
    return condition


def may_work() -> bool:
    """Tell whether jobs may run now."""
    return all(condition() for condition in _conditions)
