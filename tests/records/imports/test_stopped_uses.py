"""What serves a use alone that a person objected to with success does not come in any more (art. 21(1))."""

import pytest
from sqlalchemy import select

from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.personal_data.stops.changing import settle
from portal.personal_data.stops.models import StopState
from portal.records.imports.record_writing import STOPPED
from tests.support.records import Importer, customer, record, visit

FRAUD = {"score": 12, "level": "low"}


def stopped(*purposes: str, state: StopState = StopState.STOPPED) -> None:
    with transaction():
        person = db.session.execute(select(Customer.id)).scalar_one()
        for purpose in purposes:
            settle(person, purpose, state, None)


def test_an_import_for_a_stopped_use_alone_is_refused_in_its_own_words(importer: Importer) -> None:
    importer.take(customer(), record("fraud_score", "S-1", FRAUD))
    stopped("fraud_prevention")
    changed = record("fraud_score", "S-1", FRAUD | {"score": 80})
    report = importer.take(changed, record("fraud_score", "S-2", FRAUD), visit(1), code=1)
    assert [(line["field"], line["reason"]) for line in report["refused"]] == [("kind", STOPPED)] * 2
    assert (report["accepted"], report["erased"]) == (1, 0)


def test_what_serves_another_use_too_still_comes_in(importer: Importer) -> None:
    """Visits serve statistics and security: they are refused when both have stopped, and not before."""
    importer.take(customer())
    stopped("statistics")
    assert importer.take(visit(1))["accepted"] == 1
    stopped("security")
    assert importer.take(visit(2), code=1)["refused_count"] == 1


@pytest.mark.parametrize("state", [StopState.WEIGHING, StopState.OVERRIDDEN])
def test_what_is_weighed_or_continued_still_comes_in(importer: Importer, state: StopState) -> None:
    importer.take(customer())
    stopped("fraud_prevention", state=state)
    assert importer.take(record("fraud_score", "S-1", FRAUD))["accepted"] == 1
