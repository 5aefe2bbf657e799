"""Who may read, change, keep and remove what of a customer whose data are restricted: the whole matrix."""

from itertools import chain
from typing import Any

import orjson
import pytest
from flask import Flask
from sqlalchemy import select

from portal.exports.contents import items_of
from portal.infrastructure.database import db, transaction
from portal.personal_data.keeping.clause import About, Act, may_go
from portal.personal_data.registry import read
from portal.personal_data.restrictions.door import Locked, Reader
from portal.personal_data.restrictions.grounds import Ground18, UseReason
from portal.personal_data.restrictions.locking import restrict
from portal.records.imports.ingest import start_run
from portal.records.models import Record
from tests.support.acting.people import People
from tests.support.packages import take_in
from tests.support.preferences import customer_of
from tests.support.records import invoice, record, removed, visit

LOCKED = "usage"
PASS = (Reader.PERSON, Reader.PACKAGE, Reader.CASE)


@pytest.fixture
def camille(app: Flask, people: People) -> int:
    people.customer(external_id="C-1001")
    take_in(visit(1), invoice())
    with transaction():
        restrict(customer_of("camille@example.org").id, None, Ground18.CLAIMS, [LOCKED])
    return customer_of("camille@example.org").id


def kinds_read(customer_id: int, category: str, reader: Reader, because: UseReason | None = None) -> list[str]:
    held = read(customer_id, category, "fr", reader, because=because)
    return [item.kind for item in chain.from_iterable(items for _holding, items in held)]


@pytest.mark.parametrize("reader", Reader)
@pytest.mark.parametrize("because", [None, *UseReason])
def test_restricted_data_are_read_by_whom_they_serve_or_with_a_reason(
    camille: int, reader: Reader, because: UseReason | None
) -> None:
    if reader in PASS or because:
        assert kinds_read(camille, LOCKED, reader, because) == ["page_visit"]
    else:
        with pytest.raises(Locked):
            kinds_read(camille, LOCKED, reader)
    assert kinds_read(camille, "transaction", reader) == ["invoice"], "what is not restricted is as before"


@pytest.mark.parametrize(
    ("act", "goes"),
    [(Act.PURGE, {"invoice"}), (Act.ARCHIVE, {"invoice"}), (Act.ERASE, {"invoice", "page_visit"})],
)
def test_what_is_restricted_stays_and_goes_at_the_wish_of_the_person_alone(
    camille: int, act: Act, goes: set[str]
) -> None:
    about = About(Record.customer_id, Record.category, Record.kind, Record.external_id)
    assert set(db.session.execute(select(Record.kind).where(may_go(about, act))).scalars()) == goes


def test_the_copy_of_the_person_has_it(camille: int) -> None:
    assert [item.kind for item in items_of(camille, LOCKED, "fr", "access")] == ["page_visit"]


@pytest.mark.parametrize(
    ("line", "refusals"),
    [
        (visit(2), 0),  # new: stored, and locked as the rest
        (visit(1), 0),  # says nothing new
        (visit(1) | {"recorded_at": "2026-02-01T10:00:00+01:00"}, 1),
        (removed("page_visit", "V-1"), 1),
        (invoice(amount="1.00"), 0),
        (removed("invoice", "F-2026-0088"), 0),
        (record("profile_segment", "S-1", {"segment": "A"}), 0),  # its own category is not restricted
    ],
)
def test_a_system_stores_and_changes_nothing_held(camille: int, line: dict[str, Any], refusals: int) -> None:
    refused: list[object] = []
    start_run(refused.append).run([(1, orjson.dumps(line))], actor="command", channel="command")
    assert len(refused) == refusals
