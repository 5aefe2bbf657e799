"""`flask doctor`: each fault is found, named with its cure, and ends the command with 1; a sound portal with 0."""

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text, update

from portal import clock
from portal.accounts.entry.limits import may_mail_unproven
from portal.audit.models import AuditEvent
from portal.cli import doctor, work
from portal.config import Settings, SettingsFault
from portal.identity_checks.decoding.isolation import ChildUnavailable
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job, JobStatus, Lane
from portal.infrastructure.passwords.breached import BreachedPasswords
from portal.infrastructure.scanner import ScannerState, scanner_from_url
from portal.infrastructure.sealing.keys import OpeningKeys, new_sealing_pair
from portal.infrastructure.sealing.needed_keys import refuse_without_keys
from portal.personal_data.erasure.models import Tombstone
from portal.personal_data.ledger.entries import note
from portal.personal_data.ledger.models import EntryKind, LedgerEntry
from portal.personal_data.ledger.shipping import ship
from portal.web.incoming.rate_limits import TryCounter
from portal.web.incoming.shared_counts import SharedCounts
from tests.support.acting.people import People
from tests.support.complete_organisation import complete_organisation
from tests.support.servers.databases import lift_append_only
from tests.support.servers.ports import free_port


@pytest.fixture
def examined(app: Flask) -> Callable[[], Result]:
    """Run the command in this process; its lines and exit code are for the test to judge."""
    return lambda: app.test_cli_runner().invoke(doctor)


def faults(done: Result) -> list[str]:
    found = [line.removeprefix("FAULT").strip() for line in done.output.splitlines() if line.startswith("FAULT")]
    assert done.exit_code == (1 if found else 0), done.output
    return found


def test_a_sound_portal_is_well(examined: Callable[[], Result], people: People) -> None:
    people.signed_in()
    done = examined()
    assert faults(done) == []
    for what in ("database", "storage", "keys", "jobs", "audit", "rendering"):
        assert f"well   {what}: " in done.output


def unfit(done: Result) -> set[str]:
    """Return what works and is not fit for real use, by the first words of its lines."""
    lines = [line.removeprefix("UNFIT").strip() for line in done.output.splitlines() if line.startswith("UNFIT")]
    assert all("works, but is not fit for real use: " in line for line in lines)
    return {line.partition(":")[0] for line in lines}


def test_what_works_for_a_trial_only_is_said_apart(examined: Callable[[], Result], app: Flask) -> None:
    done = examined()
    assert faults(done) == []
    assert unfit(done) == {"address", "ledger", "organisation", "mail", "scanner", "passwords"}
    assert done.output.endswith("It works, and is not fit for real use yet: see the lines with UNFIT.\n")
    runner = app.test_cli_runner()
    assert runner.invoke(doctor, ["--real-use"]).exit_code == 3
    told = json.loads(runner.invoke(doctor, ["--json"]).stdout)
    assert told["state"] == "not fit for real use"
    assert {finding["state"] for finding in told["findings"]} == {"well", "not fit for real use"}


