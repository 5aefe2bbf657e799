"""kill -9 anywhere between a document's first byte and its last: nothing readable stays, nothing accepted is lost.

Each round a person sends a passport drawn for that round to a real web process, a reviewer confirms it, and a worker
removes its bytes; somewhere on that way a process is killed. What the disk holds is then searched from outside.
"""

import random
import secrets
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import current_app
from sqlalchemy import delete, func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from portal import clock
from portal.audit.verification import verify_chain
from portal.identity_checks.documents.shredding import FOLDER
from portal.identity_checks.models import CheckResult, IdentityCheck, IdentityDocument, StoreFinding
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.infrastructure.jobs.queue import enqueue
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.infrastructure.sealing.streams import open_whole
from portal.rights.lifecycle import Status
from portal.rights.models import RightsRequest
from portal.web.incoming.kept_counts import RateCount
from tests.support.acting.browser import Browser, Page
from tests.support.acting.people import People
from tests.support.documents.planted import TRACE, Planted, planted_passport
from tests.support.filing import file_with_document_later
from tests.support.hashing import use_quick_hasher
from tests.support.looking.searching import found_in_files
from tests.support.servers.ports import free_port
from tests.trial.installation import Installation, installation, kill

PATIENCE = 60
ON_THE_WAY_IN = ("upload", "rendering", "sealing")
MOMENTS = (*ON_THE_WAY_IN, "decision", "shredding")


@dataclass
class Sent:
    """What the customer's browser or the reviewer's saw of a request: a status, or nothing when the line broke."""

    status: int | None

    @property
    def is_acknowledged(self) -> bool:
        return self.status is not None and 200 <= self.status < 400


@dataclass
class Round:
    """One person and the passport they send."""

    customer: Browser
    reference: str
    planted: Planted


@dataclass
class Trial:
    """The processes of an installation, and what was killed."""

    portal: Installation
    folders: list[Path]
    port: int
    people: People
    generator: random.Random = field(default_factory=lambda: random.Random(20261122))
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    killed: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)

    def start(self, *names: str) -> None:
        """Start what is not running, and wait until the web process answers."""
        arguments = {"web": ("serve", "--port", str(self.port)), "worker": ("work",)}
        for name in names:
            if name not in self.processes:
                self.processes[name] = self.portal.start(*arguments[name])
        _wait(lambda: self._answers("/healthz"), "the web process does not answer")

    def kill(self, name: str, moment: str) -> None:
        kill(self.processes.pop(name))
        self.killed[moment] += 1

    def stop(self) -> None:
        for name in list(self.processes):
            kill(self.processes.pop(name))

    def _answers(self, path: str) -> bool:
        return self.send(b"GET", path, {}, b"").status == 200

    def send(
        self, method: bytes, path: str, headers: dict[str, str], body: bytes,
        between: Callable[[float], None] = lambda share: None,
    ) -> Sent:  # fmt: skip
        """Send a request over a real connection in pieces; call `between` with the share that has gone out."""
        head = {"Host": f"localhost:{self.port}", "Connection": "close", "Content-Length": str(len(body))} | headers
        lines = b"".join(f"{name}: {value}\r\n".encode() for name, value in head.items())
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE) as line:
                line.sendall(method + b" " + path.encode() + b" HTTP/1.1\r\n" + lines + b"\r\n")
                for start in range(0, len(body), 8192):
                    between(start / len(body))
                    line.sendall(body[start : start + 8192])
                between(1)
                answer = line.recv(4096)
        except OSError:
            return Sent(None)
        return Sent(int(answer.split(b" ", 2)[1])) if answer.startswith(b"HTTP/1.1 ") else Sent(None)

    def submit(
        self, page: Page, values: dict[str, Any], with_field: str | None,
        between: Callable[[float], None] = lambda share: None, *, action: str | None = None,
    ) -> Sent:  # fmt: skip
        """Send a form of a page, filled as `Page.submit` does, to the real web process."""
        browser, filled = page.browser, _Filled()
        page.browser = filled  # type: ignore[assignment]
        page.submit(values, with_field=with_field, action=action)
        page.browser = browser
        kind, body = filled.encoded()
        cookies = "; ".join(f"{one.decoded_key}={one.decoded_value}" for one in browser.client._cookies.values())
        headers = {"Cookie": cookies, "Content-Type": kind, "Accept-Language": "fr"}
        return self.send(b"POST", filled.path, headers, body, between)

    def search(self, traces: Iterable[bytes]) -> None:
        """Look for what was planted in every file that the processes may have written."""
        found = found_in_files(self.folders, traces)
        assert not found, "\n".join(found)


