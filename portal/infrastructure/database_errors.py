"""Take people's data out of the errors of the database, before anybody writes one down.

SQLAlchemy leaves the parameters of a statement out by itself (`hide_parameters`, in `portal/app.py`). The databases say
more: PostgreSQL adds the row that it refused, or the key that was there, and quotes a value that it cannot read; SQLite
quotes a text that is not UTF-8.
"""

from sqlalchemy import Engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import StatementError

_DATA_EXCEPTION = "22"
"""The class of PostgreSQL's codes (SQLSTATE) whose first sentence quotes the value."""


def words_without_values(error: BaseException) -> str:
    """Return what may be written down of an error of a driver: what went wrong, and no value of any row."""
    if getattr(error, "sqlite_errorname", None):
        return str(error)  # said by SQLite itself, which names columns and no values
    code = getattr(error, "sqlstate", None)
    if code is None:
        # A connection that failed names a machine. Whatever else a driver refuses by itself may quote a value.
        return str(error) if _is_lost_connection(error) else ""
    quotes = code.startswith(_DATA_EXCEPTION)
    return f"{'' if quotes else error.diag.message_primary or ''} (SQLSTATE {code})".strip()  # type: ignore[attr-defined]


def _is_lost_connection(error: BaseException) -> bool:
    return type(error).__name__ == "OperationalError" and type(error).__module__.startswith("psycopg")


@event.listens_for(Engine, "handle_error")
def _forget_values(context: ExceptionContext) -> None:
    """Rewrite an error and what SQLAlchemy made of it: a trace prints both."""
    error, wrapper = context.original_exception, context.sqlalchemy_exception
    if wrapper is None:
        return
    words = words_without_values(error)
    error.args = (words,)
    if isinstance(wrapper, StatementError):
        wrapper.args = (f"({type(error).__module__}.{type(error).__name__}) {words}",)
