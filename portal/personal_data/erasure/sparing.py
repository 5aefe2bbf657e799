"""What an erasure leaves in place though its plan erases it: the items and records that were decided otherwise.

The domain that decides registers how it is found; whatever erases asks here and takes none of it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Spared:
    """A kind of a part under one rule, one record of it, or those that were recorded in a span.

    Attributes:
        external_id: of the one record; None for all of the kind, or for a span.
        from_at, to_at: the span, both ends within; None for no span.
    """

    part: str
    kind: str
    rule: str = ""
    external_id: str | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None


Finder = Callable[[int], Iterable[Spared]]
_finders: list[Finder] = []


def spares(finder: Finder) -> Finder:
    """Register a function that takes the id of a request and returns what its erasure leaves in place."""
    _finders.append(finder)
    return finder


def spared_by(request_id: int | None) -> list[Spared]:
    """Return what the erasure of a request leaves in place; nothing for one that no request asks for."""
    return [] if request_id is None else [spared for finder in _finders for spared in finder(request_id)]
