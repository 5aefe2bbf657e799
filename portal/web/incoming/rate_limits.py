"""Limits on tries, counted in the database so that they survive a restart and hold across processes.

Where the processes share a Redis, Redis counts first, so that a flood never reaches the database. The database counts
again what Redis lets through, so that nobody gets more tries when Redis is emptied or lost.

Behind one address there may be a whole school. So a try is counted before the work that it is for, as one under way,
and given back when it proves right: people who know their password cost each other nothing. Giving back never takes off
more than this one try, and never another window's: nobody gets more wrong tries by coming in between them.
"""

import logging
import math
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import Flask
from flask_babel import gettext as _
from limits import parse
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import TooManyRequests

from portal import clock
from portal.infrastructure.database import db
from portal.infrastructure.installed import Installed
from portal.infrastructure.passwords.hashing import HashingBusy
from portal.web.errors import AnswerLater
from portal.web.incoming import kept_counts
from portal.web.incoming.counting import Limits, UsedUp, Windows, name_of
from portal.web.incoming.shared_counts import SharedCounts, SharedCountsDown

ASK_REDIS_AGAIN_AFTER = 30
# Whoever finds a limit full of tries under way waits so long for the first of them to end, then is told to come back.
CROWD_SECONDS, LOOK_AGAIN_SECONDS = 2.0, 0.05
CROWD_COMES_BACK_AFTER = 5

logger = logging.getLogger("portal.rate_limits")


class TooManyTries(TooManyRequests):
    """A limit is reached; `retry_after` says in how many seconds it opens again."""

    @property
    def opens_at(self) -> datetime:
        """The whole minute from which a try is taken again."""
        later = clock.now() + timedelta(seconds=int(str(self.retry_after)) + 59)
        return later.replace(second=0, microsecond=0)


class CountsDown(AnswerLater):
    """Redis, which counts tries, does not answer. A sign-in that may not go uncounted is refused until it does."""

    @property
    def words(self) -> tuple[str, str]:
        """What happened, as title and sentence."""
        return (
            _("Staff cannot sign in for the moment"),
            _("The service that counts tries does not answer, and nobody comes in uncounted."),
        )


@dataclass
class Try:
    """Tries that are counted, in the database and perhaps in Redis.

    Attributes:
        is_right: whether they are given back in the end: they were right, or the portal did not do the work.
    """

    amount: int
    kept: Windows
    shared: Windows = field(default_factory=dict)
    is_right: bool = False


class TryCounter:
    """Counts tries: in Redis, where there is one, then in the database."""

    def __init__(self, shared: SharedCounts | None) -> None:
        self.shared = shared

    def count(self, limits: Limits, amount: int = 1, *, is_under_way: bool = False, needs_shared: bool = False) -> Try:
        """Count some tries against each of several limits, or against none.

        Args:
            is_under_way: whether `end` will say how they went.
            needs_shared: whether the database is not enough where Redis does not answer.

        Raises:
            UsedUp: one of the limits leaves no room.
            CountsDown: Redis does not answer, with `needs_shared`.
        """
        _give_connection_back()
        shared = self._count_shared(limits, amount, is_under_way, needs_shared)
        try:
            return Try(amount, kept_counts.count(limits, amount, is_under_way=is_under_way), shared)
        except UsedUp:
            self._end_shared(Try(amount, {}, shared), is_taken_back=True)
            raise

    def end(self, attempt: Try) -> None:
        """Note that tries are not under way any more. What fails here stays counted until its window ends."""
        _give_connection_back()
        self._end_shared(attempt, is_taken_back=attempt.is_right)
        try:
            kept_counts.end(attempt.kept, attempt.amount, is_taken_back=attempt.is_right)
        except SQLAlchemyError as error:
            logger.warning("a try stays counted as under way (%s)", type(error).__name__)

    def _count_shared(self, limits: Limits, amount: int, is_under_way: bool, needs_shared: bool) -> Windows:
        if self.shared:
            try:
                return self.shared.count(limits, amount, is_under_way=is_under_way)
            except SharedCountsDown:
                if needs_shared:
                    raise CountsDown(retry_after=ASK_REDIS_AGAIN_AFTER) from None
        return {}

    def _end_shared(self, attempt: Try, *, is_taken_back: bool) -> None:
        if self.shared and attempt.shared:
            with suppress(SharedCountsDown):
                self.shared.end(attempt.shared, attempt.amount, is_taken_back=is_taken_back)


def _give_connection_back() -> None:
    """End the reading of this request, whose connection counts the try then.

    A request that held one and waited for another would wait for others that do the same.
    """
    if "writing" not in db.session.info:
        db.session.rollback()


installed_counter = Installed[TryCounter]("try_counter")


def register(app: Flask, redis_url: str | None) -> None:
    """Set up the counting of tries: in the database, behind Redis where given."""
    installed_counter.put(app, TryCounter(SharedCounts(redis_url) if redis_url else None))


def count_try(limits: Iterable[tuple[str, str]], *, needs_shared: bool = False) -> None:
    """Count one try against several limits; call it before the work it protects and outside a transaction.

    A try that is past one limit counts against none of them: who is used up cannot use up what others share.

    Args:
        limits: pairs of a limit such as "10 per 5 minutes" and the key it is counted by, such as "sign-in:account:…".
        needs_shared: whether to refuse a try that Redis cannot count, where Redis is used.

    Raises:
        TooManyTries: when one of them is used up.
        CountsDown: Redis does not answer, with `needs_shared`.
        AnswerLater: so many tries are under way at once that this one has to come back.
    """
    _count(_parsed(limits), is_under_way=False, needs_shared=needs_shared, waits=True)


@contextmanager
def trying(limits: Iterable[tuple[str, str]], *, needs_shared: bool = False, waits: bool = True) -> Iterator[Try]:
    """Count one try, as `count_try` does, while the block finds out whether it is right.

    It stays counted, unless the block says that it is right or finds every place for a password taken: then none was
    compared.

    Args:
        waits: whether to wait for others that are under way where they take all the room.
    """
    attempt = _count(_parsed(limits), is_under_way=True, needs_shared=needs_shared, waits=waits)
    try:
        yield attempt
    except HashingBusy:
        attempt.is_right = True
        raise
    finally:
        installed_counter().end(attempt)


def _count(limits: Limits, *, is_under_way: bool, needs_shared: bool, waits: bool) -> Try:
    counter: TryCounter = installed_counter()
    until = time.monotonic() + CROWD_SECONDS
    while True:
        try:
            return counter.count(limits, is_under_way=is_under_way, needs_shared=needs_shared)
        except UsedUp as fault:
            if not (fault.is_crowd and waits):
                raise TooManyTries(retry_after=whole_seconds(fault.wait)) from None
            if time.monotonic() > until:
                raise AnswerLater(retry_after=CROWD_COMES_BACK_AFTER) from None
        time.sleep(LOOK_AGAIN_SECONDS)


def counted(limit: str, key: str) -> int:
    """Return how many tries a limit's count in the database holds now."""
    return kept_counts.counted(name_of(parse(limit), key))


def whole_seconds(wait: float) -> int:
    """Return seconds to wait as a whole number, rounded up; 1 at least."""
    return max(1, math.ceil(wait))


def _parsed(limits: Iterable[tuple[str, str]]) -> Limits:
    return [(parse(text), key) for text, key in limits]
