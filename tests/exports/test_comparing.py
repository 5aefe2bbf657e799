"""What changed since the last copy: counted by kind, without keeping the copy itself."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.exports.delivery import clear_chunks
from portal.exports.models import AnswerPackage
from portal.infrastructure.database import db
from tests.support.acting.people import People
from tests.support.packages import build, take_in
from tests.support.records import invoice, visit

OF = "C-camille"
Counts = tuple[int, int, int]


@pytest.fixture(autouse=True)
def camille(people: People) -> None:
    people.signed_in()
    take_in(invoice("F-1", of=OF), invoice("F-2", of=OF), visit(1, of=OF), visit(2, of=OF))


def files_of(package: AnswerPackage) -> dict[str, bytes]:
    archive = zipfile.ZipFile(io.BytesIO(b"".join(clear_chunks(package))))
    return {name: archive.read(name) for name in archive.namelist()}


def changes_in(files: dict[str, bytes]) -> dict[str, Counts]:
    told = json.loads(files["changes.json"])["changes"]
    return {change["kind"]: (change["added"], change["changed"], change["gone"]) for change in told}


def removed(kind: str, number: str) -> dict[str, str]:
    return {"type": "removed", "customer": OF, "kind": kind, "external_id": number}


def test_the_first_copy_has_nothing_to_compare_with() -> None:
    files = files_of(build())
    assert "changes.json" not in files
    assert "depuis votre dernière copie" not in files["index.html"].decode()


def test_a_later_copy_says_what_came_what_changed_and_what_went() -> None:
    first = build()
    made_at = first.made_at
    assert made_at is not None
    with clock.stopped_at(clock.now() + timedelta(days=40)):
        take_in(
            invoice("F-3", of=OF), invoice("F-2", "99.00", of=OF), visit(3, of=OF), visit(4, of=OF),
            removed("page_visit", "V-1"),
        )  # fmt: skip
        files = files_of(build())
    changes = changes_in(files)
    assert changes["invoice"] == (1, 1, 0)
    assert changes["page_visit"] == (2, 0, 1)
    assert changes["answer_package"] == (1, 0, 0), "the first copy itself"
    assert "customer_file" not in changes
    assert json.loads(files["changes.json"])["since"] == clock.written(made_at)
    page = files["index.html"].decode()
    assert "Ce qui a changé depuis votre dernière copie" in page


def test_what_is_kept_of_a_copy_for_it_are_counts_alone() -> None:
    build()
    kept = db.session.execute(select(AnswerPackage.kinds)).scalar_one()
    assert kept["transaction"] == {"invoice": 2}
    assert all(isinstance(count, int) for counts in kept.values() for count in counts.values())
