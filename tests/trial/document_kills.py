"""kill -9 anywhere between a document's first byte and its last: nothing readable stays, nothing accepted is lost.

Each round a person sends a passport drawn for that round to a real web process, a reviewer confirms it, and a worker
removes its bytes; somewhere on that way a process is killed. What the disk holds is then searched from outside.
"""

import random
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import current_app
from PIL import Image
from sqlalchemy import delete, func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from portal import clock
from portal.audit.verification import verify_chain
from portal.identity_checks.inspection import DocumentKind
from portal.identity_checks.intake import pack
from portal.identity_checks.models import CheckResult, IdentityCheck, IdentityDocument, StoreFinding
from portal.identity_checks.rendition import render
from portal.identity_checks.shredding import FOLDER
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.infrastructure.jobs.queue import enqueue
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.infrastructure.sealing import open_whole
from portal.rights.lifecycle import Status
from portal.rights.models import RightsRequest
from portal.web.rate_limits import RateCount
from tests.support import specimens
from tests.support.browser import Browser, Page
from tests.support.filing import file_with_document_later
from tests.support.hashing import use_quick_hasher
from tests.support.people import People
from tests.trial.installation import Installation, installation, kill

PATIENCE = 60
MOMENTS = ("upload", "rendering", "sealing", "decision", "shredding")
TRACE = 48


@dataclass
class Sent:
    """What the customer's browser or the reviewer's saw of a request: a status, or nothing when the line broke."""

    status: int | None

    @property
    def is_acknowledged(self) -> bool:
        return self.status is not None and 200 <= self.status < 400


@dataclass
class Round:
    """One person, the file they send, and what of it must never be found in clear."""

    customer: Browser
    reference: str
    passport: bytes
    rendition: bytes
    traces: list[bytes]


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
        self, page: Page, values: dict[str, Any], with_field: str, between: Callable[[float], None] = lambda share: None
    ) -> Sent:
        """Send a form of a page, filled as `Page.submit` does, to the real web process."""
        browser, filled = page.browser, _Filled()
        page.browser = filled  # type: ignore[assignment]
        page.submit(values, with_field=with_field)
        page.browser = browser
        kind, body = filled.encoded()
        cookies = "; ".join(f"{one.decoded_key}={one.decoded_value}" for one in browser.client._cookies.values())
        headers = {"Cookie": cookies, "Content-Type": kind, "Accept-Language": "fr"}
        return self.send(b"POST", filled.path, headers, body, between)

    def search(self, traces: list[bytes]) -> None:
        """Look for what was planted in every file that the processes may have written."""
        for folder in self.folders:
            for path in folder.rglob("*"):
                with suppress(FileNotFoundError):
                    content = path.read_bytes() if path.is_file() else b""
                    for trace in traces:
                        assert trace not in content, f"{path} holds {trace[:24]!r}"


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
            name: [FileStorage(BytesIO(one[0]), one[1], content_type=one[2]) if isinstance(one, tuple) else one for one in items]
            for name, items in self.data.items()
        }
        boundary, body = encode_multipart(values)
        return f"multipart/form-data; boundary={boundary}", body


def kill_on_the_way_of_a_document(reduced: bool) -> str:
    """Kill web processes and workers while documents come, are decided on and go."""
    kills = 10 if reduced else 200
    use_quick_hasher()
    with tempfile.TemporaryDirectory(prefix="portal-kills-") as name, socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
        probe.close()
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
    for number in range(kills):
        with transaction() as session:
            session.execute(delete(RateCount))
        one, moment = _begin(trial, number), MOMENTS[number % len(MOMENTS)]
        trial.start("web", "worker")
        _send_document(trial, one, moment)
        _decide(trial, one, reviewer, moment)
        trial.search(one.traces)
        rounds.append(one)
        if number % 20 == 19:
            print(f"  {number + 1} kills", file=sys.stderr, flush=True)
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
    canary = secrets.token_hex(TRACE // 2).encode()
    picture = Image.open(BytesIO(specimens.passport()))
    picture.paste(Image.frombytes("RGB", (240, 120), secrets.token_bytes(240 * 120 * 3)), (40, 60))
    exif = Image.Exif()
    exif[0x010F] = canary.decode()
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=88, exif=exif, comment=canary)
    passport = buffer.getvalue()
    rendition = pack(render(passport, DocumentKind.JPEG, slots=trial.folders[1] / "slots"))
    email = f"person{number}@example.org"
    customer = trial.people.signed_in(email)
    reference = file_with_document_later(customer).url.rpartition("/")[2]
    return Round(customer, reference, passport, rendition, [canary, *_slices(passport), *_slices(rendition)])


