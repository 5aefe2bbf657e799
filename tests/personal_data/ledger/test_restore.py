"""A backup is restored: nothing that people took back since returns, and nobody sees anything before (keeping.md, 13)."""

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select, text

from portal.access.models import ApiToken
from portal.access.permissions import Role
from portal.access.tokens import create_token
from portal.accounts.models import Account, AccountSession
from portal.accounts.sessions.after_restore import Way, note_way_gone
from portal.audit.models import AuditEvent
from portal.cli import doctor
from portal.customers.models import CustomerStatus
from portal.identity_checks.documents.shredding import shred
from portal.identity_checks.models import DocumentStatus, IdentityDocument
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.personal_data.ledger import replaying
from portal.personal_data.ledger.commands import replay_ledger
from portal.personal_data.ledger.doors import LOOK_AGAIN_SECONDS, Doors, doors
from portal.personal_data.ledger.models import EntryKind, LedgerEntry
from portal.personal_data.ledger.standing import Standing, standing
from portal.preferences.choices.consent import give, object_to_marketing
from portal.preferences.models import Origin
from portal.records.imports.commands import import_records
from portal.retention.commands import purge
from portal.rights import acting
from portal.rights.carrying_out.answering import answer_by_itself
from portal.rights.filing.withdrawal import withdraw
from portal.rights.lifecycle import Right, Status
from portal.staff.members.after_restore import note_role_lost, note_shut_out
from portal.staff.members.tokens import revoke_token
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser
from tests.support.acting.people import People
from tests.support.cases import case, taken_in
from tests.support.filing import all_documents, file_with_document_later, send_card
from tests.support.preferences import FeedClient, customer_of, flags_on, press, state_of
from tests.support.servers.databases import Database
from tests.support.servers.served import until

OBJECT = [f"object{number}@example.org" for number in range(3)]
WITHDRAW = [f"withdraw{number}@example.org" for number in range(3)]
RESTRICT = [f"restrict{number}@example.org" for number in range(3)]
CHANGES = "/feed/v1/preferences"
FLAG = "offers.email"


@dataclass
class Before:
    """What was there before the backup, and what the consumer kept of the feed after it."""

    feed: FeedClient
    link: str
    requests: dict[str, str] = field(default_factory=dict)
    token: str = ""
    cursor: str = ""
    etag: str = ""


def say_yes(email: str) -> None:
    with transaction():
        give(customer_of(email), FLAG, origin=Origin.PORTAL, wording="w", wording_version="1", language="fr")


@pytest.fixture
def shut_watch(app: Flask) -> Iterator[Doors]:
    """Doors that look at once, as those of a process that has just been started; the usual ones are back afterwards."""
    usual = doors.of(app)
    fresh = Doors(app)
    doors.put(app, fresh)
    yield fresh
    doors.put(app, usual)


def start_process(app: Flask) -> Doors:
    fresh = Doors(app)
    doors.put(app, fresh)
    return fresh


@pytest.fixture
def before(app: Flask, people: People, shut_watch: Doors) -> Before:
    for email in (*OBJECT, *WITHDRAW, *RESTRICT, "later@example.org"):
        people.account(email)
        say_yes(email)
    feed = FeedClient(app)
    link = feed.get("/feed/v1/unsubscribe-links/C-later").get_json()["url"].removeprefix("http://localhost:8000")
    made = Before(feed, link)
    made.requests = {email: taken_in(people, Right.RESTRICTION, email=email) for email in RESTRICT}
    made.requests["copy"] = file_document(people)
    people.staff(Role.ADMINISTRATOR)
    with transaction():
        made.token = create_token("campaign tool", ["preferences:read"])[0].public_id
    run_due_jobs()
    return made


def file_document(people: People) -> str:
    browser = people.signed_in("camille@example.org")
    page = send_card(file_with_document_later(browser).follow_to("/requests/identity/"))
    return page.url.split("/")[2]


