"""Values that were corrected here stay, field by field, until their system sends the same; all else of a line flows."""

from typing import Any

import pytest
from sqlalchemy import select

from portal import clock
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.personal_data.corrections.models import Correction, CorrectionResult
from portal.records.models import Record
from portal.rights.acting import Act
from portal.rights.clock import running
from portal.rights.filing.beginning import new_request, note_filed
from portal.rights.intents import Intent
from tests.support.records import Importer, customer, record

CITY = "Lyon"


def address(city: str | None = "Lille", line1: str = "1 rue Haute", **facts: Any) -> dict[str, Any]:
    values = {"use": "billing", "line1": line1} | ({"city": city} if city else {})
    return record("postal_address", "A-1", values, source="platform", **facts)


def stored() -> Record:
    db.session.rollback()
    return db.session.execute(select(Record)).scalar_one()


def corrected(value: str | None = CITY) -> None:
    """Correct the town of the address here, as a case does."""
    with transaction() as session:
        held, person = session.execute(select(Record)).scalar_one(), session.execute(select(Customer)).scalar_one()
        held.values = {name: each for name, each in held.values.items() if name != "city"}
        held.values |= {"city": value} if value else {}
        held.corrected_at, held.corrected_fields = clock.now(), ["city"]
        session.add(
            Correction(
                request_id=filed(person), customer_id=person.id, part="records", kind="postal_address",
                external_id="A-1", field="city", held={"value": "Lille"}, proposed={"value": value},
                result=CorrectionResult.CORRECTED, applied_at=clock.now(),
            )
        )  # fmt: skip


def filed(person: Customer) -> int:
    """File a request as the portal does, and return its id."""
    request = new_request(person, Intent.CORRECT, {}, "fr")
    db.session.add(request)
    running.start_clock(request, clock.now())
    note_filed(Act(request, "portal"))
    return request.id


def released() -> bool:
    db.session.rollback()
    return db.session.execute(select(Correction.released_at)).scalar_one() is not None


def test_a_line_changes_the_other_fields_and_not_the_corrected_one(importer: Importer) -> None:
    importer.take(customer(), address())
    corrected()
    report = importer.take(address(line1="2 rue Basse"))
    assert (report["accepted"], report["unchanged"]) == (1, 0)
    assert (stored().values["city"], stored().values["line1"]) == (CITY, "2 rue Basse")
    assert (stored().corrected_fields, released()) == (["city"], False)
    assert importer.take(address(line1="2 rue Basse"))["unchanged"] == 1


@pytest.mark.parametrize("value", [CITY, None])
def test_the_field_is_free_once_its_system_sends_the_same(importer: Importer, value: str | None) -> None:
    importer.take(customer(), address())
    corrected(value)
    assert importer.take(address(value))["accepted"] == 1
    assert (stored().values.get("city"), stored().corrected_fields, released()) == (value, [], True)
    assert importer.take(address("Nantes"))["accepted"] == 1
    assert stored().values["city"] == "Nantes"


def test_one_file_may_send_the_same_and_then_something_newer(importer: Importer) -> None:
    importer.take(customer(), address())
    corrected()
    importer.take(address("Lille"), address(CITY), address("Nantes"))
    assert (stored().values["city"], stored().corrected_fields, released()) == ("Nantes", [], True)


def test_a_value_that_was_taken_away_here_does_not_come_back(importer: Importer) -> None:
    importer.take(customer(), address())
    corrected(None)
    importer.take(address("Lille", line1="2 rue Basse"))
    assert "city" not in stored().values
