"""A correction stays: against the next file of its system until that says the same, and after a restored backup."""

import json
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.config import Settings
from portal.infrastructure.database import db
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.personal_data.corrections.models import Correction
from portal.personal_data.ledger.commands import replay_ledger
from portal.records.models import Record
from portal.rights.correcting.after_restore import LOST
from portal.staff.desk.models import Act, OfficerNotice
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.cases import decide, open_case, staff_browser
from tests.support.erasing.pages import team
from tests.support.filing import CAMILLE, OF, ask_to_correct, only_request, trust_device
from tests.support.looking.audit_trail import events
from tests.support.packages import take_in
from tests.support.records import Importer, Line, record
from tests.support.servers.databases import Database


def address(city: str) -> Line:
    return record("postal_address", "A-1", {"use": "billing", "line1": "1 rue Haute", "city": city}, OF)


@pytest.fixture
def camille(people: People) -> Browser:
    browser = people.signed_in(CAMILLE)
    trust_device()
    take_in(address("Lille"), record("civil_identity", "I-1", {"title": "mrs", "family_name": "Lefèvre"}, OF))
    return browser


def value(kind: str, field: str) -> object:
    db.session.rollback()
    return db.session.execute(select(Record).where(Record.kind == kind)).scalar_one().values[field]


def released() -> bool:
    db.session.rollback()
    return db.session.execute(select(Correction.released_at)).scalar_one() is not None


def test_an_old_line_keeps_it_and_a_new_one_releases_it(
    app: Flask, settings: Settings, tmp_path: Path, camille: Browser, people: People
) -> None:
    """Vector 15, by the command in a process of its own."""
    importer = Importer(app, settings, tmp_path)
    ask_to_correct(camille, "contact", "Corriger (Ville)", value_city="Lyon")
    assert decide(open_case(team(people)[0], only_request().reference), "granted").status == 200
    for city, is_released in (("Lille", False), ("Lyon", True)):
        db.session.remove()
        done = importer.run("--json", str(importer.file(address(city))))
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["refused"] == []
        assert (value("postal_address", "city"), released()) == ("Lyon", is_released), f"after {city}"
    take_in(address("Nantes"))
    assert value("postal_address", "city") == "Nantes", "its system goes on from there"


def replay(app: Flask) -> str:
    done = app.test_cli_runner().invoke(replay_ledger)
    assert done.exit_code == 0, done.output
    return str(done.output)


def notices() -> list[str]:
    db.session.rollback()
    return list(db.session.execute(select(OfficerNotice.about).where(OfficerNotice.act == Act.LOST)).scalars())


def test_a_backup_that_knows_the_request_has_it_corrected_again(
    app: Flask, camille: Browser, people: People, database: Database
) -> None:
    ask_to_correct(camille, "contact", "Corriger (Ville)", value_city="Lyon")
    staff, reference = team(people)[0], only_request().reference
    run_due_jobs()
    database.back_up(app)
    decide(open_case(staff, reference), "granted")
    run_due_jobs()
    database.restore(app)
    assert value("postal_address", "city") == "Lille"
    assert "1 corrected" in replay(app)
    assert (value("postal_address", "city"), notices()) == ("Lyon", [])
    take_in(address("Lille"))
    assert value("postal_address", "city") == "Lyon", "it resists as before"


def test_officers_read_which_correction_a_backup_lost(
    app: Flask, camille: Browser, people: People, database: Database
) -> None:
    """The ledger holds no value, so what the backup does not know is named, for the person to be asked again."""
    people.staff("officer", "officer@example.org", name="Hélène Aubry")
    run_due_jobs()
    database.back_up(app)
    ask_to_correct(camille, "identity", "Corriger (Civilité)", value_title="mr")
    reference = only_request().reference
    run_due_jobs()
    database.restore(app)
    replay(app)
    assert value("civil_identity", "title") == "mrs"
    assert notices() == [f"{reference}, État civil, Civilité"]
    (event,) = events(LOST)
    assert (event.facts["reference"], event.facts["field"]) == (reference, "title")
    desk = staff_browser(app, "officer@example.org").get("/staff/notices")
    assert "Correction perdue par une restauration" in desk.text and reference in desk.text
