"""Whether anything may be destroyed because its time ran out: an upper layer knows, each job that destroys asks."""

from collections.abc import Callable

Guard = Callable[[], bool]
_guards: list[Guard] = []


def guard_destruction(guard: Guard) -> Guard:
    """Register the function that says whether time may be trusted now. It writes down what it saw."""
    _guards[:] = [guard]
    return guard


def may_destroy() -> bool:
    """Tell whether what is past its time may be destroyed now. Call it outside of `transaction()`.

    Raises:
        LookupError: no guard is registered, so nobody has looked at the clock.
    """
    if not _guards:
        raise LookupError("no guard of destruction is registered: import portal.retention.clock_guard")
    return all(guard() for guard in _guards)
