"""Every table about a customer belongs to a holding, so that no answer to an access request forgets it."""

from flask import Flask
from sqlalchemy import MetaData, Table

from portal.infrastructure.database import db
from portal.personal_data.registry import holdings


def tables_about_customers(metadata: MetaData) -> set[str]:
    """Return the tables from which foreign keys lead to the customers table."""
    reached = {"customers"}
    while True:
        found = {table.name for table in metadata.tables.values() if _points_at(table, reached)}
        if found <= reached:
            return reached
        reached |= found


def _points_at(table: Table, names: set[str]) -> bool:
    return any(key.column.table.name in names for key in table.foreign_keys)


def test_every_table_about_a_customer_has_a_keeper(app: Flask) -> None:
    kept = set().union(*(holding.tables for holding in holdings()))
    forgotten = tables_about_customers(db.metadata) - kept
    assert not forgotten, f"name {sorted(forgotten)} in the tables of a Holding, in the domain's personal_data.py"


def test_no_holding_names_a_table_that_is_gone(app: Flask) -> None:
    for holding in holdings():
        assert holding.tables <= set(db.metadata.tables), (
            f"{holding.code}: {sorted(holding.tables - set(db.metadata.tables))}"
        )


def test_no_table_has_two_keepers(app: Flask) -> None:
    seen: dict[str, str] = {}
    for holding in holdings():
        for table in holding.tables:
            assert table not in seen, f"{table} is kept by {seen.get(table)} and by {holding.code}"
            seen[table] = holding.code


def test_every_holding_says_how_long_in_both_languages(app: Flask) -> None:
    for holding in holdings():
        with app.test_request_context():
            french, english = holding.retention("fr"), holding.retention("en")
        assert french, holding.code
        assert english, holding.code
        assert french != english, f"{holding.code}: the retention is said in one language only"
