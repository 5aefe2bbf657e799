"""Limits on tries, counted in the database so that they survive a restart and hold across processes."""

import ipaddress
import time
from collections.abc import Iterable

from flask import Flask, current_app, request
from limits import RateLimitItem, parse
from limits.storage import RedisStorage, Storage
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import Float, String, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql.expression import case
from werkzeug.exceptions import TooManyRequests

from portal.infrastructure.database import db


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

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        return None

    def clear(self, key: str) -> None:
        with db.engine.connect().execution_options(portal_write=True) as connection, connection.begin():
            connection.execute(delete(RateCount).where(RateCount.key == key))


class TooManyTries(TooManyRequests):
    """A limit is reached; `retry_after` says in how many seconds it opens again."""


def register(app: Flask, redis_url: str | None) -> None:
    """Set up the counting of tries: in Redis where given, else in the database."""
    storage: Storage = RedisStorage(redis_url) if redis_url else SqlStorage()
    app.extensions["rate_limiter"] = FixedWindowRateLimiter(storage)


def count_try(limits: Iterable[tuple[str, str]]) -> None:
    """Count one try against several limits; call it before the work it protects and outside a transaction.

    Args:
        limits: pairs of a limit such as "10 per 5 minutes" and the key it is counted by, such as "sign-in:account:…".

    Raises:
        TooManyTries: when one of them is used up.
    """
    limiter: FixedWindowRateLimiter = current_app.extensions["rate_limiter"]
    for text, key in limits:
        limit: RateLimitItem = parse(text)
        if not limiter.hit(limit, key):
            reset = limiter.get_window_stats(limit, key).reset_time
            raise TooManyTries(retry_after=max(1, int(reset - time.time())))


def caller_network() -> str:
    """Return the network of the caller: a whole /64 counts as one in IPv6, where a home has billions of addresses."""
    try:
        address = ipaddress.ip_address(request.remote_addr or "")
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
