"""A line that ends a whole delivery: by it a system of the company is heard for a month."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from portal import clock
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.records.imports.deliveries import HEARD_FOR, silent_systems
from portal.records.imports.models import CompleteDelivery
from tests.support.records import Importer, complete, customer, invoice, ndjson

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nobody_heard(app: object) -> None:
    with transaction() as session:
        session.query(CompleteDelivery).delete()


def known() -> dict[str, str]:
    db.session.rollback()
    rows = db.session.execute(text("SELECT source, as_of FROM complete_deliveries"))
    return {source: str(as_of)[:16] for source, as_of in rows}


def test_a_source_ends_a_whole_delivery(importer: Importer) -> None:
    with clock.stopped_at(NOW):
        report = importer.take(customer(), invoice(), complete("billing", "2026-06-01T08:00:00+02:00"))
        assert (report["accepted"], report["refused"]) == (3, [])
        assert known() == {"billing": "2026-06-01 06:00"}
        again = importer.take(complete("billing", "2026-06-01T08:00:00+02:00"))
        assert (again["accepted"], again["unchanged"]) == (0, 1)


def test_an_older_line_takes_nothing_back(importer: Importer) -> None:
    with clock.stopped_at(NOW):
        importer.take(complete("billing", "2026-05-20T08:00:00Z"))
        report = importer.take(
            complete("billing", "2026-05-02T08:00:00Z"), complete("billing", "2026-05-21T08:00:00Z"),
            complete("billing", "2026-05-20T09:00:00Z"),
        )  # fmt: skip
    assert (report["accepted"], report["unchanged"]) == (1, 2)
    assert known() == {"billing": "2026-05-21 08:00"}


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        (complete("nowhere", "2026-05-20T08:00:00Z"), "source", "is not a registered system of the organisation file"),
        (complete("billing", "2026-06-02T08:00:00Z"), "at", "lies in the future"),
        (complete("billing", "2026-05-20"), "at", "needs a time zone, such as +01:00 or Z"),
        (complete("billing", "2026-05-20T08:00:00Z") | {"customer": "C-1"}, "customer", "is not known here; check the spelling"),
        ({"type": "complete", "source": "billing"}, "at", "is missing"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_true_is_refused(
    importer: Importer, line: dict[str, str], field: str, reason: str
) -> None:
    with clock.stopped_at(NOW):
        report = importer.take(line, code=1)
    assert report["refused"] == [{"line": 1, "field": field, "reason": reason}]
    assert known() == {}


def test_the_api_takes_the_same_line(send: Callable[..., TestResponse]) -> None:
    at = (clock.now() - timedelta(hours=1)).isoformat()
    answer = send(ndjson(complete("support", at), complete("nowhere", at)))
    assert answer.json == {
        "accepted": 1, "unchanged": 0, "archived": 0, "erased": 0,
        "refused": [{"line": 2, "field": "source", "reason": "is not a registered system of the organisation file"}],
    }  # fmt: skip
    assert list(known()) == ["support"]


def test_a_system_is_heard_for_thirty_one_days(importer: Importer) -> None:
    systems = [system.code for system in installed.organisation().systems]
    with clock.stopped_at(NOW):
        assert silent_systems(systems) == systems
        importer.take(*(complete(code, NOW.isoformat()) for code in systems))
        assert silent_systems(systems) == []
    with clock.stopped_at(NOW + HEARD_FOR - timedelta(seconds=1)):
        assert silent_systems(systems) == []
    with clock.stopped_at(NOW + HEARD_FOR):
        assert silent_systems(systems) == systems