def take_back(app: Flask, people: People, before: Before) -> None:
    """Do after the backup what must not be undone."""
    for email in OBJECT:
        with transaction():
            object_to_marketing(customer_of(email), Origin.PORTAL)
    for email in WITHDRAW:
        people.sign_in(email).get("/preferences").submit({FLAG: "refuse"}, with_field=FLAG)
    for email in RESTRICT:
        with transaction():
            answer_by_itself(acting.of_portal(case(before.requests[email]).id).request)
    with transaction() as session:
        shred(session.execute(select(IdentityDocument)).scalars())
        administrator = select(StaffMember).where(StaffMember.role == Role.ADMINISTRATOR)
        revoke_token(session.execute(administrator).scalar_one(), before.token)
    people.sign_in(WITHDRAW[0])
    run_due_jobs()
    before.cursor = before.feed.get(CHANGES).get_json()["next"]
    before.etag = before.feed.get(f"{CHANGES}/C-object0").headers["ETag"]


def replay(app: Flask, code: int = 0) -> str:
    done = app.test_cli_runner().invoke(replay_ledger)
    assert done.exit_code == code, done.output
    db.session.rollback()
    return done.output


SHUT = ("/", "/sign-in", "/data", "/policy", "/staff/sign-in", "/staff/queue", "/requests/new/access", "/cookies")


def check_shut(app: Flask, before: Before) -> None:
    for path in SHUT:
        page = Browser(app).get(path, follow=False)
        assert (page.status, page.h1) == (503, "Nous ne sommes pas encore ouverts"), path
    assert app.test_client().post("/sign-in").status_code == 503, "also for a page that was opened before"
    answer = before.feed.get(f"{CHANGES}/C-object0")
    assert (answer.status_code, answer.mimetype) == (503, "application/problem+json")
    assert app.test_client().get("/readyz").status_code == 503
    assert "ledger" in app.test_client().get("/readyz").get_json()["reasons"]
    assert app.test_client().get("/healthz").status_code == 200
    for command, arguments in ((import_records, ["-"]), (purge, [])):
        done = app.test_cli_runner().invoke(command, arguments)
        assert done.exit_code == 1
        assert "run flask restore replay" in done.output


def check_taken_back(before: Before) -> None:
    for email in (*OBJECT, *WITHDRAW, *RESTRICT):
        assert flags_on(email) == set(), email
        assert not before.feed.item(f"C-{email.partition('@')[0]}")["flags"][FLAG]
    for email in RESTRICT:
        assert customer_of(email).status is CustomerStatus.RESTRICTED
        assert state_of(email).reason == "restricted"
    for document in all_documents():
        assert (document.status, document.sealed_key) == (DocumentStatus.SHREDDING, None)
    assert db.session.execute(select(ApiToken.revoked_at).where(ApiToken.public_id == before.token)).scalar_one()


