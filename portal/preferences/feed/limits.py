"""How much one token may ask for: enough for any campaign, too little to copy the base customer by customer.

Counting each call in the database would make a read cost as much as a write, and make readers wait for writers. So
each process counts for itself and hands the sum over now and then. It may pass a limit by 1 % at most.
"""

import logging
import threading
import time
from collections import defaultdict

from limits import parse

from portal.web.incoming.counting import UsedUp
from portal.web.incoming.rate_limits import TooManyTries, TryCounter, installed_counter, whole_seconds

logger = logging.getLogger("portal.feed")

CALLS = "6000 per 5 minutes"
PEOPLE = "200000 per 5 minutes"
STREAMS = "30 per 5 minutes"
HAND_OVER_SECONDS = 2.0


class _Meter:
    """What this process has counted and not yet handed over."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.counted: defaultdict[str, int] = defaultdict(int)
        self.handed_over: dict[str, float] = {}
        self.closed_until: dict[str, float] = {}


_meter = _Meter()


def count_call(token: str, people: int = 1) -> None:
    """Count one call of a token, and how many people it asks about.

    Args:
        token: the token's public id.

    Raises:
        TooManyTries: the token has used up its calls, or the people it may ask about.
    """
    _count(f"feed:calls:{token}", CALLS, 1)
    _count(f"feed:people:{token}", PEOPLE, people)


def count_stream(token: str) -> None:
    """Count one reading of the whole base. Raises `TooManyTries`."""
    _count(f"feed:streams:{token}", STREAMS, 1)


def _count(key: str, limit: str, amount: int) -> None:
    allowed = parse(limit)
    with _meter.lock:
        instant = time.time()
        if (closed_until := _meter.closed_until.get(key, 0)) > instant:
            raise TooManyTries(retry_after=max(1, int(closed_until - instant)))
        _meter.counted[key] += amount
        is_recent = instant - _meter.handed_over.setdefault(key, instant) < HAND_OVER_SECONDS
        if is_recent and _meter.counted[key] < allowed.amount // 100:
            return
        counted = _meter.counted.pop(key)
        _meter.handed_over[key] = instant
    counter: TryCounter = installed_counter()
    try:
        counter.count([(allowed, key)], counted)
    except UsedUp as fault:
        _meter.closed_until[key] = time.time() + fault.wait
        logger.warning("a token has used up its limit", extra={"limit": key})
        raise TooManyTries(retry_after=whole_seconds(fault.wait)) from None
