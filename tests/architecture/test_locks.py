"""Locks of rows are as weak as they may be, and taken in the one order that the portal writes down."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.audit.models import AuditHead
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.infrastructure.locking.order import ORDER
from portal.infrastructure.locking.rows import lock_row
from portal.rights.models import RightsRequest
from tests.support.looking.lock_order import LockedOutOfOrder, locked_tables

PORTAL = Path(__file__).parents[2] / "portal"


def strong_locks(source: str) -> Iterator[int]:
    """Yield the lines that lock rows by FOR UPDATE, for which whoever adds a row that refers to them has to wait."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        is_lock = isinstance(node.func, ast.Attribute) and node.func.attr == "with_for_update"
        if is_lock and not any(word.arg == "key_share" for word in node.keywords):
            yield node.lineno
        for word in node.keywords:
            if word.arg == "with_for_update" and "key_share" not in ast.unparse(word.value):
                yield word.value.lineno


def test_nobody_who_adds_a_row_waits_for_a_lock_on_what_it_refers_to() -> None:
    found = [
        f"{path.relative_to(PORTAL.parent)}:{line}: add key_share=True (FOR NO KEY UPDATE)"
        for path in sorted(PORTAL.rglob("*.py"))
        for line in strong_locks(path.read_text("utf-8"))
    ]
    assert not found, "\n".join(found)


def test_strong_locks_are_found() -> None:
    source = "a.with_for_update()\nget(A, 1, with_for_update=True)\na.with_for_update(key_share=True)\n"
    assert list(strong_locks(source)) == [1, 2]


def test_every_table_of_the_order_is_there(app: Flask) -> None:
    assert set(ORDER) <= set(db.metadata.tables)
    assert ORDER[-1] == "audit_head", "every transaction that is audited locks it: last, and for the shortest time"


@pytest.mark.parametrize(
    ("first", "then", "is_right"),
    [(Customer, RightsRequest, True), (RightsRequest, Customer, False), (AuditHead, Customer, False)],
)
def test_a_transaction_that_breaks_the_order_fails(app: Flask, first: Any, then: Any, is_right: bool) -> None:
    def lock() -> None:
        with transaction():
            for model in (first, then):
                lock_row(model, 1)

    if is_right:
        lock()
    else:
        with pytest.raises(LockedOutOfOrder, match="is locked after"):
            lock()


def test_what_waits_for_nobody_is_no_lock() -> None:
    assert locked_tables(select(Customer)) == []
    assert locked_tables(select(Customer).with_for_update(read=True, key_share=True)) == []
    assert locked_tables(select(Customer).with_for_update(key_share=True)) == ["customers"]
