"""No look without a trace: all addresses and methods of staff, as each role, with a customer whose fields are canaries.

An answer that shows a canary leaves one entry in that customer's log and one audit event, and called again it leaves no
other; an answer that shows none leaves none. Each call begins from the same database on a day without looks.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import delete, func, literal, select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from portal import clock
from portal.access.permissions import Role
from portal.audit.models import AuditEvent
from portal.customers.models import Customer
from portal.demo import holdings
from portal.demo.people import DemoCustomer
from portal.infrastructure.database import db, transaction
from portal.lookups.models import AccessLogEntry, WholeBaseLook
from portal.lookups.opening import open_lookup
from portal.records.imports.ingest import start_run
from portal.rights.acting import find_request
from portal.rights.channels import Channel
from portal.rights.deciding.correspondence import add_note
from portal.rights.deciding.decisions import Draft, decide
from portal.rights.filing.other_ways import take_in
from portal.rights.items.deciding import Way
from portal.rights.items.making import items_of
from portal.rights.lifecycle import Right
from portal.staff.models import StaffMember
from portal.web.audiences import Audience
from tests.support.acting.browser import Browser
from tests.support.approvals import second_export
from tests.support.demonstration import Demonstration, fill, walkable

PERSON = DemoCustomer(
    "K-7001", "Mirabelle", "Zyxcanari", date(1913, 2, 27), "fr", date(2020, 2, 2),
    ("7 rue Canariflore", "44777", "Canariville", "FR"), "+33677001122",
)  # fmt: skip
WORDS = "Canarimots : corrigez mon nom."
NOTE = "Canarinote, pour les collègues."
# On a flag of which the demonstration has no newer choice, which would hide this one.
CHOICE = {
    "type": "consent", "customer": PERSON.number, "flag": "surveys.sms", "given": True, "at": "2026-02-01T09:00:00+01:00",
    "wording": "Oui, j’accepte.", "source": "Canariboutique",
}  # fmt: skip
# What stands in a field of the person or of a record of theirs. The given name is none: rows of the queue show it.
CANARIES = re.compile(
    r"Zyxcanari|mirabelle@|m•+e@|27 février 1913|1913-02-27|Canari|77 ?00 ?11 ?22|K-7001|-7001-", re.IGNORECASE
)
READ = "staff:customer_data:read"
ITEMS = "/staff/requests/<reference>/items/"
# Together, these see every page that shows a customer; the others are walked in the trial.
WIDEST = (Role.OFFICER, Role.MARKETING)
ROLES = [*WIDEST, *(pytest.param(role, marks=pytest.mark.trial) for role in Role if role not in WIDEST)]
SHOWN_AT_LEAST = {Role.OFFICER: 35, Role.REVIEWER: 35, Role.SUPPORT: 7, Role.MARKETING: 3, Role.ADMINISTRATOR: 0}
CHOICES = {
    "way": "proposed", "message": "Fait.", "agrees": "yes", "text": "Noté ici même.", "answer": "second",
    "reason": "Appel de la personne ce matin", "look-reason": "identity_check", "result": "rejected", "how": "Appel",
    "is_objection": "y", "channel": "phone", "right": "access", "words": "Voici ma demande.", "then": "next",
    "question-text": "Lequel ?", "note-text": "Vu.", "doubt-text": "Le nom diffère.", "extension-text": "Beaucoup.",
    "item-outcome": "refused", "part-words": "Une partie", "extension-reason": "complexity", "received_on-day": "2", "received_on-month": "3", "received_on-year": "2026",
}  # fmt: skip


@dataclass
class Planted:
    """The person, their cases (one open, one that waits for a second opinion), and how to go back to the beginning."""

    customer_id: int
    public_id: str
    references: tuple[str, str]
    lookups: dict[str, str]
    began: int


def restore(demo: Demonstration, kept: sqlite3.Connection) -> None:
    """Put the database back as it was kept."""
    with demo.app.app_context():
        db.session.remove()
        db.engine.dispose()
    with closing(sqlite3.connect(_file(demo))) as file:
        kept.backup(file)


def _file(demo: Demonstration) -> str:
    return str(demo.app.config["SQLALCHEMY_DATABASE_URI"]).removeprefix("sqlite:///")


@contextmanager
def kept_database(demo: Demonstration) -> Iterator[sqlite3.Connection]:
    """Yield a copy of the database as it is; whatever happens to it, it is so again in the end."""
    with closing(sqlite3.connect(":memory:")) as kept:
        with closing(sqlite3.connect(_file(demo))) as file:
            file.backup(kept)
        try:
            yield kept
        finally:
            restore(demo, kept)


@pytest.fixture(scope="module")
def planted(demo: Demonstration) -> Iterator[Planted]:
    with kept_database(demo), demo.app.app_context():
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(holdings, "CUSTOMERS", (PERSON,))
            lines = enumerate(map(orjson.dumps, [*holdings.import_lines(), CHOICE]), start=1)
            start_run(pytest.fail).run(lines, actor="command", channel="command")
        found = _plant()
        db.session.remove()
        yield found


def _plant() -> Planted:
    with transaction() as session:
        customer = session.execute(select(Customer).where(Customer.external_id == PERSON.number)).scalar_one()
        members = {member.role: member for member in session.execute(select(StaffMember)).scalars()}
        at = clock.now() - timedelta(days=2)
        first, second = (
            take_in(customer, right, Channel.EMAIL, at, WORDS, members[Role.SUPPORT])
            for right in (Right.RECTIFICATION, Right.ERASURE)
        )
        for case in (first, second):
            add_note(case, members[Role.SUPPORT], NOTE)
            case.identity_signals = []
        second_export(members[Role.MARKETING])
        decide(second, members[Role.REVIEWER], Draft(Way.PROPOSED, "Canariréponse."), second.version)
        lookups = {
            role: open_lookup(member, customer, "Appel de la personne ce matin", None).public_id
            for role, member in members.items()
        }
        session.execute(delete(WholeBaseLook))
        began = session.execute(select(func.max(AuditEvent.sequence))).scalar_one()
        return Planted(customer.id, customer.public_id, (first.reference, second.reference), lookups, began)


@dataclass
class Call:
    """One call of an address, and whether it shows a customer."""

    method: str
    path: str
    options: dict[str, Any]

    def made(self, browser: Browser) -> TestResponse:
        headers = {"Accept-Language": "fr"}
        if self.method != "GET":
            headers["X-CSRFToken"] = browser.form_token(self.path)
        return browser.client.open(self.path, method=self.method, headers=headers, **self.options)


def calls(demo: Demonstration, planted: Planted, role: str) -> Iterator[Call]:
    """Yield every staff address with each of its methods: asked plainly, with a search, with a form refused and filled."""
    lookup = {"/staff/customers/": planted.lookups[role], "/staff/marketing/customers/": planted.lookups[role]}
    for method in ("GET", "POST"):
        for rule in walkable(demo.app, method):
            if rule.endpoint.split(".")[0] != Audience.STAFF:
                continue
            for path in _paths(rule, demo.values[role] | lookup, planted):
                yield Call(method, path, {})
                yield Call(method, path, _asked(planted, role) if method == "GET" else _filled(planted, path))


def _paths(rule: Rule, values: dict[str, str], planted: Planted) -> list[str]:
    every = [values | {"/staff/requests/": name, ITEMS: _item_of(name)} for name in planted.references]
    return sorted({fill(rule.rule, each) for each in every})


def _item_of(reference: str) -> str:
    found = find_request(reference)
    assert found is not None
    return str(items_of(found.id)[0].id)


def _asked(planted: Planted, role: str) -> dict[str, Any]:
    return {"query_string": {"text": PERSON.family_name[:6], "again": planted.lookups[role], "closed": ""}}


def _filled(planted: Planted, path: str) -> dict[str, Any]:
    found = find_request(path.split("/")[3]) if path.startswith("/staff/requests/") else None
    version = str(found.version) if found else "1"
    names = {"identifier": planted.public_id, "email": planted.public_id}
    forms = ("", "question-", "note-", "doubt-", "extension-", "item-", "records-", "part-")
    versions = {f"{form}version": version for form in forms}
    return {"data": CHOICES | names | versions}


def traces(planted: Planted) -> list[tuple[Any, ...]]:
    """Return each entry that the person reads; fail unless each has one audit event of its own."""
    db.session.rollback()  # what was read before the call is read again
    files = db.session.execute(select(WholeBaseLook.staff_id, WholeBaseLook.category, literal(None)))
    entry = AccessLogEntry
    entries = db.session.execute(
        select(entry.staff_id, entry.category, entry.request_reference, entry.reason)
        .where(entry.customer_id == planted.customer_id)
        .order_by(entry.id)
    )
    found = [tuple(row) for row in (*files, *entries)]
    subjects = (f"customer:{planted.public_id}", "portal")
    events = db.session.execute(
        select(AuditEvent)
        .where(AuditEvent.tag == READ, AuditEvent.subject.in_(subjects), AuditEvent.sequence > planted.began)
        .order_by(AuditEvent.sequence)
    ).scalars()
    assert [(event.facts["category"], event.facts["request"]) for event in events] == [row[1:3] for row in found]
    return found


def walk(demo: Demonstration, planted: Planted, role: str, only: str = "") -> tuple[list[str], int]:
    """Make all calls as a role; return the faults and how many answers showed the person."""
    browser, faults, shown = demo.browsers[role], [], 0
    with demo.app.app_context(), kept_database(demo) as kept, closing(sqlite3.connect(_file(demo))) as watcher:
        for call in calls(demo, planted, role):
            if only not in call.path:
                continue
            cookies = dict(browser.client._cookies or {})
            version = watcher.execute("PRAGMA data_version").fetchone()
            found, shows = _judged(planted, browser, call)
            faults += [f"{role}: {call.method} {call.path} {call.options}: {fault}" for fault in found]
            shown += shows
            browser.client._cookies = cookies
            if watcher.execute("PRAGMA data_version").fetchone() != version:
                restore(demo, kept)
    return faults, shown


def _judged(planted: Planted, browser: Browser, call: Call) -> tuple[list[str], bool]:
    answer = call.made(browser)
    text = answer.get_data().decode(errors="replace")
    # A row shows so little that it is no look, unless it was found by a name.
    shows = bool(CANARIES.search(text)) or ("query_string" in call.options and PERSON.given_name in text)
    found = traces(planted)
    if answer.status_code >= 500:
        return [str(answer.status_code)], shows
    if bool(found) != shows:
        return [f"{answer.status_code} shows the person: {shows}; traces: {found}"], shows
    if len(set(found)) != len(found):
        return [f"one look, several entries: {found}"], shows
    if shows and call.made(browser).status_code == answer.status_code and traces(planted) != found:
        return [f"the same look again on the same day left {traces(planted)}"], shows
    return [], shows


@pytest.mark.parametrize("role", ROLES)
def test_entries_equal_looks(demo: Demonstration, planted: Planted, role: Role) -> None:
    faults, shown = walk(demo, planted, role)
    assert not faults, "\n".join(faults)
    assert shown >= SHOWN_AT_LEAST[role]


def test_a_door_that_writes_nothing_is_found(
    demo: Demonstration, planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.lookups.drawing.note_looks", lambda *_given: None)
    faults, shown = walk(demo, planted, Role.OFFICER, "/staff/requests/")
    assert shown > 20
    assert len(faults) == shown


def test_a_trace_of_no_look_is_found(demo: Demonstration, planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.rights.queue.listing.Filters.searches_people", True)
    faults, _shown = walk(demo, planted, Role.OFFICER, "/staff/queue")
    assert any("shows the person: False; traces: [(" in fault for fault in faults)


def test_one_look_with_several_entries_is_found(
    demo: Demonstration, planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.lookups.drawing._looks_today", lambda *_given: set())
    faults, _shown = walk(demo, planted, Role.OFFICER, planted.references[0])
    assert any("the same look again on the same day" in fault for fault in faults)
