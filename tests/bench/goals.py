"""On which database a bench runs, and how it says whether a goal is met.

`.venv/bin/python -m tests.bench.purges 200000 postgresql`: how many rows, and one database; without it, both.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from portal.infrastructure.database import db
from tests.support.servers.databases import new_database, postgresql_server
from tests.trial.installation import Installation, forget_connections, installation

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"
BOTH = (SQLITE, POSTGRESQL)

_ALONE = "&options=-c%20max_parallel_workers_per_gather%3D0"
"""PostgreSQL has no other process help the one that serves a connection: its processor time would not be counted."""


def asked(usual: int) -> tuple[int, tuple[str, ...]]:
    """Return how many rows the command line asks for, and on which databases."""
    words = sys.argv[1:]
    numbers = [int(word) for word in words if word.isdigit()]
    named = tuple(name for name in BOTH if name.lower() in words)
    return (numbers[0] if numbers else usual), named or BOTH


@contextmanager
def benched(database: str) -> Iterator[Installation]:
    """Make an installation on a database, with its application context."""
    if database == SQLITE:
        with installation() as portal, portal.app.app_context():
            yield portal
        return
    with (
        postgresql_server() as address,
        installation(PORTAL_DATABASE_URL=new_database(address, "bench") + _ALONE) as portal,
        portal.app.app_context(),
    ):
        yield portal
        forget_connections()


def settle(*tables: str) -> None:
    """Let PostgreSQL do at once what it does by itself a minute after many rows came, and long before they end."""
    if db.engine.dialect.name == "postgresql":
        db.session.rollback()
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in tables:
                connection.execute(text(f"VACUUM ANALYZE {table}"))


def tell_goal(name: str, measured: float, bound: float, unit: str = "", *, at_least: bool = False) -> None:
    """Print what was measured beside its goal, and whether that is met."""
    is_met = measured >= bound if at_least else measured <= bound
    word = "at least" if at_least else "at most"
    print(f"  {'met   ' if is_met else 'MISSED'} {name}: {measured:.2f}{unit} ({word} {bound:g}{unit})", flush=True)
