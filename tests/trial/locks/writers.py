"""One process of the trial of locks: it acts as many people do, through their pages, as often as it can when told to."""

import itertools
import random
import time
from collections.abc import Callable
from typing import Any

import orjson
import pyotp
from sqlalchemy import Engine, event, select

from portal.access.tokens import create_token
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.infrastructure.locking import second_try
from portal.preferences.purposes import MESSAGE_FLAG_CODES
from portal.rights.models import RightsRequest
from tests.support.acting.browser import Browser
from tests.support.acting.people import PASSWORD, TOTP_SECRET
from tests.support.cases import refusal_values
from tests.support.filing import trust_device
from tests.support.hashing import use_quick_hasher
from tests.support.servers.facebook import signed_call

PEOPLE = ("camille@example.org", "nadia@example.org")
HEAD_OFFICE = "siege@example.org"


class Writers:
    """Everybody who writes, each as a method that returns the status of its last answer."""

    def __init__(self, app: Any, number: int) -> None:
        self._app, self._number, self._turn = app, number, itertools.count(number)
        with app.app_context():
            with transaction():
                _row, self._token = create_token(
                    f"machine {number}", ["records:write", "preferences:list", "preferences:read"]
                )
            self._machine = Browser(app)
            self._customers = [self._signed_in("/sign-in", email=email) for email in PEOPLE]
            self._staff = self._signed_in("/staff/sign-in", email=f"agent{number}@example.org")
            for email in PEOPLE:
                trust_device(email)
            self._post(self._staff, "/staff/sign-in/code", code=pyotp.TOTP(TOTP_SECRET).now())
            self._links = [self._read(f"/feed/v1/unsubscribe-links/C-{email.partition('@')[0]}") for email in PEOPLE]

    def import_people(self) -> int:
        """Send both customers anew, in one order or the other, with a record and an old consent each."""
        lines: list[dict[str, Any]] = []
        for email in random.sample(PEOPLE, 2):
            name, step = email.partition("@")[0], next(self._turn)
            lines += [
                {"type": "customer", "external_id": f"C-{name}", "given_name": f"N{step}"},
                {"type": "consent", "customer": f"C-{name}", "flag": random.choice(MESSAGE_FLAG_CODES), "given": True,
                 "at": f"2026-01-{step % 27 + 1:02}T10:00:{step % 60:02}Z", "wording": "May we?", "source": "crm"},
            ]  # fmt: skip
        lines.append(
            {"type": "customer", "external_id": f"C-new-{self._number}-{next(self._turn)}", "given_name": "New"}
        )
        body = b"\n".join(map(orjson.dumps, lines))
        return self._call("post", "/ingest/v1/records", data=body, content_type="application/x-ndjson")

    def choose(self) -> int:
        action = ("accept_section", "refuse_section")[next(self._turn) % 2]
        return self._post(self._somebody(), "/preferences", action=action, section="messages", seen=str(10**17))

    def unsubscribe(self) -> int:
        answer = self._machine.client.post(random.choice(self._links), data={"List-Unsubscribe": "One-Click"})
        return answer.status_code

    def object(self) -> int:
        return self._post(self._somebody(), "/requests/new/objection/marketing")

    def file(self) -> int:
        """Ask for a copy and send it, unless such a request is open."""
        return self._file(random.randrange(2), details="Tout.", scope="all")

    def withdraw(self) -> int:
        """Cancel the newest open request of somebody."""
        which = random.randrange(2)
        reference = self._open(which)
        return self._post(self._customers[which], f"/requests/{reference}/withdraw") if reference else 409

    def work_on_a_case(self) -> int:
        reference = self._open(random.randrange(2))
        if not reference:
            return 409
        case = f"/staff/requests/{reference}"
        answers = [
            self._post(self._staff, f"{case}/claim", take_over="yes"),
            self._post(self._staff, f"{case}/note", **{"note-text": "Appelé."}),
        ]
        return max(answers)

    def decide(self) -> int:
        """Take a case over and refuse it, as far as the case lets us."""
        reference = self._open(random.randrange(2))
        if not reference:
            return 409
        case = f"/staff/requests/{reference}"
        status = self._post(self._staff, f"{case}/claim", take_over="yes")
        version, right = self._version(reference)
        values = {"way": "refused", "message": "Non.", "version": str(version)} | refusal_values(right)
        return max(status, self._post(self._staff, f"{case}/decision", **values))

    def sign_in(self) -> int:
        browser = Browser(self._app)
        return self._post(browser, "/sign-in", email=random.choice(PEOPLE), password=PASSWORD)

    def facebook(self) -> int:
        """Have Facebook say that somebody took the portal off, or asks for an erasure."""
        path = random.choice(["/facebook/deauthorize", "/facebook/deletion"])
        return self._machine.client.post(
            path, data={"signed_request": signed_call(f"{random.randrange(2)}")}
        ).status_code

    def read_the_feed(self) -> int:
        return self._call("get", "/feed/v1/preferences")

    def jobs(self) -> int:
        """Send mails, pack copies, lapse choices and purge, as a worker does."""
        with self._app.app_context():
            run_due_jobs()
        return 200

    def run(self, name: str, seconds: float) -> dict[str, Any]:
        """Act as one writer for so long; return how long each act took and how many answers of each kind came."""
        act: Callable[[], int] = getattr(self, name)
        end, took, answers = time.monotonic() + seconds, [], []
        while not took or time.monotonic() < end:
            began = time.monotonic()
            answers.append(act())
            took.append(time.monotonic() - began)
        done = sum(status < 400 for status in answers)
        return {"writer": name, "took": took, "done": done, "bad": [status for status in answers if status >= 500]}

    def _signed_in(self, path: str, **values: str) -> Browser:
        browser = Browser(self._app)
        assert self._post(browser, path, password=PASSWORD, **values) == 303, path
        return browser

    def _somebody(self) -> Browser:
        return random.choice(self._customers)

    def _form(self, browser: Browser, path: str = "/", **values: str) -> dict[str, str]:
        return {"csrf_token": browser.form_token(path)} | values

    def _post(self, browser: Browser, path: str, **values: str) -> int:
        return browser.client.post(path, data=self._form(browser, path, **values)).status_code

    def _call(self, method: str, path: str, **options: Any) -> int:
        return self._answer(method, path, **options).status_code

    def _answer(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {self._token}"}
        return self._machine.client.open(path, method=method.upper(), headers=headers, **options)

    def _read(self, path: str) -> str:
        return str(self._answer("get", path).get_json()["url"]).partition("localhost:8000")[2]

    def _file(self, which: int, right: str = "access", **details: str) -> int:
        browser = self._customers[which]
        answer = browser.client.post(f"/requests/new/{right}", data=self._form(browser, **details))
        draft = answer.headers.get("Location", "").partition("/drafts/")[2].partition("/")[0]
        return self._post(browser, f"/requests/drafts/{draft}/send") if draft else answer.status_code

    def _open(self, which: int) -> str | None:
        """Return the reference of the newest open request of one of the two; one is filed if there is none."""
        is_theirs = (Customer.email == PEOPLE[which], RightsRequest.is_open)
        newest = select(RightsRequest.reference).join(Customer).where(*is_theirs).order_by(RightsRequest.id.desc())
        for _ in range(2):
            with self._app.app_context():
                if found := db.session.execute(newest.limit(1)).scalar_one_or_none():
                    return found
            self._file(which, "rectification", category="usage", wrong="Tout.")
        return None

    def _version(self, reference: str) -> tuple[int, Any]:
        with self._app.app_context():
            row = db.session.execute(select(RightsRequest).where(RightsRequest.reference == reference)).scalar_one()
            return row.version, row.right


def take_the_guards_away() -> None:
    """Lock as before: FOR UPDATE everywhere, the customer not before the choices, and no second try."""

    @event.listens_for(Engine, "before_cursor_execute", retval=True)
    def lock_strongly(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> Any:
        return statement.replace("FOR NO KEY UPDATE", "FOR UPDATE").replace("FOR KEY SHARE", ""), parameters

    second_try.is_given_up = lambda _error: False


def act_when_told(app: Any, number: int, orders: Any, how: str) -> None:
    """Answer each order (writer, seconds) by what came of it, in a process that was forked for this."""
    with app.app_context():
        db.engine.dispose(close=False)
    use_quick_hasher()
    if how == "unguarded":
        take_the_guards_away()
    writers = Writers(app, number)
    orders.send("ready")
    while True:
        orders.send(writers.run(*orders.recv()))
