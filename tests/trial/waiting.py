"""A crowd of customers whose requests wait for a document, on a portal served by `flask serve --with-jobs`."""

import re
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import pyotp
import requests
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from portal import clock
from portal.access.permissions import Role
from portal.accounts.models import Account, AccountDevice, AccountSession
from portal.customers.models import Customer
from portal.infrastructure.database import transaction
from portal.infrastructure.identifiers import new_token
from portal.rights.filing.drafts import save_answers
from portal.rights.filing.receiving import file_request
from portal.rights.intents import Intent
from portal.web.sessions import hash_token
from tests.support.acting.people import PASSWORD, TOTP_SECRET, People
from tests.support.servers.ports import free_port
from tests.support.servers.served import until
from tests.trial.installation import Installation, kill

PATIENCE = 120


@dataclass(frozen=True)
class Waiting:
    """A customer, signed in by a cookie, whose request waits for an identity document."""

    cookie: str
    reference: str


@dataclass(frozen=True)
class Answered:
    """What the portal said to an upload."""

    status: int
    text: str
    error: str
    """The sentence about what is wrong, empty when the document was taken in."""


def crowd(app: Flask, number: int) -> list[Waiting]:
    """Make so many customers, each signed in from a device just seen, each with a request for a copy."""
    people = People(app)
    return [_filed(people.account(f"person{count}@example.org").email) for count in range(number)]


def _filed(email: str) -> Waiting:
    instant, cookie = clock.now(), new_token()
    with transaction() as session:
        account = session.execute(select(Account).where(Account.email == email)).scalar_one()
        device = AccountDevice(
            account_id=account.id,
            token_hash=hash_token(new_token()),
            label="Firefox",
            first_seen_at=instant,
            last_seen_at=instant,
        )
        session.add(device)
        session.flush()
        signed_in = AccountSession(
            account_id=account.id, device_id=device.id, token_hash=hash_token(cookie), method="password", device="Firefox",
            created_at=instant, last_used_at=instant, reauthenticated_at=instant,
        )  # fmt: skip
        session.add(signed_in)
        customer = session.get_one(Customer, account.customer_id)
        draft = save_answers(customer, Intent.COPY, {"scope": "everything"}, is_complete=True)
        draft.is_document_later = True
        session.flush()
        return Waiting(cookie, file_request(account, signed_in, draft.public_id).reference)


class Server:
    """`flask serve --with-jobs` in processes of its own, and what they are and use."""

    def __init__(self, portal: Installation, *arguments: str) -> None:
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._main = portal.start("serve", "--with-jobs", "--port", str(self._port), *arguments)
        until(lambda: self._is_well() or None, "the server", PATIENCE)
        self.most_below = 0
        self._over = Event()
        self._watch = Thread(target=self._watch_children, daemon=True)
        self._watch.start()

    def processes(self) -> dict[str, set[int]]:
        """Return the ids of the web workers and of the job worker, as they are now."""
        found: dict[str, set[int]] = {"web": set(), "jobs": set()}
        for child in _children(self._main.pid):
            command = (Path("/proc") / str(child) / "cmdline").read_bytes()
            if b"resource_tracker" not in command:
                found["jobs" if command.endswith(b"\0work\0") else "web"].add(child)
        return found

    def peaks(self) -> dict[str, int]:
        """Return the most memory, in MB, that a web worker and the job worker have ever held."""
        return {name: max(map(_peak, pids)) >> 10 for name, pids in self.processes().items()}

    def stop(self) -> None:
        self._over.set()
        self._watch.join()
        kill(self._main)

    def _is_well(self) -> bool:
        assert self._main.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def _watch_children(self) -> None:
        """Note the most memory, in MB, that the processes below the workers hold together: the decoders."""
        while not self._over.wait(0.1):
            try:
                below = set().union(*(_below(pid) for pids in self.processes().values() for pid in pids))
                self.most_below = max(self.most_below, sum(map(_resident, below)) >> 10)
            except (FileNotFoundError, ProcessLookupError):
                continue  # one of them ended while it was looked at


@contextmanager
def served(portal: Installation, *arguments: str) -> Iterator[Server]:
    """Serve an installation until the end of the block."""
    server = Server(portal, *arguments)
    try:
        yield server
    finally:
        server.stop()


def send_passport(server: Server, person: Waiting, content: bytes, name: str = "passport.jpg") -> Answered:
    """Send one file through the page and its form, as a browser without JavaScript does."""
    address = f"{server.url}/requests/identity/{person.reference}/document?paper=passport"
    with requests.Session() as browser:
        browser.cookies.set("session", person.cookie)
        browser.headers["Accept-Language"] = "fr"
        page = browser.get(address, timeout=PATIENCE)
        assert page.status_code == 200, f"the page of the upload: {page.status_code}"
        token = _token(page.text)
        sent = browser.post(
            address, data={"csrf_token": token}, files={"page": (name, content, "image/jpeg")}, timeout=PATIENCE
        )
        tree = BeautifulSoup(sent.text, "html.parser")
        summary = tree.select_one(".error-summary li")
        return Answered(sent.status_code, tree.get_text(" "), " ".join(summary.get_text().split()) if summary else "")


class Reviewer:
    """A reviewer, signed in by password and code, who takes cases and looks at documents."""

    def __init__(self, app: Flask, server: Server) -> None:
        self._server, self._browser = server, requests.Session()
        email = People(app).staff(Role.REVIEWER).email
        self._send("/staff/sign-in", email=email, password=PASSWORD)
        self._send("/staff/sign-in/code", code=pyotp.TOTP(TOTP_SECRET).now())

    def open(self, reference: str, public_id: str, pages: int) -> list[requests.Response]:
        """Take a case, open its document for a purpose, and fetch each of its pages."""
        case = f"/staff/requests/{reference}"
        self._send(case, action=f"{case}/look", **{"look-reason": "identity_check"})
        address = f"{self._server.url}/staff/documents/{public_id}"
        return [self._browser.get(f"{address}/{page}", timeout=PATIENCE) for page in range(1, pages + 1)]

    def _send(self, path: str, action: str = "", **values: str) -> None:
        page = self._browser.get(self._server.url + path, timeout=PATIENCE)
        sent = self._browser.post(
            self._server.url + (action or path),
            {"csrf_token": _token(page.text), **values},
            timeout=PATIENCE,
            allow_redirects=False,
        )
        assert sent.status_code == 303, f"{path}: {sent.status_code}"


def _token(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page) or re.search(
        r'value="([^"]+)"[^>]*name="csrf_token"', page
    )
    assert found, "the page holds no form"
    return found.group(1)


def _children(pid: int) -> set[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return {int(child) for task in tasks for child in (task / "children").read_text().split()}


def _below(pid: int) -> set[int]:
    own = _children(pid)
    return own.union(*map(_below, own))


def _peak(pid: int) -> int:
    return _kilobytes(pid, "VmHWM")


def _resident(pid: int) -> int:
    return _kilobytes(pid, "VmRSS")


def _kilobytes(pid: int, what: str) -> int:
    found = re.search(rf"{what}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found.group(1)) if found else 0