class _Filled:
    """Stands where a page's browser does, and keeps the form instead of sending it."""

    path = ""
    data: dict[str, Any]
    is_upload = False

    def post(self, path: str, data: dict[str, Any], *, is_upload: bool, follow: bool) -> None:
        self.path, self.data, self.is_upload = path, data, is_upload

    def encoded(self) -> tuple[str, bytes]:
        if not self.is_upload:
            return "application/x-www-form-urlencoded", urlencode(self.data, doseq=True).encode()
        values = {
            name: [
                FileStorage(BytesIO(one[0]), one[1], content_type=one[2]) if isinstance(one, tuple) else one
                for one in items
            ]
            for name, items in self.data.items()
        }
        boundary, body = encode_multipart(values)
        return f"multipart/form-data; boundary={boundary}", body


def kill_on_the_way_of_a_document(reduced: bool) -> str:
    """Kill web processes and workers while documents come, are decided on and go."""
    kills = 5 if reduced else 200
    use_quick_hasher()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="portal-kills-") as name:
        settings = {"PORTAL_PUBLIC_URL": f"http://localhost:{port}", "TMPDIR": name}
        with installation(**settings) as portal, portal.app.app_context():
            trial = Trial(portal, [portal.folder, Path(name)], port, People(portal.app))
            try:
                return _run(trial, kills)
            finally:
                trial.stop()


def _run(trial: Trial, kills: int) -> str:
    _prove_that_the_search_finds(trial)
    reviewer = trial.people.signed_in_staff("reviewer")
    rounds = []
    while trial.killed.total() < kills:
        with transaction() as session:
            session.execute(delete(RateCount))
        one = _begin(trial, len(rounds))
        trial.start("web", "worker")
        _send_document(trial, one, ON_THE_WAY_IN[len(rounds) % len(ON_THE_WAY_IN)])
        _decide(trial, one, reviewer)
        trial.search(one.planted.traces)
        rounds.append(one)
    trial.start("web", "worker")
    _wait(_is_drained, "jobs are stuck")
    trial.stop()
    orphans = _check_end(trial, rounds)
    facts = ", ".join(f"{count} {what}" for what, count in sorted(trial.outcomes.items()))
    places = ", ".join(f"{trial.killed[moment]} at {moment}" for moment in MOMENTS)
    return (
        f"{sum(trial.killed.values())} kills ({places}); {facts}; {len(rounds)} documents accepted, seen whole, decided "
        f"and destroyed; {orphans} files without row, removed a day later; nothing readable on the disk"
    )


def _prove_that_the_search_finds(trial: Trial) -> None:
    """A search that never finds anything would prove nothing."""
    trace, file = secrets.token_bytes(TRACE), trial.folders[1] / "upload"
    file.write_bytes(b"before" + trace + b"after")
    try:
        trial.search([trace])
    except AssertionError:
        file.unlink()
        return
    raise AssertionError("the search missed a file in clear")


def _begin(trial: Trial, number: int) -> Round:
    """Have a person ask for a copy, the document to follow, and draw the passport that only this round has."""
    email = f"person{number}@example.org"
    customer = trial.people.signed_in(email)
    reference = file_with_document_later(customer).url.rpartition("/")[2]
    return Round(customer, reference, planted_passport())


def _send_document(trial: Trial, one: Round, moment: str) -> None:
    """Send the passport and kill the web process meanwhile; search, start again, and send it again if it was cut off."""
    page = one.customer.get(f"/requests/identity/{one.reference}/document?paper=passport")
    values = {"page": (one.planted.passport, "passport.jpg", "image/jpeg")}
    sent = trial.submit(page, values, "page", _killer(trial, moment))
    if "web" in trial.processes:
        trial.kill("web", moment)
    trial.search(one.planted.traces)
    trial.start("web")
    arrived = _documents(one)
    assert arrived or not sent.is_acknowledged, f"{one.reference}: an accepted document is lost"
    trial.outcomes["uploads kept" if arrived else "uploads cut off"] += 1
    if arrived:
        return
    page = one.customer.get(page.url + "?paper=passport")
    sent = trial.submit(page, values, "page")
    assert sent.is_acknowledged, f"{one.reference}: the document was answered {sent.status}"
    assert _documents(one), f"{one.reference}: acknowledged and not there"


def _killer(trial: Trial, moment: str) -> Callable[[float], None]:
    """Return what kills the web process at a moment of the upload, told how much of the body has gone out."""
    at = trial.generator.uniform(0.1, 0.95)
    delay = trial.generator.uniform(0, 0.1 if moment == "sealing" else 1.2)
    before = _stored(trial)

    def between(share: float) -> None:
        if "web" not in trial.processes:
            return
        if moment == "upload" and share >= at:
            trial.kill("web", moment)
        elif share == 1:
            if moment == "sealing":
                _wait(lambda: _stored(trial) != before, "nothing was stored", pause=0)
            time.sleep(delay)
            trial.kill("web", moment)

    return between


