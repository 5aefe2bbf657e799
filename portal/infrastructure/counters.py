"""Numbers in the order of commits: a counter's row stays locked from the moment a number is taken until the commit."""

from sqlalchemy import BigInteger, String
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from portal.infrastructure.database import db


class Counter(db.Model):
    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


def next_number(name: str) -> int:
    """Return the next number of a named series, starting at 1. Call it inside `transaction()`."""
    insert = postgresql.insert if db.session.connection().dialect.name == "postgresql" else sqlite.insert
    statement = insert(Counter).values(name=name, value=1)
    statement = statement.on_conflict_do_update(index_elements=["name"], set_={"value": Counter.value + 1})
    return int(db.session.execute(statement.returning(Counter.value)).scalar_one())
