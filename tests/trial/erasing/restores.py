"""A backup is put back, or a replica that lagged is promoted: what people took back since stays so (keeping.md, 13).

The web process is a real one, started anew on the old database: it serves nobody until `flask restore replay` is through,
which is killed once on its way. What the ledger holds is then so, and what machines kept of the feed is told from it.
"""

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psycopg
import requests
from sqlalchemy import func, select

from portal.access.models import ApiToken
from portal.access.permissions import Role
from portal.access.tokens import create_token
from portal.accounts.models import AccountSession
from portal.app import create_app
from portal.audit.verification import verify_chain
from portal.config import Settings
from portal.customers.models import CustomerStatus
from portal.identity_checks.documents.shredding import shred
from portal.identity_checks.models import IdentityDocument
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.personal_data.erasure.checking.invariants import broken
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.personal_data.ledger import replaying
from portal.personal_data.ledger.standing import Standing, standing
from portal.preferences.choices.consent import give, object_to_marketing
from portal.preferences.models import Origin
from portal.records.models import Record
from portal.rights.deciding.decisions import Draft, catch_up, decide
from portal.rights.filing.withdrawal import withdraw
from portal.rights.items.deciding import Way
from portal.rights.lifecycle import Right, Status
from portal.rights.models import RightsRequest
from portal.staff.members.tokens import revoke_token
from portal.staff.models import StaffMember
from tests.support.acting.people import People
from tests.support.cases import case, taken_in
from tests.support.documents import specimens
from tests.support.erasing.erasures import scheduled, start_at_once, to_the_end
from tests.support.filing import all_documents, file_with_document_later, send_sides
from tests.support.hashing import use_quick_hasher
from tests.support.packages import take_in
from tests.support.preferences import FeedClient, customer_of, flags_on, state_of
from tests.support.records import invoice, visit
from tests.support.servers.databases import _prepared, hear_every_system, postgresql_server
from tests.trial.erasing.dying import work_to_the_end
from tests.trial.installation import Installation, installation, kill

THREE = range(3)
FLAG, CHANGES = "offers.email", "/feed/v1/preferences"
SHUT = ("/", "/sign-in", "/data", "/policy", "/cookies", "/staff/sign-in", "/staff/queue", "/requests/new/access")
PATIENCE = 60


@dataclass
class Drill:
    """An installation whose database goes back in time, and what was noted before."""

    portal: Installation
    port: int
    feed: FeedClient
    link: str = ""
    cursor: str = ""
    etag: str = ""
    token: str = ""
    requests: dict[str, str] = field(default_factory=dict)
    erased: list[int] = field(default_factory=list)
    web: "subprocess.Popen[bytes] | None" = None

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def serve(self) -> None:
        """Start the web process anew, and wait until it lives; whether it serves is another question."""
        self.stop()
        self.web = self.portal.start("serve", "--port", str(self.port))
        _wait(lambda: _status(self.url("/healthz")) == 200, "the web process does not live")

    def stop(self) -> None:
        if self.web is not None:
            kill(self.web)
            self.web = None


def restore_what_was_taken_back(reduced: bool) -> str:
    """Restore a copy on both databases, and promote a replica that lagged."""
    use_quick_hasher()
    found = [_on_sqlite()]
    with postgresql_server() as address:
        found.append(_on_postgresql(address))
    if not reduced:
        found.append(_promoted())
    return "; ".join(found)


def _on_sqlite() -> str:
    with _drill() as drill:
        file = Path(str(db.engine.url.database))
        _forget_connections()
        with closing(sqlite3.connect(file)) as own, closing(sqlite3.connect(file.with_suffix(".backup"))) as copy:
            own.backup(copy)
        _take_back(drill)
        drill.stop()
        _forget_connections()
        for name in (f"{file}-wal", f"{file}-shm"):
            Path(name).unlink(missing_ok=True)
        shutil.copy(file.with_suffix(".backup"), file)
        return f"SQLite: {_after(drill)}"


def _on_postgresql(address: str) -> str:
    with psycopg.connect(address.format(name="postgres"), autocommit=True) as own:
        own.execute("CREATE DATABASE portal")
        with _drill(PORTAL_DATABASE_URL=address.format(name="portal")) as drill:
            _forget_connections()
            drill.stop()
            own.execute("CREATE DATABASE backup TEMPLATE portal")
            drill.serve()
            _take_back(drill)
            drill.stop()
            _forget_connections()
            own.execute("DROP DATABASE portal WITH (FORCE)")
            own.execute("CREATE DATABASE portal TEMPLATE backup")
            found = _after(drill)
            _forget_connections()
        return f"PostgreSQL, copied by template: {found}"


