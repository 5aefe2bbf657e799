"""Do something once more that the database undid so that others could go on."""

import logging
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError

from portal.infrastructure.database import commits, db
from portal.infrastructure.locking.faults import is_given_up

logger = logging.getLogger("portal.locking")

Result = TypeVar("Result")


def run_twice(act: Callable[[], Result], *, forget: Callable[[], None] = lambda: None) -> Result:
    """Return what `act` returns; run it a second time if PostgreSQL ended its transaction (40P01, 40001).

    It is run a second time only if nothing was committed by then: whatever was committed would be done twice.

    Args:
        forget: puts back what `act` may have changed outside the database, before the second time.

    Raises:
        DBAPIError: the second time ended as the first; it may be tried again later.
    """
    before = commits()
    try:
        return act()
    except DBAPIError as error:
        if not is_given_up(error) or commits() != before:
            raise
        logger.warning("undone by the database, done once more", extra={"code": getattr(error.orig, "sqlstate", "")})
    db.session.rollback()
    forget()
    return act()
