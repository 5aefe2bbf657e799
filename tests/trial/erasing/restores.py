"""A backup is put back, or a replica that lagged is promoted: what people took back since stays so (keeping.md, 13).

The web process is a real one, started anew on the old database: it serves nobody until `flask restore replay` is through,
which is killed once on its way. What the ledger holds is then so, and what machines kept of the feed is told from it.
"""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import requests
from sqlalchemy import func, select

from portal.access.models import ApiToken
from portal.access.permissions import Role
from portal.access.tokens import create_token
from portal.accounts.models import AccountSession
from portal.audit.verification import verify_chain
from portal.customers.models import CustomerStatus
from portal.identity_checks.documents.shredding import FOLDER, shred
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
from tests.support.servers.databases import (
    drop_database,
    hear_every_system,
    new_database,
    postgresql_server,
    without_power,
)
from tests.support.servers.ports import free_port
from tests.support.servers.served import until
from tests.trial.erasing.dying import work_to_the_end
from tests.trial.erasing.replicas import folder_of, replica_of
from tests.trial.installation import Installation, forget_connections, installation, kill

THREE, WHO = range(3), ("erase", "object", "withdraw", "restrict")
FLAG, CHANGES = "offers.email", "/feed/v1/preferences"
SERVED = ("/unsubscribe", "/language", "/static/")
"""What settled.md 1.3 leaves open: whoever wants no more mails, and the page that explains, with its two languages."""
PATIENCE = 60


@dataclass
class Drill:
    """An installation whose database goes back in time, and what was noted before."""

    portal: Installation
    port: int
    feed: FeedClient
    link: str = ""
    cursors: list[str] = field(default_factory=list)
    etags: list[tuple[str, str]] = field(default_factory=list)
    token: str = ""
    requests: dict[str, str] = field(default_factory=dict)
    erased: list[int] = field(default_factory=list)
    web: "subprocess.Popen[bytes] | None" = None

    @property
    def store(self) -> Path:
        return self.portal.folder / "storage"

    @property
    def backup(self) -> Path:
        return self.portal.folder.with_name("backup")

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def serve(self) -> None:
        """Start the web process, and wait until it lives; whether it serves is another question."""
        self.web = self.portal.start("serve", "--port", str(self.port))
        until(lambda: _status(self.url("/healthz")) == 200 or None, "a web process that lives", PATIENCE)

    def stop(self) -> None:
        if self.web is not None:
            kill(self.web)
            self.web = None

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Let nobody have the database open meanwhile, and start the web process anew afterwards."""
        self.stop()
        forget_connections()
        yield
        self.serve()

    def remember_feed(self) -> None:
        """Keep what a machine keeps of the feed: a cursor, and the tag of each customer's state."""
        self.cursors.append(self.feed.get(CHANGES).get_json()["next"])
        for path in (f"{CHANGES}/C-{who}{number}" for who in WHO for number in THREE):
            self.etags.append((path, self.feed.get(path).headers["ETag"]))


def restore_what_was_taken_back(reduced: bool) -> str:
    """Put a plain copy back on both databases, and promote a replica that lagged."""
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
        with drill.at_rest():
            _copy(file, drill.backup / file.name)
            _copy(drill.store, drill.backup / "storage")
        _take_back(drill)
        with drill.at_rest():
            for name in (f"{file}-wal", f"{file}-shm"):
                Path(name).unlink(missing_ok=True)
            _copy(drill.backup / file.name, file)
            _copy(drill.backup / "storage", drill.store)
        return f"SQLite: {_after(drill)}"


def _on_postgresql(address: str) -> str:
    with _drill(PORTAL_DATABASE_URL=new_database(address, "portal")) as drill:
        with drill.at_rest():
            new_database(address, "backup", copy_of="portal")
            _copy(drill.store, drill.backup / "storage")
        _take_back(drill)
        with drill.at_rest():
            drop_database(address, "portal")
            new_database(address, "portal", copy_of="backup")
            _copy(drill.backup / "storage", drill.store)
        return f"PostgreSQL, copied by template: {_after(drill)}"


def _promoted() -> str:
    """Cut a streaming replica off, take back on the primary what people take back, lose that, promote the replica.

    Nobody starts the processes anew: they have one address for both servers, and find the one that can be written to.
    """
    with postgresql_server() as address:
        both = f"{new_database(address, 'portal')},{folder_of(address)}&target_session_attrs=read-write"
        with _drill(PORTAL_DATABASE_URL=both) as drill, replica_of(address) as replica:
            replica.cut_off()
            _take_back(drill)
            forget_connections()
            with without_power(address):
                replica.promote()
                shut = _shuts_by_itself(drill)
                found = _after(drill)
                drill.stop()
                forget_connections()
    return f"PostgreSQL, a replica that lagged, {shut}: {found}"


def _shuts_by_itself(drill: Drill) -> str:
    """Wait until a process that ran all the while serves nothing more; say how long it took, and what it served."""
    began, undone = time.monotonic(), 0
    path, headers = drill.url(f"{CHANGES}/C-object0"), {"Authorization": f"Bearer {drill.feed.token}"}
    while True:
        answer = requests.get(path, headers=headers, timeout=PATIENCE)
        undone += answer.status_code == 200 and answer.json()["flags"][FLAG]
        if answer.status_code == 503 and _reason(drill) == ["ledger"]:
            took = time.monotonic() - began
            return f"shut {took:.1f} s after it was promoted and {undone} answers of what was taken back"
        assert time.monotonic() - began < PATIENCE, f"the feed answers {answer.status_code}: {answer.text}"


def _reason(drill: Drill) -> Any:
    return requests.get(drill.url("/readyz"), timeout=PATIENCE).json().get("reasons")


