"""Every hostile file through the real form: the portal lives on, says what is wrong, and shows only pixels."""

import re
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

import requests
from PIL import Image, ImageChops, ImageStat
from sqlalchemy import select

from portal.identity_checks.decoding.inspection import MAX_PAGES, UploadProblem
from portal.identity_checks.models import DocumentStatus, IdentityCheck, IdentityDocument
from portal.infrastructure.database import db
from portal.rights.models import RightsRequest
from tests.support.documents.specimens import CANARY, jpeg
from tests.trial.hostile_corpus import LONG, HostileFile, card, corpus, excerpt
from tests.trial.installation import installation
from tests.trial.waiting import Answered, Reviewer, Server, Waiting, crowd, send_passport, served

AT_ONCE = 2
MOST_SECONDS_OF_A_PAGE = 15
"""For somebody who only reads meanwhile, on a machine that is busy: two endless documents in a row take longer than that."""
MOST_SECONDS = 60
"""For one answer: a turn, a rendition and its page take 20 s at most on an idle machine."""
MOST_MEGABYTES = {"web": 450, "jobs": 250}
MOST_BELOW = 2 * 1024 + 200
"""Two decoders, each with a gigabyte of address space, and what starts them."""

SAYS: dict[UploadProblem, str] = {
    UploadProblem.EMPTY: "Ce fichier est vide",
    UploadProblem.TOO_BIG: "Choisissez-en un de 10 Mo au plus",
    UploadProblem.WRONG_TYPE: "ni une image JPEG, PNG, WebP ou HEIC, ni un PDF",
    UploadProblem.UNREADABLE: "Nous ne pouvons pas lire ce fichier",
    UploadProblem.TRUNCATED: "Ce fichier est incomplet",
    UploadProblem.ENCRYPTED_PDF: "Un mot de passe protège ce PDF",
    UploadProblem.ANIMATED: "est animée",
    UploadProblem.TOO_MANY_PAGES: "pages au plus",
    UploadProblem.TOO_MANY_PIXELS: "est trop grande",
    UploadProblem.POLYGLOT: "Ce fichier cache autre chose",
    UploadProblem.TIMED_OUT: "Nous ne pouvons pas afficher ce fichier",
}
# What a picture of ours may hold before its pixels: JFIF head, tables, one baseline frame.
_OWN_SEGMENTS = {0xE0, 0xDB, 0xC0, 0xC4, 0xDA}
# Short words are left out: compressed pixels by the hundred megabytes hold each of them by chance.
_WORDS = re.compile(
    rb"/JavaScript|/OpenAction|/Launch|/EmbeddedFile|http://|https://|ICC_PROFILE|xmpmeta|<script|%PDF-1\."
)


@dataclass(frozen=True)
class Sent:
    file: HostileFile
    person: Waiting
    answer: Answered
    seconds: float


def send_hostile_documents(reduced: bool) -> str:
    """Upload a corpus of bombs, polyglots and honest controls; have a reviewer open whatever was taken in."""
    _check_the_eye()
    with installation() as portal, portal.app.app_context(), canary() as (address, calls):
        files = excerpt(corpus(address)) if reduced else corpus(address)
        bystander, *people = crowd(portal.app, len(files) + 1)
        with served(portal) as server:
            at_first = server.processes()
            with _reading(server, bystander) as waits:
                sent = _send_all(server, files, people)
            faults = [fault for item in sent for fault in _faults_of(item)]
            taken = [item for item in sent if not item.answer.error]
            reviewer = Reviewer(portal.app, server)
            for item in taken:
                faults += [f"{item.file.group}, {item.file.name}: {fault}" for fault in _faults_shown(reviewer, item)]
            peaks, below = server.peaks(), server.most_below
            assert server.processes() == at_first, f"a worker died: {at_first}, then {server.processes()}"
        assert not faults, f"{len(faults)} faults:\n" + "\n".join(faults)
        assert not calls, f"a document had somebody call: {calls}"
        over = {name: peak for name, peak in peaks.items() if peak > MOST_MEGABYTES[name]}
        assert not over, f"over the bound of memory: {over} MB"
        assert max(waits) <= MOST_SECONDS_OF_A_PAGE, f"somebody who only read waited {max(waits):.0f} s for a page"
        assert below <= MOST_BELOW, f"the decoders held {below} MB"
        groups = Counter(item.file.group.partition(" ")[0] for item in sent)
        slowest = max(sent, key=lambda item: item.seconds)
        return (
            f"{len(sent)} files ({', '.join(f'{count} {group}' for group, count in groups.items())}), {len(taken)} shown, "
            f"the others refused with their reason; at most {peaks['web']} MB in the web worker, {peaks['jobs']} MB in that of jobs, "
            f"{below} MB in decoders; slowest answer {slowest.seconds:.0f} s ({slowest.file.name}), "
            f"slowest page of somebody who only read {max(waits):.1f} s"
        )


@contextmanager
def canary() -> Iterator[tuple[str, list[str]]]:
    """Listen on a port that no honest program knows of; note every call."""
    calls: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = "{}:{}".format(*listener.getsockname())

        def listen() -> None:
            while True:
                try:
                    connection, caller = listener.accept()
                except OSError:
                    return
                calls.append(f"{caller}: {connection.recv(200)!r}")
                connection.close()

        threading.Thread(target=listen, daemon=True).start()
        with socket.create_connection(listener.getsockname()) as probe:
            probe.sendall(b"probe")
            while not calls:
                time.sleep(0.01)
        calls.clear()
        yield address, calls
        listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def _reading(server: Server, person: Waiting) -> Iterator[list[float]]:
    """Have somebody read their data page after page during the block; note how many seconds each page took."""
    waits, over = [], threading.Event()

    def read() -> None:
        while not over.wait(0.3):
            began = time.monotonic()
            answer = requests.get(
                f"{server.url}/data", cookies={"session": person.cookie}, timeout=120, allow_redirects=False
            )
            assert answer.status_code == 200, f"/data: {answer.status_code}"
            waits.append(time.monotonic() - began)

    with ThreadPoolExecutor(1) as pool:
        reader = pool.submit(read)
        try:
            yield waits
        finally:
            over.set()
        reader.result()


