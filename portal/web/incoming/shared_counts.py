"""Counts of tries shared through Redis (or Valkey). A call has half a second; a failure stops calls for a while."""

import logging
import secrets
import time
from collections.abc import Callable
from typing import Any

from portal.web.incoming.counting import Limits, UsedUp, Windows, name_of

TIMEOUT_SECONDS = 0.5
ASK_AGAIN_AFTER_SECONDS = 5.0
PREFIX = "portal:tries:"

# A script is one step for everybody. KEYS are the counts; ARGV: how many tries, how many of them under way, the name of
# a window that begins now, then the most and the seconds of each limit. The answer is 1 and the names of the windows,
# or 0, the milliseconds to wait, and whether only tries under way are in the way.
_COUNT = """
local amount, open = tonumber(ARGV[1]), tonumber(ARGV[2])
local wait, crowd = -1, 1
for number, key in ipairs(KEYS) do
  local held, most = redis.call('HMGET', key, 'count', 'under_way'), tonumber(ARGV[2 + 2 * number])
  local count, under_way = tonumber(held[1] or 0), tonumber(held[2] or 0)
  if count + amount > most then
    wait = math.max(wait, redis.call('PTTL', key))
    if count - under_way + amount > most then crowd = 0 end
  end
end
if wait >= 0 then return {0, wait, crowd} end
local answer = {1}
for number, key in ipairs(KEYS) do
  if redis.call('EXISTS', key) == 0 then
    redis.call('HSET', key, 'window', ARGV[3])
    redis.call('EXPIRE', key, ARGV[3 + 2 * number])
  end
  redis.call('HINCRBY', key, 'count', amount)
  redis.call('HINCRBY', key, 'under_way', open)
  answer[number + 1] = redis.call('HGET', key, 'window')
end
return answer
"""
# ARGV: how many tries are not under way any more, how many are taken back, then the window of each count.
_END = """
for number, key in ipairs(KEYS) do
  if redis.call('HGET', key, 'window') == ARGV[2 + number] then
    redis.call('HINCRBY', key, 'under_way', -ARGV[1])
    redis.call('HINCRBY', key, 'count', -ARGV[2])
  end
end
"""

logger = logging.getLogger("portal.rate_limits")


class SharedCountsDown(Exception):
    """Redis does not answer, or not in time."""


class SharedCounts:
    """Fixed windows in Redis. A failure keeps this process from asking again for a few seconds."""

    def __init__(self, url: str) -> None:
        from redis import Redis, RedisError  # here, because the package belongs to the extra `scale`
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self._redis = Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
            decode_responses=True,
        )
        self._fault = RedisError
        self._count, self._end = self._redis.register_script(_COUNT), self._redis.register_script(_END)
        self._left_alone_until = 0.0

    def count(self, limits: Limits, amount: int, *, is_under_way: bool) -> Windows:
        """Count some tries against every limit, or against none of them when one leaves no room.

        Raises:
            UsedUp: one leaves no room.
            SharedCountsDown: Redis does not answer.
        """
        names = [name_of(limit, key) for limit, key in limits]
        bounds = [number for limit, _key in limits for number in (limit.amount, limit.get_expiry())]
        arguments = [amount, amount * is_under_way, secrets.token_hex(8), *bounds]
        is_counted, *rest = self._ask(self._count, names, arguments)
        if not is_counted:
            raise UsedUp(rest[0] / 1000, is_crowd=bool(rest[1]))
        return dict(zip(names, rest, strict=True))

    def end(self, windows: Windows, amount: int, *, is_taken_back: bool) -> None:
        """Note that tries are not under way any more, and take them off where they were right.

        Raises:
            SharedCountsDown: Redis does not answer; its count ends with the window.
        """
        self._ask(self._end, list(windows), [amount, amount * is_taken_back, *windows.values()])

    def _ask(self, script: Callable[..., Any], names: list[str], arguments: list[Any]) -> Any:
        if time.monotonic() < self._left_alone_until:
            raise SharedCountsDown
        try:
            return script(keys=[PREFIX + name for name in names], args=arguments)
        except self._fault as error:
            self._left_alone_until = time.monotonic() + ASK_AGAIN_AFTER_SECONDS
            logger.warning("Redis does not count tries (%s): staff sign-in is closed", type(error).__name__)
            raise SharedCountsDown from None

    def is_well(self) -> bool:
        """Tell whether Redis answers in time. This asks even while `count` makes no calls."""
        try:
            return bool(self._redis.ping())
        except self._fault:
            return False
