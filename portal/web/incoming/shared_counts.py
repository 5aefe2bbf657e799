"""Counts of tries shared through Redis (or Valkey). A call has half a second; a failure stops calls for a while."""

import logging
import math
import time
from typing import Any

from limits import RateLimitItem
from limits.storage import RedisStorage
from limits.strategies import FixedWindowRateLimiter

TIMEOUT_SECONDS = 0.5
ASK_AGAIN_AFTER_SECONDS = 5.0

logger = logging.getLogger("portal.rate_limits")


class SharedCountsDown(Exception):
    """Redis does not answer, or not in time."""


class SharedCounts:
    """Fixed windows in Redis. A failure keeps this process from asking again for a few seconds."""

    def __init__(self, url: str) -> None:
        from redis.backoff import NoBackoff  # here, because the package belongs to the extra `scale`
        from redis.retry import Retry

        options: dict[str, Any] = {
            "socket_timeout": TIMEOUT_SECONDS,
            "socket_connect_timeout": TIMEOUT_SECONDS,
            "retry": Retry(NoBackoff(), 0),
        }
        self._storage = RedisStorage(url, **options)
        self._limiter = FixedWindowRateLimiter(self._storage)
        self._left_alone_until = 0.0

    def count(self, limit: RateLimitItem, key: str, amount: int) -> int:
        """Count some tries; return 0, or the seconds to wait when the limit is used up. Raises `SharedCountsDown`."""
        if time.monotonic() < self._left_alone_until:
            raise SharedCountsDown
        try:
            if self._limiter.hit(limit, key, cost=amount):
                return 0
            return max(1, math.ceil(self._limiter.get_window_stats(limit, key).reset_time - time.time()))
        except self._storage.base_exceptions as error:
            raise self._leave_alone(error) from None

    def give_back(self, limit: RateLimitItem, key: str) -> None:
        """Take one try off a window that still runs. Raises `SharedCountsDown`."""
        if time.monotonic() < self._left_alone_until:
            raise SharedCountsDown
        counted_as = limit.key_for(key)
        try:
            if self._storage.get(counted_as) > 0:
                self._storage.incr(counted_as, limit.get_expiry(), -1)
        except self._storage.base_exceptions as error:
            raise self._leave_alone(error) from None

    def _leave_alone(self, error: Exception) -> SharedCountsDown:
        self._left_alone_until = time.monotonic() + ASK_AGAIN_AFTER_SECONDS
        logger.warning("Redis does not count tries (%s): staff sign-in is closed", type(error).__name__)
        return SharedCountsDown()

    def is_well(self) -> bool:
        """Tell whether Redis answers in time. This asks even while `count` makes no calls."""
        try:
            return bool(self._storage.get_connection().ping())
        except self._storage.base_exceptions:
            return False
