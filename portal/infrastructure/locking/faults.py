"""What an error of the database means: given up and worth a second try, busy, out, or a fault of ours."""

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout

GIVEN_UP = {"40P01", "40001"}
"""deadlock_detected, serialization_failure (PostgreSQL, appendix A): the same work goes through when done again."""

_LOCK_TIMEOUT = "55P03"
_SQLITE_BUSY = 5

# Classes of codes that say that the server cannot work now: connection, resources, operator intervention, system error;
# read-only (a standby, or a server that was demoted), and a session that it ended while idle.
_OUT_CLASSES = {"08", "53", "57", "58"}
_OUT = {"25006", "25P03"}


class OutcomeUnknown(Exception):
    """The connection broke while a transaction was being committed: nobody can tell whether it was kept."""


def is_given_up(error: BaseException) -> bool:
    """Whether the database undid a transaction so that others could go on."""
    return _code(error) in GIVEN_UP


def is_busy(error: BaseException) -> bool:
    """Whether others write or use every connection: nothing is broken, and the turn did not come in time."""
    if isinstance(error, PoolTimeout) or _code(error) in GIVEN_UP | {_LOCK_TIMEOUT}:
        return True
    sqlite = getattr(error.orig, "sqlite_errorcode", 0) if isinstance(error, DBAPIError) else 0
    return sqlite & 0xFF == _SQLITE_BUSY


def is_out(error: BaseException) -> bool:
    """Whether the database cannot be used for the moment: busy, full, restarting or away."""
    if isinstance(error, OperationalError | InterfaceError | PendingRollbackError) or is_busy(error):
        return True
    if not isinstance(error, DBAPIError):
        return False
    code = _code(error)
    return error.connection_invalidated or code in _OUT or code[:2] in _OUT_CLASSES


def _code(error: BaseException) -> str:
    """Return the SQLSTATE of an error of PostgreSQL; empty without one."""
    return getattr(error.orig, "sqlstate", None) or "" if isinstance(error, DBAPIError) else ""
