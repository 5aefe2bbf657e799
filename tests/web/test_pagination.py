"""Keyset pages: complete, in order, both ways, and deaf to cursors that we did not make."""

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.exceptions import BadRequest

from portal.infrastructure.counters import Counter
from portal.infrastructure.database import transaction
from portal.web.pagination import Page, keyset_page


@pytest.fixture
def counters(app: Flask) -> list[tuple[int, str]]:
    rows = [(number // 3, f"name{number:02}") for number in range(20)]
    with transaction() as session:
        session.add_all(Counter(name=name, value=value) for value, name in rows)
    return sorted(rows, key=lambda row: (-row[0], row[1]))


def page_at(cursor: str | None, size: int = 6) -> Page[Counter]:
    columns = [(Counter.value, True), (Counter.name, False)]
    return keyset_page(
        select(Counter), columns, lambda row: (row.value, row.name), cursor=cursor, size=size, name="counters"
    )


def keys(page: Page[Counter]) -> list[tuple[int, str]]:
    return [(row.value, row.name) for row in page.rows]


def test_every_row_comes_once_and_in_order(counters: list[tuple[int, str]]) -> None:
    seen, page = [], page_at(None)
    assert page.previous_cursor is None
    while True:
        seen += keys(page)
        if page.next_cursor is None:
            break
        page = page_at(page.next_cursor)
    assert seen == counters


def test_going_back_shows_the_page_before(counters: list[tuple[int, str]]) -> None:
    first = page_at(None)
    second = page_at(first.next_cursor)
    third = page_at(second.next_cursor)
    assert keys(page_at(third.previous_cursor)) == keys(second)
    back = page_at(page_at(third.previous_cursor).previous_cursor)
    assert keys(back) == keys(first)
    assert back.previous_cursor is None
    assert back.next_cursor is not None


def test_a_row_added_meanwhile_moves_nothing(counters: list[tuple[int, str]]) -> None:
    first = page_at(None)
    with transaction() as session:
        session.add(Counter(name="newest", value=99))
    assert keys(page_at(first.next_cursor)) == counters[6:12]


@pytest.mark.parametrize("cursor", ["x", "W3Rd.abc", "\u0000", "a" * 5000])
def test_a_foreign_cursor_is_refused(counters: list[tuple[int, str]], cursor: str) -> None:
    with pytest.raises(BadRequest):
        page_at(cursor)


def test_a_cursor_of_another_list_is_refused(counters: list[tuple[int, str]]) -> None:
    cursor = page_at(None).next_cursor
    with pytest.raises(BadRequest):
        keyset_page(
            select(Counter), [(Counter.value, True)], lambda row: (row.value,), cursor=cursor, size=5, name="others"
        )


def test_an_empty_list_has_no_neighbours(app: Flask) -> None:
    page = page_at(None)
    assert page.rows == []
    assert page.next_cursor is None
    assert page.previous_cursor is None
