"""Every table about a customer belongs to a holding, so that no answer to an access request forgets it."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import MetaData, Table

from portal.infrastructure.database import db
from portal.personal_data.expiry.endings import endings, parts
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


# Tables about nobody, and why they are no part of what is held.
NOT_ABOUT_PEOPLE = {
    "api_tokens": "machines",
    "clock_marks": "the machine's clock",
    "complete_deliveries": "sources",
    "counters": "numbers",
    "ended_endpoints": "addresses of machines",
    "jobs": "identifiers of rows",
    "preference_totals": "numbers",
    "store_findings": "objects of the store",
}


def test_every_table_is_in_one_part_or_about_nobody(app: Flask) -> None:
    named = [table for part in parts() for table in part.tables]
    assert sorted(named) == sorted(set(named)), "a table has two parts"
    forgotten = set(db.metadata.tables) - set(named) - set(NOT_ABOUT_PEOPLE)
    assert not forgotten, f"name {sorted(forgotten)} in a Part, in the domain's ends.py"
    assert not set(named) & set(NOT_ABOUT_PEOPLE)
    assert set(named) <= set(db.metadata.tables)


def test_every_part_ends_or_says_why_not(app: Flask) -> None:
    known = {part.code for part in parts()}
    for part in parts():
        assert part.endings or part.ends_with or part.stays, f"{part.code}: how does it end?"
        assert part.ends_with in known | {None}, part.code


def test_every_ending_says_what_and_why_in_both_languages(app: Flask) -> None:
    for ending in endings():
        for label in (ending.label, ending.starts, ending.ground):
            assert label.fr != label.en, ending.code
        assert ending.term.text("fr") != ending.term.text("en"), ending.code
        assert ending.every <= timedelta(days=1)