def test_each_of_it_goes_with_its_cure(
    examined: Callable[[], Result], app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (settings.instance / "settings").write_text("PORTAL_MASTER_KEYS=v1:x\n")
    (settings.instance / "demo.json").write_text("{}")
    assert {"keys", "demonstration"} <= unfit(examined())
    if (url := db.engine.url).get_backend_name() == "sqlite":
        beside = settings.model_copy(update={"storage_url": f"file://{Path(url.database or '').parent / 'storage'}"})
        monkeypatch.setitem(app.extensions, "settings", beside)
        assert "storage" in unfit(examined())
    for name in ("settings", "demo.json"):
        (settings.instance / name).unlink()
    cures = {
        "public_url": "https://privacy.example.org", "storage_url": f"file://{tmp_path / 'elsewhere'}",
        "ledger_url": f"file://{tmp_path / 'ledger'}",
        "mail_url": f"smtp://127.0.0.1:{free_port()}",
        "organisation_file": tmp_path / "organisation.toml",
    }  # fmt: skip
    monkeypatch.setitem(app.extensions, "settings", settings.model_copy(update=cures))
    monkeypatch.setitem(app.extensions, "organisation", complete_organisation())
    monkeypatch.setitem(app.extensions, "scanner", scanner_from_url("clamd:///run/clamav/clamd.ctl"))
    done = examined()
    assert unfit(done) == {"passwords"}
    assert done.exit_code == 1, "a relay that does not answer is a fault, with or without the rest"
    assert app.test_cli_runner().invoke(doctor, ["--real-use"]).exit_code == 1


def test_it_leaves_nothing_behind(examined: Callable[[], Result], settings: Settings) -> None:
    examined()
    folder = Path(settings.storage_url.removeprefix("file://"))
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_it_works_as_a_command(run_flask: Any) -> None:
    done = run_flask("doctor", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "FAULT" not in done.stdout
    assert done.stderr == ""


def test_a_database_of_another_version(examined: Callable[[], Result], app: Flask) -> None:
    with transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    (fault,) = faults(examined())
    assert fault.startswith("database: at 0000, code at ")
    assert "flask upgrade-database" in fault


def test_a_database_that_cannot_be_read(examined: Callable[[], Result], app: Flask) -> None:
    with transaction() as session:
        session.execute(text("DROP TABLE alembic_version"))
    (fault,) = faults(examined())
    assert "check PORTAL_DATABASE_URL" in fault


def test_a_storage_that_cannot_be_written(
    examined: Callable[[], Result], app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: Any) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(app.extensions["storage"], "put", full)
    (fault,) = faults(examined())
    assert (
        fault
        == "storage: cannot be examined (OSError); check PORTAL_STORAGE_URL and that its folder or bucket can be written"
    )


def test_keys_that_do_not_fit(examined: Callable[[], Result], app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    _sealing, opening = new_sealing_pair()
    monkeypatch.setitem(app.extensions, "opening_keys", OpeningKeys.parse(opening))
    assert faults(examined()) == ["keys: opening keys do not fit PORTAL_SEALING_KEY"]
    monkeypatch.setitem(app.extensions, "opening_keys", None)
    done = examined()
    assert faults(done) == []
    assert "this process cannot open identity documents" in done.output


def test_a_mail_server_that_does_not_answer(
    examined: Callable[[], Result], app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"smtp://127.0.0.1:{free_port()}"
    monkeypatch.setitem(app.extensions, "settings", settings.model_copy(update={"mail_url": url}))
    (fault,) = faults(examined())
    assert fault.startswith("mail: 127.0.0.1 does not answer")
    assert fault.endswith("check PORTAL_MAIL_URL")


@pytest.mark.parametrize(
    ("setting", "url", "fault"),
    [
        (
            "database_url",
            "postgresql://portal@db.example.org/portal",
            "PORTAL_DATABASE_URL goes to db.example.org in clear",
        ),
        (
            "database_url",
            "postgresql://portal@db.example.org/portal?sslmode=prefer",
            "in clear; add sslmode=verify-full",
        ),
        ("database_url", "postgresql://portal@db.example.org/portal?sslmode=verify-full", None),
        ("database_url", "postgresql://portal@localhost/portal", None),
        ("database_url", "postgresql:///portal?host=/run/postgresql", None),
        ("mail_url", "smtp://mail.invalid:2525", "PORTAL_MAIL_URL goes to mail.invalid in clear; use smtps://"),
        ("mail_url", "smtp://mail.invalid:2525?starttls=1", None),
        ("mail_url", "smtps://mail.invalid:4650", None),
        ("scanner_url", "clamd://scanner.example.org:3310", "PORTAL_SCANNER_URL goes to scanner.example.org in clear"),
        ("scanner_url", "clamd:///run/clamav/clamd.ctl", None),
        ("storage_url", "s3://documents?endpoint=http://bucket.example.org", None),
        ("redis_url", "redis://counts.example.org/0", None),
    ],
)
def test_what_leaves_the_machine_in_clear(
    examined: Callable[[], Result], app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch,
    setting: str, url: str, fault: str | None,
) -> None:  # fmt: skip
    monkeypatch.setitem(app.extensions, "settings", settings.model_copy(update={setting: url}))
    found = [line for line in faults(examined()) if line.startswith("connections: ")]
    assert len(found) == (1 if fault else 0)
    assert all(fault in line for line in found if fault)


def test_what_is_sealed_and_goes_without_tls_is_named(
    examined: Callable[[], Result], app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = {"storage_url": "s3://d?endpoint=http://bucket.example.org", "redis_url": "redis://counts.example.org/0"}
    monkeypatch.setitem(app.extensions, "settings", settings.model_copy(update=urls))
    done = examined()
    assert "PORTAL_STORAGE_URL goes to bucket.example.org without TLS" in done.output
    assert "PORTAL_REDIS_URL goes to counts.example.org without TLS" in done.output


def test_a_scanner_that_does_not_answer(
    examined: Callable[[], Result], app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanner = scanner_from_url(f"clamd://127.0.0.1:{free_port()}?timeout=2")
    monkeypatch.setitem(app.extensions, "scanner", scanner)
    (fault,) = faults(examined())
    assert fault == "scanner: the scanner does not answer (ConnectionRefusedError); check PORTAL_SCANNER_URL"


def test_a_scanner_with_old_signatures(
    examined: Callable[[], Result], app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Old:
        def state(self) -> ScannerState:
            return ScannerState(True, "ClamAV 1.4", clock.now() - timedelta(days=3))

    monkeypatch.setitem(app.extensions, "scanner", Old())
    (fault,) = faults(examined())
    assert "run freshclam" in fault


def test_parked_jobs(examined: Callable[[], Result], app: Flask) -> None:
    with transaction() as session:
        session.add(Job(name="mail.send", arguments={}, run_at=clock.now(), status=JobStatus.PARKED))
    assert faults(examined()) == ["jobs: 1 parked; see last_error in the jobs table"]


def test_a_flood_of_strangers(examined: Callable[[], Result], app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        app.extensions, "settings", app.extensions["settings"].model_copy(update={"unproven_mails_an_hour": 1})
    )
    assert "mails to unproven addresses: 0 of 1 this hour" in examined().output
    with app.test_request_context():
        assert may_mail_unproven("nadia@example.org")
    with transaction() as session:
        session.add(Job(name="test", arguments={}, run_at=clock.now() - timedelta(hours=2), lane=Lane.STRANGERS))
    found = faults(examined())
    assert any("1 of 1 this hour; nobody new gets one" in fault for fault in found)
    assert any("jobs of strangers: 1 wait in their own lane" in fault for fault in found)


def test_a_changed_audit_trail(examined: Callable[[], Result], people: People) -> None:
    people.signed_in()
    lift_append_only()
    with db.engine.connect().execution_options(portal_write=True) as connection, connection.begin():
        connection.execute(update(AuditEvent).where(AuditEvent.sequence == 1).values(actor="portal:nobody"))
    changed, unguarded = faults(examined())
    assert changed.startswith("audit: event 1 was changed")
    assert unguarded.startswith("audit: the database no longer guards it (audit_events_")


def test_a_machine_on_which_no_document_can_be_decoded(
    examined: Callable[[], Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing() -> None:
        raise ChildUnavailable("nothing starts")

    monkeypatch.setattr("portal.doctor.chosen_way", nothing)
    (fault,) = faults(examined())
    assert fault.startswith("rendering: cannot be examined (ChildUnavailable); no identity document can be taken in")


def test_breached_passwords(
    app: Flask, examined: Callable[[], Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "only the common ones are refused" in examined().output
    path = tmp_path / "list.txt"
    path.write_text("0" * 39 + "1:5\n")
    monkeypatch.setitem(app.extensions, "breached_passwords", BreachedPasswords(path))
    assert "stolen ones are refused by a list of 0.0 MB" in examined().output
    path.unlink()
    assert any("check PORTAL_BREACHED_PASSWORDS_FILE" in fault for fault in faults(examined()))


def test_a_redis_that_does_not_answer(
    app: Flask, examined: Callable[[], Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = SharedCounts(f"redis://127.0.0.1:{free_port()}/0")
    monkeypatch.setitem(app.extensions, "try_counter", TryCounter(counts))
    assert any("staff cannot sign in; check PORTAL_REDIS_URL" in fault for fault in faults(examined()))


def test_a_restored_backup_and_lines_that_wait_are_faults(examined: Callable[[], Result], settings: Settings) -> None:
    with transaction():
        entry_id = note(EntryKind.OBJECTED, {"what": "choices", "customer": "c1", "flags": []}).id
    assert faults(examined()) == []
    with transaction() as session:
        session.get_one(LedgerEntry, entry_id).at = clock.now() - timedelta(minutes=2)
    [fault] = faults(examined())
    assert fault.startswith("ledger: a line waits since ")
    ship()
    assert faults(examined()) == []
    with transaction() as session:
        session.execute(text("DELETE FROM ledger_entries"))
    [fault] = faults(examined())
    assert fault.startswith("ledger: it is ahead") and fault.endswith("run flask restore replay")
    shutil.rmtree(settings.ledger_url.removeprefix("file://"))


def test_a_key_that_rows_need_is_named_and_no_process_starts(examined: Callable[[], Result], app: Flask) -> None:
    with transaction() as session:
        session.add(Tombstone(what="address", keyed_hash="0" * 64, key_version=7, ends_on=clock.today()))
    words = "PORTAL_TOMBSTONE_KEYS: rows in the database need key v7, which is missing; put it back"
    assert faults(examined()) == [f"keys: {words}"]
    with pytest.raises(SettingsFault, match="need key v7"):
        refuse_without_keys()
    done = app.test_cli_runner().invoke(work)
    assert (done.exit_code, words in done.output) == (1, True)