def _send_all(server: Server, files: list[HostileFile], people: list[Waiting]) -> list[Sent]:
    def send(file: HostileFile, person: Waiting) -> Sent:
        content = file.make()
        began = time.monotonic()
        answer = send_passport(server, person, content, f"{file.name}.jpg")
        return Sent(file, person, answer, time.monotonic() - began)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(send, files, people))


def _faults_of(sent: Sent) -> Iterator[str]:
    file, answer = sent.file, sent.answer
    name = f"{file.group}, {file.name}"
    told = {problem for problem, words in SAYS.items() if words in answer.error}
    if answer.status not in (200, 422):
        yield f"{name}: answered with {answer.status}"
    elif answer.error and not told:
        yield f"{name}: told {answer.error!r}, which names no problem"
    elif answer.error and not told & file.answers:
        yield f"{name}: told {answer.error!r}, not {sorted(map(str, file.answers))}"
    elif not answer.error and None not in file.answers:
        yield f"{name}: taken in, and should have been {sorted(map(str, file.answers))}"
    elif not answer.error and "Page reçue le" not in answer.text:
        yield f"{name}: neither refused nor taken in"
    if sent.seconds > MOST_SECONDS and file.takes != LONG:
        yield f"{name}: answered after {sent.seconds:.0f} s"


def _faults_shown(reviewer: Reviewer, sent: Sent) -> Iterator[str]:
    document = _document_of(sent.person.reference)
    if document is None:
        yield "the page says that it came, and it is not there"
        return
    public_id, pages = document
    if not 1 <= pages <= MAX_PAGES or (sent.file.pages and pages != sent.file.pages):
        yield f"{pages} pages, not {sent.file.pages}"
    answers = reviewer.open(sent.person.reference, public_id, pages)
    for number, answer in enumerate(answers, start=1):
        yield from _faults_of_picture(answer, number)
    if sent.file.shows is not None and answers[0].status_code == 200:
        fault = _is_upright(answers[0].content, sent.file.shows())
        if fault:
            yield fault


def _document_of(reference: str) -> tuple[str, int] | None:
    db.session.rollback()
    statement = select(IdentityDocument.public_id, IdentityDocument.pages).join(
        IdentityCheck, IdentityDocument.check_id == IdentityCheck.id
    )
    statement = statement.join(RightsRequest, RightsRequest.id == IdentityCheck.request_id)
    is_ready = IdentityDocument.status == DocumentStatus.READY
    found = db.session.execute(statement.where(RightsRequest.reference == reference, is_ready)).first()
    return (found[0], found[1]) if found else None


def _faults_of_picture(answer: requests.Response, number: int) -> Iterator[str]:
    if answer.status_code != 200:
        yield f"page {number}: {answer.status_code}"
        return
    kind, policy = answer.headers["Content-Type"], answer.headers["Content-Security-Policy"]
    if kind != "image/jpeg" or "sandbox" not in policy or answer.headers["X-Content-Type-Options"] != "nosniff":
        yield f"page {number}: served as {kind} under {policy}"
    own = _segments(answer.content)
    if not own <= _OWN_SEGMENTS:
        yield f"page {number} holds the segments {sorted(map(hex, own - _OWN_SEGMENTS))}"
    words = _WORDS.search(answer.content)
    if words or CANARY in answer.content:
        yield f"page {number} holds {words[0] if words else CANARY!r}"
    if not answer.content.endswith(b"\xff\xd9") or answer.content.count(b"\xff\xd8\xff") != 1:
        yield f"page {number} is more than one picture"


def _segments(picture: bytes) -> set[int]:
    found, at = set(), 2
    while 0xDA not in found:
        found.add(picture[at + 1])
        at += 2 + int.from_bytes(picture[at + 2 : at + 4], "big")
    return found


def _is_upright(picture: bytes, expected: Image.Image) -> str | None:
    """Return what is wrong when the picture shows another thing, or the same one turned or mirrored."""
    shown = Image.open(BytesIO(picture)).convert("L").resize((160, 160))
    differences = {"upright": _difference(shown, expected)}
    if differences["upright"] > 12:
        return f"shows something else (differs by {differences['upright']:.0f})"
    size = Image.open(BytesIO(picture)).size
    if (size[0] > size[1]) is not (expected.width > expected.height) and expected.width != expected.height:
        return f"is {size}, and should look like {expected.size}"
    differences |= {turn.name: _difference(shown, expected.transpose(turn)) for turn in Image.Transpose}
    best = min(differences, key=lambda name: differences[name])
    return None if differences[best] == differences["upright"] else f"is shown {best}"


def _check_the_eye() -> None:
    """The control: a card that is turned or mirrored must be told from one that is upright."""
    assert _is_upright(jpeg(card()), card()) is None
    for turn in Image.Transpose:
        assert _is_upright(jpeg(card().transpose(turn)), card()), f"{turn.name} passes for upright"


def _difference(shown: Image.Image, expected: Image.Image) -> float:
    grey = expected.convert("RGB").convert("L").resize((160, 160))
    return float(ImageStat.Stat(ImageChops.difference(shown, grey)).mean[0])
