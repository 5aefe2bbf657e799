"""How many connections a process opens to the database, how many it keeps, and what it does before a full server."""

import time
from typing import Any

from sqlalchemy import Engine, event

from portal.config import Settings

SECONDS_FOR_A_CONNECTION = 10
"""How long a thread waits for one of the process's own connections."""

SECONDS_TO_CONNECT = 5
"""How long a server may take to answer at all."""

SECONDS_FOR_A_PLACE = 5.0
"""How long a process asks again for a place on a server that is full or starting."""

_ASK_AGAIN_AFTER = 0.1


def engine_options(settings: Settings) -> dict[str, Any]:
    """Return the options of the engine of a process.

    Few connections are kept while nobody uses them: they would take their places from processes that have work.
    """
    options: dict[str, Any] = {
        "pool_size": settings.database_pool_idle,
        "max_overflow": settings.database_pool - settings.database_pool_idle,
        "pool_timeout": SECONDS_FOR_A_CONNECTION,
        "hide_parameters": True,  # an error that is printed must not carry what was to be written
    }
    if settings.database_url.startswith("postgresql") and "connect_timeout" not in settings.database_url:
        options["connect_args"] = {"connect_timeout": SECONDS_TO_CONNECT}
    return options


@event.listens_for(Engine, "do_connect")
def _connect(dialect: Any, _record: Any, arguments: Any, parameters: Any) -> Any:
    """Connect to PostgreSQL, which answers FATAL while it is full or starting: it lets us in a little later."""
    if dialect.name != "postgresql":
        return None
    deadline = time.monotonic() + SECONDS_FOR_A_PLACE
    while True:
        try:
            return dialect.connect(*arguments, **parameters)
        except dialect.loaded_dbapi.OperationalError as error:
            if "FATAL" not in str(error) or time.monotonic() >= deadline:
                raise
        time.sleep(_ASK_AGAIN_AFTER)
