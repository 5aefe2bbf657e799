"""A person with a row in every table is erased: nothing of them is left but what the parts say they leave."""

import logging
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.config import Settings
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.personal_data.erasure.becoming import leaves
from portal.personal_data.erasure.checking.invariants import broken
from portal.personal_data.erasure.checking.reach import reached_tables
from portal.personal_data.erasure.checking.recount import left_by_address, left_of
from portal.personal_data.erasure.models import ErasureState
from tests.support.acting.people import People
from tests.support.erasing.erasures import carried_out, scheduled
from tests.support.erasing.planting import ADDRESS, WORD, plant
from tests.support.erasing.remnants import in_rows
from tests.support.looking.searching import found_in_files
from tests.support.servers.databases import Database, SqliteDatabase

WORDS = (WORD, ADDRESS)


def test_every_table_that_leads_to_a_person_is_planted(app: Flask, people: People) -> None:
    plant(people.staff().id)
    for table in reached_tables():
        assert db.session.execute(select(func.count()).select_from(table)).scalar_one() >= 1, table.name


def test_nothing_is_left_beyond_what_the_parts_leave(
    app: Flask, people: People, settings: Settings, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    customer_id = plant(people.staff().id)
    assert {table for table, _column, _value in in_rows(WORDS)} >= {"mails", "records", "accounts", "request_events"}
    caplog.set_level(logging.DEBUG)
    erasure = carried_out(scheduled(customer_id))
    assert (erasure.state, erasure.position) == (ErasureState.DONE, "")
    kept = leaves() | {"archived_records": frozenset(db.metadata.tables["archived_records"].columns.keys())}
    found = [each for each in in_rows(WORDS) if each[1] not in kept.get(each[0], frozenset())]
    assert found == []
    assert list(in_rows((ADDRESS,))) == []
    assert ADDRESS not in caplog.text
    assert broken() == {}
    assert list(installed.storage().list("")) == []
    if isinstance(database, SqliteDatabase):
        folders = (settings.instance, Path(database.url.removeprefix("sqlite:///")).parent)
        # What was sent by mail has left the portal; in a test it goes to a folder.
        kept = [path for path in found_in_files(folders, [ADDRESS.encode()]) if "/mail/" not in path]
        assert kept == []


def test_the_recount_finds_each_table_that_was_forgotten(app: Flask, people: People) -> None:
    """The control: without the erasure the recount names every table, and each column that must be empty."""
    customer_id = plant(people.staff().id)
    named = {each.table for each in left_of(customer_id)}
    whole = {table.name for table in reached_tables()} - {"records", "archived_records"} - set(leaves())
    assert whole <= named
    assert {"customers", "consent_records", "access_log_entries", "rights_requests", "dispatches"} <= named


def test_the_recount_finds_an_address_that_is_nobodys(app: Flask, people: People) -> None:
    plant(people.staff().id)
    with transaction() as session:
        mails = db.metadata.tables["mails"]
        session.execute(mails.update().values(customer_id=None))
    assert [str(each) for each in left_by_address([ADDRESS])] == ["mails.to_address: 1"]