def _promoted() -> str:
    """Cut a streaming replica off, take back on the primary what people take back, lose that, promote the replica."""
    with postgresql_server() as address, ExitStack() as until_the_end:
        with psycopg.connect(address.format(name="postgres"), autocommit=True) as own:
            own.execute("CREATE DATABASE portal")
        drill = until_the_end.enter_context(_drill(PORTAL_DATABASE_URL=address.format(name="portal")))
        replica = until_the_end.enter_context(_replica(address))
        _wait(lambda: _is_level(address, replica.address), "the replica did not catch up")
        replica.cut_off()
        _take_back(drill)
        drill.stop()
        _forget_connections()
        replica.promote()
        url = replica.address.format(name="portal")
        drill.portal.environment["PORTAL_DATABASE_URL"] = url
        drill.portal.app = create_app(Settings.from_environment(drill.portal.environment))
        with drill.portal.app.app_context():
            drill.feed.client = drill.portal.app.test_client(use_cookies=False)
            found = _after(drill)
            _forget_connections()
    return f"PostgreSQL, a replica that lagged: {found}"


class _Replica:
    """A server that follows another one."""

    def __init__(self, primary: Any, folder: Path) -> None:
        self._primary, self._folder = primary, folder
        self.address = f"postgresql://postgres@/{{name}}?host={folder}"

    def start(self) -> None:
        settings = f"-h '' -k {self._folder} -c fsync=off -c max_connections=300 -c hot_standby=on"
        self._run("pg_ctl", "start", "-w", "-s", "-D", str(self._folder), "-l", f"{self._folder}/log", "-o", settings)

    def copy(self, host: str) -> None:
        self._run(
            "pg_basebackup", "-D", str(self._folder), "-h", host, "-U", "postgres", "-R", "-X", "stream", "-c", "fast"
        )
        (self._folder / ".s.PGSQL.5432.lock").unlink(missing_ok=True)  # that of the primary's socket, copied too

    def cut_off(self) -> None:
        """Let nothing more come from the primary."""
        with psycopg.connect(self.address.format(name="postgres"), autocommit=True) as own:
            own.execute("ALTER SYSTEM SET primary_conninfo = ''")
            own.execute("SELECT pg_reload_conf()")
            gone = "SELECT count(*) FROM pg_stat_wal_receiver"
            _wait(lambda: own.execute(gone).fetchone() == (0,), "the replica still follows")

    def promote(self) -> None:
        self._run("pg_ctl", "promote", "-w", "-s", "-D", str(self._folder))

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "-m", "immediate", "-w", "-s", "-D", str(self._folder))

    def _run(self, name: str, *arguments: str) -> None:
        command = [str(self._primary.bin_path / name), *arguments]
        subprocess.run(command, check=True, user=self._primary.system_user, stdout=subprocess.DEVNULL)


@contextmanager
def _replica(address: str) -> Iterator[_Replica]:
    host = address.partition("?host=")[2]
    folder = Path(host).parent / "replica"
    primary = _prepared(Path(host))
    folder.mkdir(mode=0o700)
    shutil.chown(folder, primary.system_user) if primary.system_user else None
    replica = _Replica(primary, folder)
    replica.copy(host)
    replica.start()
    try:
        yield replica
    finally:
        replica.stop()


def _is_level(primary: str, replica: str) -> bool:
    with (
        psycopg.connect(primary.format(name="postgres")) as one,
        psycopg.connect(replica.format(name="postgres")) as two,
    ):
        written = one.execute("SELECT pg_current_wal_lsn()").fetchone()
        return bool(two.execute("SELECT pg_last_wal_replay_lsn() >= %s", written).fetchone() == (True,))


