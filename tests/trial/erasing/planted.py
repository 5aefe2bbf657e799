"""A customer comes in through every door, with a word of its own at each, is erased through the pages, and searched for.

The words are looked for by the schema in every column of every table, and from outside in every file that a process
wrote: database, write-ahead log, store, wake-ups, ledger, logs. Only what docs/keeping.md says remains may hold one.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.audit.verification import verify_chain
from portal.exports.models import AnswerPackage
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.worker import run_due_jobs
from portal.personal_data.erasure.becoming import leaves
from portal.personal_data.erasure.checking.invariants import broken
from portal.personal_data.erasure.models import ErasureState
from portal.personal_data.erasure.own_rows import OwnPart
from portal.personal_data.erasure.planning import all_erasing, erases
from portal.personal_data.erasure.steps import resume
from portal.records.data_map.field_types import FieldType
from portal.records.data_map.kinds import DeclaredField, Kind, installed_data_map
from portal.rights.lifecycle import Right
from portal.rights.models import RightsRequest
from portal.web.typed_forms.models import KeptForm
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, deliver, link_in
from tests.support.acting.people import PASSWORD, People
from tests.support.cases import decide, open_case, refusal_values, second, take
from tests.support.documents.planted import planted_passport
from tests.support.erasing.erasures import found, scheduled, start_at_once, to_the_end
from tests.support.erasing.pages import grant, newest_erasure, team
from tests.support.erasing.remnants import holds
from tests.support.filing import describe_copy, send_sides
from tests.support.hashing import use_quick_hasher
from tests.support.insiders import answer
from tests.support.looking.searching import found_in_files
from tests.support.packages import take_in
from tests.support.records import customer, record
from tests.support.servers.databases import hear_every_system, postgresql_server
from tests.support.servers.facebook import link_facebook
from tests.support.servers.ports import free_port
from tests.trial.installation import Installation, forget_connections, installation, kill

REFERENCE = "C-planted"
IS_KEPT = ("archived_records",)
"""Tables whose rows the law keeps whole; what stays of the others is said by their parts (docs/keeping.md)."""


@dataclass
class Words:
    """The word that each door was given; each is made of letters and digits alone, so that no format hides it."""

    given: dict[str, str] = field(default_factory=dict)

    def of(self, door: str) -> str:
        """Return the word of a door, the same each time."""
        return self.given.setdefault(door, f"zqx{len(self.given):03}planted")


@dataclass
class Person:
    """Whom the words are about, and who works on it.

    Attributes:
        staff: a reviewer and an officer.
        pictures: pieces of the documents that they sent.
    """

    browser: Browser
    email: str
    staff: tuple[Browser, Browser]
    pictures: list[bytes] = field(default_factory=list)


def search_for_what_was_planted(reduced: bool) -> str:
    """Erase somebody who came in through every door, and search; on PostgreSQL too in full."""
    use_quick_hasher()
    told = [_on("SQLite")]
    if not reduced:
        with postgresql_server() as server:
            told.append(_on("PostgreSQL", PORTAL_DATABASE_URL=server.format(name="postgres")))
    return "; ".join(told)


def _on(name: str, **settings: str) -> str:
    port = free_port()
    with installation(**settings) as portal, portal.app.app_context(), _all_logs(portal):
        hear_every_system()
        words, mailbox = Words(), Mailbox(portal.folder / "mail", deliver)
        web = portal.start("serve", "--port", str(port))
        try:
            person = _come_in(portal, words, mailbox)
            seen = {word for word in words.given.values() if any(_in_rows([word]))}
            hidden = {door for door, word in words.given.items() if word not in seen}
            assert len(seen) > 60, f"only {len(seen)} words came in; not: {sorted(hidden)}"
            _erase(portal, person)
        finally:
            kill(web)
        kept, faults = _search(portal, words, person.pictures)
        assert not faults, "\n".join(faults)
        control = _break_one_keeper(portal, person.staff)
        assert verify_chain().fault is None
        assert broken() == {}
        forget_connections()
    return (
        f"{name}: {len(words.given)} words planted, {len(seen)} seen in rows before, {kept} stay where docs/keeping.md "
        f"says, no other in rows, files, logs or jobs; one keeper broken by hand: {control}"
    )


@contextmanager
def _all_logs(portal: Installation) -> Iterator[None]:
    """Write what this process and all others log into a file each, where the search looks too."""
    handler = logging.FileHandler(portal.folder / "here.log")
    root, level = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    logging.getLogger("portal").setLevel(logging.DEBUG)
    with (portal.folder / "processes.log").open("wb") as log:
        portal.log = log
        try:
            yield
        finally:
            root.removeHandler(handler)
            root.setLevel(level)
            handler.close()


def _come_in(portal: Installation, words: Words, mailbox: Mailbox) -> Person:
    email = f"{words.of('address')}@example.org"
    take_in(
        customer(
            REFERENCE,
            email=email,
            given_name=words.of("import given name"),
            family_name=words.of("import family name"),
            relationship_ended_on="2026-06-30",
        ),
        *(_line(kind, words) for kind in installed_data_map().kinds.values() if kind.code != "subscription"),
    )
    browser = Browser(portal.app)
    browser.headers["User-Agent"] = f"Mozilla/5.0 {words.of('user agent')}"
    form = {"given_name": words.of("form given name"), "family_name": words.of("form family name"), "email": email}
    browser.get("/register").submit(form | {"password": PASSWORD}, with_field="given_name")
    browser.get(_link(mailbox, email, "/confirm/")).submit()
    person = Person(browser, email, team(People(portal.app)))
    for door in (
        _ask_for_a_copy,
        _leave_a_draft,
        _object,
        _write_by_post,
        _move,
        _come_from_facebook,
        _be_looked_up,
        _keep_a_form,
        _choose,
    ):
        door(portal, person, words, mailbox)
        run_due_jobs()
    return person


def _link(mailbox: Mailbox, address: str, start: str) -> str:
    links = [link_in(mail) for mail in mailbox.to(address)]
    return next(link for link in reversed(links) if link.startswith(start))


def _line(kind: Kind, words: Words) -> dict[str, Any]:
    values = {each.name: _value(kind, each, words) for each in kind.declared}
    return record(kind.code, f"X-{words.of(f'{kind.code} number')}", values, REFERENCE, source="billing")


def _value(kind: Kind, of: DeclaredField, words: Words) -> Any:
    word = words.of(f"{kind.code}.{of.name}") if of.type in _TEXTS else ""
    match of.type:
        case FieldType.TEXT | FieldType.LONG_TEXT | FieldType.IDENTIFIER:
            return word
        case FieldType.EMAIL:
            return f"{word}@example.org"
        case FieldType.URL:
            return f"https://netkin.fr/{word}"
        case FieldType.CHOICE:
            return next(iter(of.choices))
    return _OTHERS[of.type]


_TEXTS = {FieldType.TEXT, FieldType.LONG_TEXT, FieldType.IDENTIFIER, FieldType.EMAIL, FieldType.URL}
_OTHERS = {
    FieldType.DATE: "2026-03-10", FieldType.INSTANT: "2026-03-10T10:00:00+01:00", FieldType.MONEY: "49.90",
    FieldType.CURRENCY: "EUR", FieldType.INTEGER: 7, FieldType.NUMBER: 7.5, FieldType.BOOLEAN: True,
    FieldType.PHONE: "+33612345678", FieldType.IP: "203.0.113.77", FieldType.COUNTRY: "FR",
    FieldType.CARD_LAST4: "4242", FieldType.CARD_EXPIRY: "2029-03",
}  # fmt: skip


# The doors. Each is given the installation, the person, the words and the mails.


def _ask_for_a_copy(portal: Installation, person: Person, words: Words, mailbox: Mailbox) -> None:
    """Ask for a copy with words and a passport, which a reviewer sees; notes, a question and its answer; the package."""
    page = describe_copy(person.browser, details=words.of("words of a request")).submit(action="/later")
    reference = page.submit(action="/send").url.rpartition("/")[2]
    _prove(person, reference)
    reviewer = person.staff[0]
    open_case(reviewer, reference).submit({"note-text": words.of("staff note")}, action="/note")
    open_case(reviewer, reference).submit({"question-text": words.of("staff question")}, action="/question")
    person.browser.get(f"/requests/{reference}").submit({"text": words.of("answer to a question")}, with_field="text")
    take(reviewer, reference).submit({"way": "proposed", "message": words.of("letter")}, with_field="way")
    second(person.staff[1], reference, text=words.of("words of a second opinion"))
    run_due_jobs()
    package = db.session.execute(select(AnswerPackage.public_id)).scalar_one()
    token = person.browser.form_token("/account")
    sent = person.browser.client.post(f"/answers/{package}", data={"csrf_token": token})
    assert len(person.browser.client.get(sent.location).data) > 1000, "the copy was not downloaded"


def _prove(person: Person, reference: str) -> None:
    """Send a passport for a request and have a reviewer confirm it."""
    passport = planted_passport()
    person.pictures += passport.traces
    page = person.browser.get(f"/requests/identity/{reference}/document?paper=passport")
    send_sides(page, page=passport.passport)
    reviewer = person.staff[0]
    ticks = [box["value"] for box in take(reviewer, reference).tree.select("input[name=checklist]")]
    case = open_case(reviewer, reference)
    assert case.submit({"checklist": ticks, "result": "confirmed"}, with_field="result").status == 200


def _leave_a_draft(portal: Installation, person: Person, words: Words, mailbox: Mailbox) -> None:
    page = person.browser.get("/requests/new/rectification")
    page.submit({"category": "contact", "wrong": words.of("draft")}, with_field="wrong")


def _object(portal: Installation, person: Person, words: Words, mailbox: Mailbox) -> None:
    page = person.browser.get("/requests/new/objection")
    use = str(page.tree.select_one("input[name=use]")["value"])  # type: ignore[index]
    page = page.submit({"use": use, "details": words.of("objection")}, with_field="use")
    if page.tree.select("form[action$='/send']"):
        page.submit(action="/send")


def _write_by_post(portal: Installation, person: Person, words: Words, mailbox: Mailbox) -> None:
    """Write a letter that staff take in; a doubt is lifted by a written reason, and the request refused with evidence."""
    reviewer, officer = person.staff
    day = clock.today()
    values = {
        "email": person.email, "channel": "post", "right": "directives", "words": words.of("words of a letter"),
        "received_on-day": str(day.day), "received_on-month": str(day.month), "received_on-year": str(day.year),
    }  # fmt: skip
    page = reviewer.get("/staff/requests/take-in").submit(values, with_field="channel")
    assert page.status == 200, page.errors
    reference = _newest_request()
    reason = {"written-reason": words.of("written reason")}
    proposal = open_case(officer, reference).submit(reason, action="/written-reason").url.rpartition("/")[2]
    assert answer(reviewer, proposal, words=words.of("words of who seconded")).status == 200
    refusal = refusal_values(Right.DIRECTIVES, evidence=words.of("evidence of a refusal"))
    page = decide(take(reviewer, reference), "refused", words.of("letter of a refusal"), **refusal)
    assert page.status == 200, page.errors
    second(officer, reference, text=words.of("words of an agreement"))


def _newest_request() -> str:
    """Return the reference of the request that was filed last."""
    db.session.rollback()
    newest = select(RightsRequest.reference).order_by(RightsRequest.id.desc()).limit(1)
    return db.session.execute(newest).scalar_one()


def _move(portal: Installation, person: Person, words: Words, mailbox: Mailbox) -> None:
    new = f"{words.of('new address')}@example.org"
    person.browser.get("/account/address").submit({"email": new}, with_field="email")
    person.browser.get(_link(mailbox, new, "/address/confirm/")).submit()
    person.email = new


def _come_from_facebook(portal: Installation, person: Person, words: Words, mailbox: Mailbox) -> None:
    link_facebook(person.email, words.of("facebook"))


def _be_looked_up(portal: Installation, person: Person, words: Words, mailbox: Mailbox) -> None:
    officer = person.staff[1]
    _look_up(officer, REFERENCE, words.of("reason of a look-up"))
    values = {"identifier": REFERENCE, "ground": "litigation", "reason": words.of("words at the archive"),
              "request_reference": ""}  # fmt: skip
    page = officer.get("/staff/archive").submit(values, with_field="reason")
    assert page.status == 200, page.errors


def _look_up(officer: Browser, identifier: str, reason: str) -> None:
    values = {"identifier": identifier, "reason": reason, "request_reference": ""}
    page = officer.get("/staff/customers").submit(values, with_field="reason")
    assert page.status == 200, page.errors


def _keep_a_form(portal: Installation, person: Person, words: Words, mailbox: Mailbox) -> None:
    """Send a form when the session is over: it is kept until the person has signed in again, which they do not."""
    other = _signed_in(portal, person)
    form = other.get("/requests/new/access")
    other.client.delete_cookie("session")
    with clock.stopped_at(clock.now() + timedelta(minutes=31)):
        form.submit({"details": words.of("kept form")}, with_field="details")
    assert db.session.execute(select(KeptForm)).first() is not None, "no form was kept"


def _choose(portal: Installation, person: Person, words: Words, mailbox: Mailbox) -> None:
    person.browser = _signed_in(portal, person)
    page = person.browser.get("/preferences")
    name = str(page.tree.select_one("main form input[type=radio]")["name"])  # type: ignore[index]
    page.submit({name: "accept"}, with_field=name)


def _signed_in(portal: Installation, person: Person) -> Browser:
    browser = Browser(portal.app)
    browser.headers["User-Agent"] = person.browser.headers["User-Agent"]
    values = {"email": person.email, "password": PASSWORD}
    page = browser.get("/sign-in").submit(values, with_field="password")
    assert page.status == 200, page.errors
    return browser


# The erasure, and the search.


def _erase(portal: Installation, person: Person) -> None:
    """Ask through the pages; the address was changed lately, so that a passport is asked for; two people decide."""
    page = person.browser.get("/requests/new/erasure").submit({"scope": "all"}, with_field="scope")
    reference = page.submit(action="/later").submit(action="/send").url.rpartition("/")[2]
    _prove(person, reference)
    erasure = grant(person.staff, reference)
    for hours in (*range(20, 81, 20), *range(81, 86)):  # a clock that jumps by two days destroys nothing
        with clock.stopped_at(clock.now() + timedelta(hours=hours)):
            run_due_jobs()
    done = newest_erasure()
    assert done.id == erasure.id and done.step == "over", f"{done.state} at {done.step}: {done.cause} {done.position}"
    with clock.stopped_at(clock.now() + timedelta(hours=100)):
        run_due_jobs()


def _search(portal: Installation, words: Words, pictures: list[bytes]) -> tuple[int, list[str]]:
    """Return how many words stay where they may, and where others stand."""
    allowed = leaves()
    faults, kept = [], set()
    for table, column, word in _in_rows(list(words.given.values())):
        if table in IS_KEPT or column in allowed.get(table, ()):
            kept.add(word)
        else:
            faults.append(f"{table}.{column} holds {_door(words, word)}")
    gone = [word.encode() for word in words.given.values() if word not in kept]
    mails = str(portal.folder / "mail")  # what was sent lies at the relay: here it only stands for that
    everywhere = found_in_files([portal.folder.parent], gone + pictures)
    return len(kept), faults + [each for each in everywhere if not each.startswith(mails)]


def _break_one_keeper(portal: Installation, staff: tuple[Browser, Browser]) -> str:
    """Erase somebody else while what empties typed reasons does nothing: the recount and the search both tell."""
    words = Words()
    customer_id = People(portal.app).account("control@example.org").customer_id
    assert customer_id is not None
    _look_up(staff[1], "control@example.org", words.of("reason at the control"))
    erasing = dict(all_erasing())["access_log"]
    erases("access_log", OwnPart("access_log", erasing.order, ()))
    try:
        erasure_id = scheduled(customer_id)
        start_at_once(erasure_id)
        to_the_end(erasure_id)
    finally:
        erases("access_log", erasing)
    halted = found(erasure_id)
    assert (halted.state, halted.cause) == (ErasureState.HALTED, "remnants"), f"{halted.state}: the recount saw nothing"
    where = halted.position
    assert "access_log_entries.reason" in where, where
    _kept, faults = _search(portal, words, [])
    assert any(fault.startswith("access_log_entries.reason") for fault in faults), "the search saw nothing"
    with transaction():
        resume(found(erasure_id), "command")
    to_the_end(erasure_id)
    assert found(erasure_id).state is ErasureState.DONE
    return f"the recount halts at {where}, the search finds {len(faults)} places; mended, it is done"


def _in_rows(words: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yield table, column and word for everything in the database that holds one."""
    db.session.rollback()
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(select(table)).mappings():
            for column, value in row.items():
                for word in words:
                    if holds(value, (word,)):
                        yield table.name, str(column), word


def _door(words: Words, word: str) -> str:
    return next(door for door, each in words.given.items() if each == word)