def _copy(file_or_folder: Path, there: Path) -> None:
    """Copy as `cp` does; what lies there goes before."""
    if file_or_folder.is_dir():
        shutil.rmtree(there, ignore_errors=True)
        shutil.copytree(file_or_folder, there)
    else:
        shutil.copy(file_or_folder, there)


@contextmanager
def _drill(**settings: str) -> Iterator[Drill]:
    """Make an installation with a served portal, and everybody in it who will take something back."""
    port = free_port()
    with installation(PORTAL_PUBLIC_URL=f"http://localhost:{port}", **settings) as portal, portal.app.app_context():
        hear_every_system()
        drill = Drill(portal, port, FeedClient(portal.app))
        drill.backup.mkdir()
        try:
            _before(drill)
            drill.serve()
            yield drill
        finally:
            drill.stop()
            forget_connections()


def _before(drill: Drill) -> None:
    people = People(drill.portal.app)
    for who in WHO:
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
    run_due_jobs()
    assert _stored_documents(drill), "no document to destroy"
    drill.remember_feed()


def _stored_documents(drill: Drill) -> list[Path]:
    return [path for path in (drill.store / FOLDER).rglob("*") if path.is_file()]


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
    run_due_jobs()
    _check(drill)
    drill.remember_feed()


def _grant(reference: str) -> None:
    named = select(RightsRequest).where(RightsRequest.reference == reference)
    with transaction() as session:
        catch_up(session.execute(named).scalar_one())
    with transaction() as session:
        reviewer = session.execute(select(StaffMember).where(StaffMember.role == Role.REVIEWER)).scalar_one()
        request = session.execute(named).scalar_one()
        decide(request, reviewer, Draft(Way.PROPOSED, "C’est fait."), request.version)


def _after(drill: Drill) -> str:
    """The old database is there: all is shut, a killed replay leaves it so, a whole one opens it, and nothing is back."""
    forget_connections()
    assert flags_on(_address("object", 0)) == {FLAG}, "the backup did not bring it back: this shows nothing"
    assert db.session.execute(select(func.count(Record.id))).scalar_one() > 0
    db.session.rollback()
    pages = _check_shut(drill)
    stopped = requests.post(drill.url(drill.link), data={"List-Unsubscribe": "One-Click"}, timeout=PATIENCE)
    assert stopped.status_code == 200, f"unsubscribing answers {stopped.status_code}"
    killed_after = _replay_killed(drill, 5)
    _check_shut(drill)
    replayed = drill.portal.run("restore", "replay")
    assert replayed.returncode == 0, f"the replay failed: {replayed.stderr}"
    until(lambda: _status(drill.url("/sign-in")) == 200 or None, "open doors after the replay", PATIENCE)
    assert _status(drill.url("/readyz")) == 200
    forget_connections()
    open_sessions = select(func.count(AccountSession.id)).where(AccountSession.ended_at.is_(None))
    assert db.session.execute(open_sessions).scalar_one() == 0
    work_to_the_end(lambda: _all_are_erased(drill))
    _check(drill)
    assert flags_on("later@example.org") == set(), "an unsubscribe made while it was shut is lost"
    assert standing() is Standing.LEVEL
    for cursor in drill.cursors:
        assert drill.feed.get(f"{CHANGES}?after={cursor}").status_code == 410, cursor
    for path, etag in drill.etags:
        assert drill.feed.get(path, If_None_Match=etag).status_code == 200, f"{path} is said to be unchanged"
    assert verify_chain().fault is None
    assert broken() == {}, broken()
    return (
        f"all {pages} addresses and readyz 503 before and after a replay killed behind {killed_after} lines; then 3 "
        "erased, 3 objected, 3 withdrawn, 3 restricted, 1 request, 1 document with its bytes, 1 token as before; "
        f"{len(drill.cursors)} old cursors 410, {len(drill.etags)} old tags never 304"
    )


def _check_shut(drill: Drill) -> int:
    """Every address of the portal answers 503, but those that stop messages; return how many did."""
    shut = 0
    with requests.Session() as line:
        for rule in drill.portal.app.url_map.iter_rules():
            path = re.sub(r"<[^>]*>", "1", rule.rule)
            if path.startswith(SERVED):
                continue
            for method in {"GET", "POST", "PUT", "DELETE"} & (rule.methods or set()):
                status = line.request(method, drill.url(path), timeout=PATIENCE, allow_redirects=False).status_code
                assert status == 503, f"{method} {path} answers {status} before the replay"
                shut += 1
        assert shut > 200
        for path, etag in drill.etags:
            headers = {"Authorization": f"Bearer {drill.feed.token}", "If-None-Match": etag}
            assert line.get(drill.url(path), headers=headers, timeout=PATIENCE).status_code == 503
    assert _status(drill.url("/readyz")) == 503
    assert _status(drill.url("/healthz")) == 200
    assert _status(drill.url(drill.link)) == 200, "whoever wants no more mails is turned away"
    return shut


def _replay_killed(drill: Drill, lines: int) -> int:
    """Replay in a process that is killed before the commit of a line; return behind how many."""
    forget_connections()
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
    assert _stored_documents(drill) == []
    assert db.session.execute(select(ApiToken.revoked_at).where(ApiToken.public_id == drill.token)).scalar_one()


def _all_are_erased(drill: Drill) -> bool:
    db.session.rollback()
    done = select(func.count(Erasure.id)).where(Erasure.state == ErasureState.DONE, Erasure.step == "over")
    return bool(db.session.execute(done).scalar_one() == len(drill.erased))


def _status(url: str) -> int:
    try:
        return requests.get(url, timeout=PATIENCE, allow_redirects=False).status_code
    except requests.ConnectionError:
        return 0