@contextmanager
def _drill(**settings: str) -> Iterator[Drill]:
    """Make an installation with a served portal, and everybody in it who will take something back."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with installation(PORTAL_PUBLIC_URL=f"http://localhost:{port}", **settings) as portal, portal.app.app_context():
        hear_every_system()
        drill = Drill(portal, port, FeedClient(portal.app))
        try:
            _before(drill)
            drill.serve()
            yield drill
        finally:
            drill.stop()
            _forget_connections()


def _before(drill: Drill) -> None:
    people = People(drill.portal.app)
    for who in ("erase", "object", "withdraw", "restrict"):
        for number in THREE:
            people.account(_address(who, number))
            _say_yes(_address(who, number))
    people.account("later@example.org")
    _say_yes("later@example.org")
    for number in THREE:
        of = f"C-erase{number}"
        take_in(*(visit(each, of=of) for each in range(5)), invoice(f"F-{number}", of=of))
        drill.requests[_address("restrict", number)] = taken_in(
            people, Right.RESTRICTION, email=_address("restrict", number)
        )
    drill.requests["copy"] = taken_in(people, Right.ACCESS, email=_address("withdraw", 0))
    browser = people.signed_in("camille@example.org")
    reference = file_with_document_later(browser).url.rpartition("/")[2]
    page = browser.get(f"/requests/identity/{reference}/document?paper=passport")
    send_sides(page, page=specimens.passport())
    assert len(all_documents()) == 1
    people.staff(Role.ADMINISTRATOR)
    people.staff(Role.REVIEWER)
    with transaction():
        drill.token = create_token("campaign tool", ["preferences:read"])[0].public_id
    drill.link = drill.feed.get("/feed/v1/unsubscribe-links/C-later").get_json()["url"].partition("localhost")[2]
    drill.link = drill.link[drill.link.index("/") :]
    work_to_the_end(drill.portal.app, _has_worked)


def _address(who: str, number: int) -> str:
    return f"{who}{number}@example.org"


def _say_yes(email: str) -> None:
    with transaction():
        give(customer_of(email), FLAG, origin=Origin.PORTAL, wording="w", wording_version="1", language="fr")


def _take_back(drill: Drill) -> None:
    """Do after the backup all that must not be undone."""
    people = People(drill.portal.app)
    for number in THREE:
        customer_id = customer_of(_address("erase", number)).id
        drill.erased.append(customer_id)
        erasure_id = scheduled(customer_id)
        start_at_once(erasure_id)
        to_the_end(erasure_id)
        with transaction():
            object_to_marketing(customer_of(_address("object", number)), Origin.PORTAL)
        page = people.sign_in(_address("withdraw", number)).get("/preferences")
        page.submit({FLAG: "refuse"}, with_field=FLAG)
        _grant(drill.requests[_address("restrict", number)])
    with transaction() as session:
        withdraw(case(drill.requests["copy"]).customer_id, drill.requests["copy"])
        shred(session.execute(select(IdentityDocument)).scalars())
        administrator = select(StaffMember).where(StaffMember.role == Role.ADMINISTRATOR)
        revoke_token(session.execute(administrator).scalar_one(), drill.token)
    work_to_the_end(drill.portal.app, _has_worked)
    _check(drill)
    drill.cursor = drill.feed.get(CHANGES).get_json()["next"]
    drill.etag = drill.feed.get(f"{CHANGES}/C-object0").headers["ETag"]


def _grant(reference: str) -> None:
    with transaction():
        catch_up(_case(reference))
    with transaction() as session:
        reviewer = session.execute(select(StaffMember).where(StaffMember.role == Role.REVIEWER)).scalar_one()
        request = _case(reference)
        decide(request, reviewer, Draft(Way.PROPOSED, "C’est fait."), request.version)


def _case(reference: str) -> RightsRequest:
    return db.session.execute(select(RightsRequest).where(RightsRequest.reference == reference)).scalar_one()


def _after(drill: Drill) -> str:
    """The old database is there: all is shut, a killed replay leaves it so, a whole one opens it, and nothing is back."""
    _forget_connections()
    assert flags_on(_address("object", 0)) == {FLAG}, "the backup did not bring it back: this shows nothing"
    assert db.session.execute(select(func.count(Record.id))).scalar_one() > 0
    db.session.rollback()
    drill.serve()
    _check_shut(drill)
    stopped = requests.post(drill.url(drill.link), data={"List-Unsubscribe": "One-Click"}, timeout=PATIENCE)
    assert stopped.status_code == 200, f"unsubscribing answers {stopped.status_code}"
    killed_after = _replay_killed(drill, 5)
    _check_shut(drill)
    replayed = drill.portal.run("restore", "replay")
    assert replayed.returncode == 0, f"the replay failed: {replayed.stderr}"
    drill.serve()
    ready = requests.get(drill.url("/readyz"), timeout=PATIENCE)
    assert ready.status_code == 200, f"the portal does not open after the replay: {ready.text}"
    assert _status(drill.url("/sign-in")) == 200
    _forget_connections()
    open_sessions = select(func.count(AccountSession.id)).where(AccountSession.ended_at.is_(None))
    assert db.session.execute(open_sessions).scalar_one() == 0
    work_to_the_end(drill.portal.app, lambda: _has_worked() and _all_are_erased(drill))
    _check(drill)
    assert flags_on("later@example.org") == set(), "an unsubscribe made while it was shut is lost"
    assert standing() is Standing.LEVEL
    assert drill.feed.get(f"{CHANGES}?after={drill.cursor}").status_code == 410
    assert drill.feed.get(f"{CHANGES}/C-object0", If_None_Match=drill.etag).status_code == 200
    assert verify_chain().fault is None
    assert broken() == {}, broken()
    return (
        f"{len(SHUT)} pages, the feed and readyz 503 before and after a replay killed behind {killed_after} lines; then "
        "3 erased, 3 objected, 3 withdrawn, 3 restricted, 1 request, 1 document, 1 token as before; old cursor 410"
    )


def _check_shut(drill: Drill) -> None:
    for path in (*SHUT, "/readyz"):
        assert _status(drill.url(path)) == 503, f"{path} answers {_status(drill.url(path))} before the replay"
    headers = {"Authorization": f"Bearer {drill.feed.token}", "If-None-Match": drill.etag}
    assert requests.get(drill.url(f"{CHANGES}/C-object0"), headers=headers, timeout=PATIENCE).status_code == 503
    assert _status(drill.url("/healthz")) == 200
    assert _status(drill.url(drill.link)) == 200, "whoever wants no more mails is turned away"


def _replay_killed(drill: Drill, lines: int) -> int:
    """Replay in a process that is killed before the commit of a line; return behind how many."""
    db.session.remove()
    db.engine.dispose()
    process = get_context("fork").Process(target=_replay_until, args=(drill.portal.app, lines), daemon=True)
    process.start()
    process.join(PATIENCE)
    assert process.exitcode == -signal.SIGKILL, f"the replay ended by {process.exitcode}"
    return lines


def _replay_until(app: Any, lines: int) -> None:
    number, left = replaying._number, [lines]

    def dies(entry: Any, line: Any) -> None:
        number(entry, line)
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    replaying._number = dies
    with app.app_context():
        replaying.replay()


def _check(drill: Drill) -> None:
    """What was taken back is so."""
    db.session.rollback()
    for number in THREE:
        for who in ("object", "withdraw", "restrict"):
            assert flags_on(_address(who, number)) == set(), f"{who}{number} is written to again"
            assert not drill.feed.item(f"C-{who}{number}")["flags"][FLAG]
        assert customer_of(_address("restrict", number)).status is CustomerStatus.RESTRICTED
        assert state_of(_address("restrict", number)).reason == "restricted"
        assert drill.feed.item(f"C-erase{number}")["reason"] == "erased"
    assert _all_are_erased(drill)
    kept = select(func.count(Record.id)).where(Record.customer_id.in_(drill.erased))
    assert db.session.execute(kept).scalar_one() == 0
    request = case(drill.requests["copy"])
    assert (request.status, request.is_open) == (Status.WITHDRAWN, False)
    assert all_documents() == []
    assert db.session.execute(select(ApiToken.revoked_at).where(ApiToken.public_id == drill.token)).scalar_one()


def _all_are_erased(drill: Drill) -> bool:
    db.session.rollback()
    done = select(func.count(Erasure.id)).where(Erasure.state == ErasureState.DONE, Erasure.step == "over")
    return bool(db.session.execute(done).scalar_one() == len(drill.erased))


def _has_worked() -> bool:
    run_due_jobs()
    return True


def _forget_connections() -> None:
    db.session.remove()
    db.engine.dispose()


def _status(url: str) -> int:
    try:
        return requests.get(url, timeout=PATIENCE, allow_redirects=False).status_code
    except requests.ConnectionError:
        return 0


def _wait(is_so: Callable[[], bool], fault: str) -> None:
    give_up = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < give_up, fault
        time.sleep(0.1)