def _decide(trial: Trial, one: Round, reviewer: Browser) -> None:
    """Look at the document and confirm; kill the web process at the decision and the worker at the destruction."""
    _see_whole(one)
    case = reviewer.get(f"/staff/requests/{one.reference}").submit(action="/look")
    ticks = [box["value"] for box in case.tree.select("input[name=checklist]")]
    form = {"checklist": ticks, "result": "confirmed"}

    def kill_soon(share: float) -> None:
        if share == 1:
            time.sleep(trial.generator.uniform(0, 0.6))
            trial.kill("web", "decision")

    before = _stored(trial)
    sent = trial.submit(case, form, "result", kill_soon)
    _kill_at_destruction(trial, before)
    trial.search(one.planted.traces)
    trial.start("web", "worker")
    is_decided = _check_of(one).result is CheckResult.CONFIRMED
    assert is_decided or not sent.is_acknowledged, f"{one.reference}: an acknowledged decision is lost"
    trial.outcomes["decisions kept" if is_decided else "decisions cut off"] += 1
    if not is_decided:
        _see_whole(one)
        case = reviewer.get(f"/staff/requests/{one.reference}")
        assert trial.submit(case, form, "result").is_acknowledged
    assert _check_of(one).result is CheckResult.CONFIRMED
    assert not any(document.sealed_key for document in _documents(one)), (
        f"{one.reference}: decided, and the key is kept"
    )


def _kill_at_destruction(trial: Trial, before: set[str]) -> None:
    """Kill the worker about when it removes the bytes; after a decision that was cut off, at any moment."""
    with suppress(AssertionError):
        _wait(lambda: _stored(trial) != before, "", pause=0, patience=trial.generator.uniform(0, 2))
    time.sleep(trial.generator.uniform(0, 0.03))
    trial.kill("worker", "shredding")


def _see_whole(one: Round) -> None:
    """Open the stored rendition as the staff side does: it must be the very picture that was sent."""
    (document,) = _documents(one)
    extensions, number = current_app.extensions, document.public_id
    key = extensions["opening_keys"].open(document.sealed_key, number.encode())
    assert open_whole(key, extensions["storage"].open(document.storage_key), number) == one.planted.rendition


def _documents(one: Round) -> list[IdentityDocument]:
    check = _check_of(one)
    statement = select(IdentityDocument).where(IdentityDocument.check_id == check.id)
    return list(db.session.execute(statement).scalars())


def _check_of(one: Round) -> IdentityCheck:
    db.session.rollback()
    request = select(RightsRequest.id).where(RightsRequest.reference == one.reference).scalar_subquery()
    return db.session.execute(select(IdentityCheck).where(IdentityCheck.request_id == request)).scalar_one()


def _stored(trial: Trial) -> set[str]:
    storage = trial.portal.folder / "storage"
    return {path.name for path in (*storage.glob(f"{FOLDER}/*"), *storage.glob(".unfinished/*"))}


def _is_drained() -> bool:
    db.session.rollback()
    unfinished = Job.status.in_([JobStatus.WAITING, JobStatus.RUNNING])
    return db.session.execute(select(func.count(Job.id)).where(unfinished)).scalar_one() == 0


def _check_end(trial: Trial, rounds: list[Round]) -> int:
    """Nothing is stuck, everything is destroyed and says when, and what kills left behind goes a day later."""
    db.session.rollback()
    assert db.session.execute(select(func.count(Job.id)).where(Job.status == JobStatus.PARKED)).scalar_one() == 0
    assert db.session.execute(select(func.count(IdentityDocument.id))).scalar_one() == 0
    for one in rounds:
        check = _check_of(one)
        assert (check.result, check.destroyed_at is not None) == (CheckResult.CONFIRMED, True), one.reference
        request = db.session.execute(select(RightsRequest).where(RightsRequest.reference == one.reference)).scalar_one()
        assert request.status is Status.IN_REVIEW, f"{one.reference} is {request.status}"
    page = rounds[-1].customer.get(f"/requests/{rounds[-1].reference}")
    assert "Votre pièce d’identité a été détruite le" in page.text
    assert verify_chain().fault is None
    orphans = len(_stored(trial))
    for hours in (2, 27):
        with clock.stopped_at(clock.now() + timedelta(hours=hours)):
            with transaction():
                enqueue("identity.reconcile")
                for code in ("uploads", "upload_leftovers", "preview_leftovers"):
                    enqueue(f"retention.{code}")
            run_due_jobs()
    db.session.rollback()
    left = [path for path in (trial.portal.folder / "storage").rglob("*") if path.is_file()]
    assert left == [], "files of no document are left"
    assert db.session.execute(select(func.count(StoreFinding.id))).scalar_one() == 0
    trial.search([trace for one in rounds for trace in one.planted.traces])
    return orphans


def _wait(is_so: Callable[[], bool], fault: str, *, pause: float = 0.05, patience: float = PATIENCE) -> None:
    give_up = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < give_up, fault
        time.sleep(pause)
