"""Limits on tries, counted in the database so that they survive a restart and hold across processes.

Where the processes share a Redis, Redis counts first, so that a flood never reaches the database. The database counts
again what Redis lets through, so that nobody gets more tries when Redis is emptied or lost.
"""

import ipaddress
import math
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import timedelta

from flask import Flask, request
from flask_babel import gettext as _
from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import Float, String, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.expression import case
from werkzeug.exceptions import TooManyRequests

from portal.infrastructure.database import db, transaction
from portal.infrastructure.installed import Installed
from portal.infrastructure.jobs.queue import JobRun, job
from portal.web.errors import AnswerLater
from portal.web.incoming.proxies import read_address
from portal.web.incoming.shared_counts import SharedCounts, SharedCountsDown

PURGED_AT_ONCE = 5000
ASK_REDIS_AGAIN_AFTER = 30


class RateCount(db.Model):
    __tablename__ = "rate_counts"

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    count: Mapped[int]
    expires: Mapped[float] = mapped_column(Float)


class SqlStorage(Storage):
    """Fixed-window counts in a table, by one statement each, outside the request's own transaction."""

    STORAGE_SCHEME = ["portal+sql"]  # noqa: RUF012 - the library declares it so

    @property
    def base_exceptions(self) -> type[Exception]:
        return SQLAlchemyError

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        instant = time.time()
        insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
        statement = insert(RateCount).values(key=key, count=amount, expires=instant + expiry)
        is_over = RateCount.expires <= instant
        statement = statement.on_conflict_do_update(
            index_elements=["key"],
            set_={
                "count": case((is_over, amount), else_=RateCount.count + amount),
                "expires": case((is_over, instant + expiry), else_=RateCount.expires),
            },
        )
        with db.engine.connect().execution_options(portal_write=True) as connection, connection.begin():
            return int(connection.execute(statement.returning(RateCount.count)).scalar_one())

    def get(self, key: str) -> int:
        statement = select(RateCount.count).where(RateCount.key == key, RateCount.expires > time.time())
        with db.engine.connect() as connection:
            return int(connection.execute(statement).scalar() or 0)

    def get_expiry(self, key: str) -> float:
        with db.engine.connect() as connection:
            expires = connection.execute(select(RateCount.expires).where(RateCount.key == key)).scalar()
        return float(expires or time.time())

    def give_back(self, key: str) -> None:
        """Take one try off a window that still runs."""
        is_running = (RateCount.key == key, RateCount.expires > time.time(), RateCount.count > 0)
        with db.engine.connect().execution_options(portal_write=True) as connection, connection.begin():
            connection.execute(update(RateCount).where(*is_running).values(count=RateCount.count - 1))

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        return None

    def clear(self, key: str) -> None:
        with db.engine.connect().execution_options(portal_write=True) as connection, connection.begin():
            connection.execute(delete(RateCount).where(RateCount.key == key))


class TooManyTries(TooManyRequests):
    """A limit is reached; `retry_after` says in how many seconds it opens again."""


class CountsDown(AnswerLater):
    """Redis, which counts tries, does not answer. A sign-in that may not go uncounted is refused until it does."""

    @property
    def words(self) -> tuple[str, str]:
        """What happened, as title and sentence."""
        return (
            _("Staff cannot sign in for the moment"),
            _("The service that counts tries does not answer, and nobody comes in uncounted."),
        )


class TryCounter:
    """Counts tries: in Redis, where there is one, then in the database."""

    def __init__(self, shared: SharedCounts | None) -> None:
        self.shared = shared
        self._table = SqlStorage()
        self._kept = FixedWindowRateLimiter(self._table)

    def count(self, limits: list[tuple[RateLimitItem, str]], amount: int = 1, *, needs_shared: bool = False) -> int:
        """Count some tries against each of several limits; return 0, or the seconds to wait when one is used up.

        Raises:
            CountsDown: Redis does not answer, and `needs_shared` says that the database is not enough.
        """
        _give_connection_back()
        if self.shared:
            try:
                if wait := next(filter(None, (self.shared.count(limit, key, amount) for limit, key in limits)), 0):
                    return wait
            except SharedCountsDown:
                if needs_shared:
                    raise CountsDown(retry_after=ASK_REDIS_AGAIN_AFTER) from None
        # First read only: a caller who is past a limit causes no write, which would make everybody wait for the disk.
        for act in (self._kept.test, self._kept.hit):
            for limit, key in limits:
                if not act(limit, key, cost=amount):
                    return seconds_until(self._kept.get_window_stats(limit, key).reset_time)
        return 0

    def give_back(self, limits: list[tuple[RateLimitItem, str]]) -> None:
        """Take one counted try off each of several limits. While Redis is down, its own count ends with its window."""
        _give_connection_back()
        for limit, key in limits:
            self._table.give_back(limit.key_for(key))
            if self.shared:
                with suppress(SharedCountsDown):
                    self.shared.give_back(limit, key)


def _give_connection_back() -> None:
    """End the reading of this request, whose connection counts the try then.

    A request that held one and waited for another would wait for others that do the same.
    """
    if "writing" not in db.session.info:
        db.session.rollback()


installed_counter = Installed[TryCounter]("try_counter")


def seconds_until(instant: float) -> int:
    """Return the whole seconds until an instant of the machine's clock, rounded up; 1 at least."""
    return max(1, math.ceil(instant - time.time()))


def register(app: Flask, redis_url: str | None) -> None:
    """Set up the counting of tries: in the database, behind Redis where given."""
    installed_counter.put(app, TryCounter(SharedCounts(redis_url) if redis_url else None))


def count_try(limits: Iterable[tuple[str, str]], *, needs_shared: bool = False) -> None:
    """Count one try against several limits; call it before the work it protects and outside a transaction.

    A try that is past one limit does not count against the next ones. So name first the limit of this caller only: when
    it is used up, they cannot use up a limit that others share.

    Args:
        limits: pairs of a limit such as "10 per 5 minutes" and the key it is counted by, such as "sign-in:account:…".
        needs_shared: whether to refuse a try that Redis cannot count, where Redis is used.

    Raises:
        TooManyTries: when one of them is used up.
        CountsDown: Redis does not answer, with `needs_shared`.
    """
    counter: TryCounter = installed_counter()
    if wait := counter.count([(parse(text), key) for text, key in limits], needs_shared=needs_shared):
        raise TooManyTries(retry_after=wait)


def give_back_try(limits: Iterable[tuple[str, str]]) -> None:
    """Take back a try that `count_try` counted, when the portal did not do the work that the try was for."""
    counter: TryCounter = installed_counter()
    counter.give_back([(parse(text), key) for text, key in limits])


def caller_network() -> str:
    """Return the network of the caller: a whole /64 counts as one in IPv6, where a home has billions of addresses."""
    address = read_address(request.remote_addr or "")
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address or "unknown")


@job("web.purge_rate_counts", every=timedelta(hours=1))
def purge_rate_counts(run: JobRun) -> None:
    """Delete counts whose time is over. An attack leaves one for each address that it tries."""
    over = select(RateCount.key).where(RateCount.expires < time.time()).limit(PURGED_AT_ONCE)
    statement = delete(RateCount).where(RateCount.key.in_(over.scalar_subquery())).returning(RateCount.key)
    while True:
        with transaction() as session:
            removed = len(session.execute(statement.execution_options(synchronize_session=False)).all())
        if removed < PURGED_AT_ONCE:
            return
        run.renew()