def test_what_was_taken_back_stays_so(app: Flask, people: People, before: Before, database: Database) -> None:
    database.back_up(app)
    take_back(app, people, before)
    check_taken_back(before)
    database.restore(app)
    assert flags_on(OBJECT[0]) == {FLAG}, "the backup brings it back"
    assert start_process(app).are_open() is False
    check_shut(app, before)

    # An unsubscribe made meanwhile counts.
    page = Browser(app).get(before.link)
    assert page.status == 200
    page = press(page, "Arrêter ces e-mails")
    assert page.h1 == "Nos e-mails sont arrêtés"
    assert run_due_jobs() == 0

    # Killed in the middle, it is still shut.
    calls = []

    def die_at_the_fifth(line: Any) -> None:
        calls.append(line)
        if len(calls) == 5:
            raise KeyboardInterrupt
        take_over(line)

    take_over = replaying._take_over
    with pytest.MonkeyPatch.context() as killed:
        killed.setattr(replaying, "_take_over", die_at_the_fifth)
        with pytest.raises(KeyboardInterrupt):
            replaying.replay()
    db.session.rollback()
    doors.of(app).look()
    check_shut(app, before)

    said = replay(app)
    assert "3 objected" in said
    doors.of(app).look()
    assert doors.of(app).is_open
    check_taken_back(before)
    assert flags_on("later@example.org") == set()
    run_due_jobs()
    assert standing() is Standing.LEVEL
    assert all_documents() == []

    # The consumer is told, and heals.
    assert before.feed.get(f"{CHANGES}?after={before.cursor}").status_code == 410
    assert before.feed.get(f"{CHANGES}/C-object0", If_None_Match=before.etag).status_code == 200
    cursor = before.feed.get(f"{CHANGES}.ndjson").headers["Feed-Cursor"]
    assert before.feed.get(f"{CHANGES}?after={cursor}").status_code == 200

    event = db.session.execute(select(AuditEvent).where(AuditEvent.tag == "portal:ledger:replayed")).scalar_one()
    counts = {name: event.facts[name] for name in ("objected", "restricted", "erased")}
    assert counts == {"objected": 3, "restricted": 3, "erased": 0}
    assert cursor.startswith(f"{event.facts['epoch']}.")
    open_sessions = select(AccountSession).where(AccountSession.ended_at.is_(None))
    assert db.session.execute(open_sessions).all() == []


def test_a_request_that_was_taken_back_stays_so(app: Flask, people: People, before: Before, database: Database) -> None:
    reference = taken_in(people, Right.ACCESS, email=WITHDRAW[0])
    run_due_jobs()
    database.back_up(app)
    with transaction():
        withdraw(case(reference).customer_id, reference)
    run_due_jobs()
    database.restore(app)
    assert case(reference).is_open
    replay(app)
    assert (case(reference).status, case(reference).is_open) == (Status.WITHDRAWN, False)


def test_replayed_twice_it_is_the_same(app: Flask, people: People, before: Before, database: Database) -> None:
    database.back_up(app)
    take_back(app, people, before)
    database.restore(app)
    replay(app)
    first = db.session.execute(text("SELECT customer_id, flags, reason FROM preference_states ORDER BY 1")).all()
    assert "nothing" in replay(app)
    assert (
        db.session.execute(text("SELECT customer_id, flags, reason FROM preference_states ORDER BY 1")).all() == first
    )
    epochs = db.session.execute(select(LedgerEntry.body).where(LedgerEntry.kind == EntryKind.EPOCH)).scalars().all()
    assert len({body["epoch"] for body in epochs}) == 2


def test_restored_a_second_time_from_the_same_backup(
    app: Flask, people: People, before: Before, database: Database
) -> None:
    database.back_up(app)
    take_back(app, people, before)
    database.restore(app)
    replay(app)
    start_process(app)
    cursor = before.feed.get(CHANGES).get_json()["next"]
    database.restore(app)
    assert start_process(app).are_open() is False
    replay(app)
    doors.of(app).look()
    check_taken_back(before)
    assert before.feed.get(f"{CHANGES}?after={cursor}").status_code == 410


def test_a_lost_password_does_not_open_again(app: Flask, people: People, before: Before, database: Database) -> None:
    database.back_up(app)
    browser = people.sign_in(OBJECT[0])
    with transaction():
        note_way_gone(db.session.execute(select(Account).where(Account.email == OBJECT[0])).scalar_one(), Way.PASSWORD)
    run_due_jobs()
    database.restore(app)
    replay(app)
    doors.of(app).look()
    assert db.session.execute(select(Account.password_hash).where(Account.email == OBJECT[0])).scalar_one() is None
    assert browser.get("/data", follow=False).status == 303