def _slices(content: bytes) -> Iterator[bytes]:
    """Return pieces from the noise of a compressed picture: they occur in this one only."""
    for place in (3, 4, 6):
        start = len(content) * place // 9
        yield content[start : start + TRACE]


def _send_document(trial: Trial, one: Round, moment: str) -> None:
    """Send the passport; where this round's kill comes on the way, search, start again and finish."""
    page = one.customer.get(f"/requests/identity/{one.reference}/document?paper=passport")
    values = {"page": (one.passport, "passport.jpg", "image/jpeg")}
    if moment in {"upload", "rendering", "sealing"}:
        sent = trial.submit(page, values, "page", _killer(trial, moment))
        if "web" in trial.processes:
            trial.kill("web", moment)
        trial.search(one.traces)
        trial.start("web")
        arrived = _documents(one)
        assert arrived or not sent.is_acknowledged, f"{one.reference}: an accepted document is lost"
        trial.outcomes["uploads cut off" if not arrived else "uploads kept"] += 1
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


def _decide(trial: Trial, one: Round, reviewer: Browser, moment: str) -> None:
    """Look at the document and confirm; where this round's kill comes now, start again and finish."""
    _see_whole(one)
    case = reviewer.get(f"/staff/requests/{one.reference}").submit(action="/claim")
    ticks = [box["value"] for box in case.tree.select("input[name=checklist]")]
    form = {"checklist": ticks, "result": "confirmed"}

    def kill_soon(share: float) -> None:
        if share == 1:
            time.sleep(trial.generator.uniform(0, 0.1))
            trial.kill("web", moment)

    before = _stored(trial)
    sent = trial.submit(case, form, "result", kill_soon if moment == "decision" else lambda share: None)
    if moment == "decision":
        trial.search(one.traces)
        trial.start("web")
        is_decided = _check_of(one).result is CheckResult.CONFIRMED
        assert is_decided or not sent.is_acknowledged, f"{one.reference}: an acknowledged decision is lost"
        trial.outcomes["decisions kept" if is_decided else "decisions cut off"] += 1
        if not is_decided:
            _see_whole(one)
            case = reviewer.get(f"/staff/requests/{one.reference}")
            assert trial.submit(case, form, "result").is_acknowledged
    elif moment == "shredding":
        assert sent.is_acknowledged
        with suppress(AssertionError):
            _wait(lambda: _stored(trial) != before, "", pause=0, patience=trial.generator.uniform(0, 1))
        time.sleep(trial.generator.uniform(0, 0.03))
        trial.kill("worker", moment)
    assert _check_of(one).result is CheckResult.CONFIRMED
    assert not any(document.sealed_key for document in _documents(one)), f"{one.reference}: decided, and the key is kept"


def _see_whole(one: Round) -> None:
    """Open the stored rendition as the staff side does: it must be the very picture that was sent."""
    (document,) = _documents(one)
    extensions, number = current_app.extensions, document.public_id
    key = extensions["opening_keys"].open(document.sealed_key, number.encode())
    assert open_whole(key, extensions["storage"].open(document.storage_key), number) == one.rendition


def _documents(one: Round) -> list[IdentityDocument]:
    db.session.rollback()
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
            run_due_jobs()
    db.session.rollback()
    assert _stored(trial) == set(), "files of no document are left"
    assert db.session.execute(select(func.count(StoreFinding.id))).scalar_one() == 0
    trial.search([trace for one in rounds for trace in one.traces])
    return orphans


def _wait(is_so: Callable[[], bool], fault: str, *, pause: float = 0.05, patience: float = PATIENCE) -> None:
    give_up = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < give_up, fault
        time.sleep(pause)