def test_a_process_that_serves_goes_on_without_the_ledger(
    app: Flask, people: People, shut_watch: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = people.signed_in()
    assert browser.get("/data").status == 200
    for found in (Standing.UNREACHABLE, Standing.BROKEN, Standing.BEHIND, Standing.EMPTY):
        monkeypatch.setattr("portal.personal_data.ledger.doors.standing", lambda found=found: found)
        shut_watch.look()
        assert browser.get("/data").status == 200
        assert start_process(app).are_open() is False, "one that starts now does not"
        doors.put(app, shut_watch)
    monkeypatch.setattr("portal.personal_data.ledger.doors.standing", lambda: Standing.AHEAD)
    shut_watch.look()
    assert browser.get("/data").status == 503, "the database under it was replaced"
    monkeypatch.undo()
    monkeypatch.setattr(shut_watch, "_looked_at", -LOOK_AGAIN_SECONDS * 1000)
    assert browser.get("/data").status == 200


def test_a_process_looks_at_once_when_its_connection_is_new(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind one address another database may stand from now on: nobody waits for the next look to see that."""
    monkeypatch.setattr("portal.personal_data.ledger.doors.WATCH_SECONDS", 600)
    watching = Doors(app)
    assert watching.are_open()
    looks: list[Standing] = []

    def lost_then_ahead() -> Standing:
        looks.append(Standing.AHEAD)
        match len(looks):
            case 1:
                raise OSError("the connection was to the server that is gone")
            case 2:
                return Standing.AHEAD
        raise SystemExit  # ends the thread that watches

    monkeypatch.setattr("portal.personal_data.ledger.doors.standing", lost_then_ahead)
    monkeypatch.setattr(threading, "excepthook", lambda _ended: None)
    watching.watch()
    (thread,) = (each for each in threading.enumerate() if each.name == "ledger")
    try:
        _connect_anew()
        until(lambda: not watching.is_open or None, "the look of a process that connected anew", 20)
        _connect_anew()
        thread.join(20)
        assert not thread.is_alive()
    finally:
        event.remove(db.engine, "connect", watching._note_connection)


def _connect_anew() -> None:
    db.session.remove()
    db.engine.dispose()
    db.session.execute(text("SELECT 1"))


def test_a_ledger_that_was_emptied_is_not_taken_for_level(app: Flask, before: Before, settings: Any) -> None:
    say_yes(OBJECT[0])
    with transaction():
        object_to_marketing(customer_of(OBJECT[0]), Origin.PORTAL)
    run_due_jobs()
    shutil.rmtree(settings.ledger_url.removeprefix("file://"))
    assert standing() is Standing.EMPTY
    serving = doors.of(app)
    serving.look()
    probe = app.test_client().get("/readyz")
    assert (probe.status_code, probe.get_json()["reasons"]) == (200, ["ledger_lines"]), "it serves on"
    assert set(probe.get_json()) == {"status", "reasons"}, "whoever reaches it need not know what an operator does"
    assert start_process(app).are_open() is False
    probe = app.test_client().get("/readyz")
    assert (probe.status_code, probe.get_json()["reasons"]) == (503, ["ledger"])
    assert set(probe.get_json()) == {"status", "reasons"}
    told = app.test_cli_runner().invoke(doctor).output
    assert "it is empty: it has no line" in told and "put its copy back" in told
    assert "PORTAL_LEDGER_URL" in replay(app, code=1)


def test_a_role_that_was_taken_and_a_member_who_was_shut_out(
    app: Flask, people: People, before: Before, database: Database
) -> None:
    people.staff(Role.OFFICER)
    people.staff(Role.REVIEWER)
    run_due_jobs()
    database.back_up(app)
    with transaction() as session:
        members = {member.role: member for member in session.execute(select(StaffMember)).scalars()}
        note_role_lost(members[Role.OFFICER], Role.SUPPORT)
        note_shut_out(members[Role.REVIEWER])
    run_due_jobs()
    database.restore(app)
    replay(app)
    roles = db.session.execute(select(StaffMember.role)).scalars().all()
    assert Role.OFFICER not in roles
    shut = select(StaffMember.disabled_at).where(StaffMember.role == Role.REVIEWER)
    assert db.session.execute(shut).scalar_one() is not None
