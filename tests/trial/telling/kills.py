"""kill -9 anywhere between the form of a correction and its closed file: all of it stands or none, and all of it once.

Each round a person asks for a value to be corrected, through the pages of a real web process, and a reviewer grants it.
Workers tell the systems and recipients, which confirm by the link of a mail, by the feed, by the list, and the officer
exempts one; each of these processes dies on the way. After each kill the pages of the person, of the case and of each
who was told are read, and compared with what the database holds.
"""

import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, func, select, update

from portal import clock
from portal.access.tokens import OF_ONE_SYSTEM, create_token
from portal.audit.models import AuditEvent
from portal.audit.verification import verify_chain
from portal.customers.models import Customer
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.infrastructure.ledger import GENESIS
from portal.infrastructure.mail.models import Mail, MailStatus
from portal.instructions.models import CLOSED_STATES, Instruction, InstructionState, Operation
from portal.personal_data.corrections.models import Correction
from portal.personal_data.erasure.checking.invariants import broken
from portal.personal_data.ledger.models import EntryKind, LedgerEntry
from portal.records.models import Record
from portal.rights.items.models import ItemState, RequestItem
from portal.rights.lifecycle import Status
from portal.rights.models import RightsRequest
from portal.web.incoming.kept_counts import RateCount
from tests.support.acting.browser import Browser, Page
from tests.support.acting.mailbox import Mailbox, text_of
from tests.support.acting.people import People
from tests.support.acting.systems import FakeSystem
from tests.support.filing import trust_device
from tests.support.hashing import use_quick_hasher
from tests.support.packages import take_in
from tests.support.records import record
from tests.support.servers.databases import hear_every_system, new_database, postgresql_server
from tests.support.servers.ports import free_port
from tests.support.servers.served import until
from tests.trial.document_kills import Sent, Trial
from tests.trial.erasing.dying import Place, die_at, work_to_the_end
from tests.trial.installation import forget_connections, installation
from tests.trial.telling.company import BY_CALL, BY_MAIL, MAILED_TO, company_with_systems

OLD, NEW = "Lille", "Lyon"
BY_LIST = ("group_companies", "host", "parent", "technical_providers")
TOLD = sorted((BY_CALL, BY_MAIL, *BY_LIST))
SHIPS, MAILS, CALLS = "ledger.ship", "mail.send", "instructions.call"
WORKERS = (
    Place("ledger written", job=SHIPS), Place(SHIPS, "before", job=SHIPS), Place(SHIPS, "after", job=SHIPS),
    Place(MAILS, "before", job=MAILS), Place(MAILS, "after", job=MAILS), Place(MAILS, "before", job=MAILS),
    Place(MAILS, "after", job=MAILS), Place(CALLS, "before", job=CALLS), Place(CALLS, "before", job=CALLS),
    Place(CALLS, "after", job=CALLS),
)  # fmt: skip
"""Where workers die after a decision. Three mails are on their way then; of the other jobs there is one."""


@dataclass
class Person:
    """Somebody of whom a town is wrong, and where they look."""

    browser: Browser
    name: str
    customer_id: int


@dataclass
class Campaign:
    """An installation whose processes die, and who takes part."""

    trial: Trial
    called: FakeSystem
    reviewer: Browser
    officer: Browser
    token: str
    generator: random.Random = field(default_factory=lambda: random.Random(20261201))
    killed: Counter[str] = field(default_factory=Counter)
    pressed: Counter[str] = field(default_factory=Counter)
    people: list[Person] = field(default_factory=list)


def kill_on_the_way_of_a_correction(reduced: bool) -> str:
    """Kill web processes and workers while values are corrected and everybody is told, on SQLite and PostgreSQL."""
    use_quick_hasher()
    with _campaign() as campaign:
        found = [f"SQLite: {_run(campaign, 10 if reduced else 120)}"]
    if not reduced:
        with postgresql_server() as server, _campaign(PORTAL_DATABASE_URL=new_database(server, "kills")) as campaign:
            found.append(f"PostgreSQL: {_run(campaign, 80)}")
    return "; ".join(found)


@contextmanager
def _campaign(**settings: str) -> Any:
    called = FakeSystem()
    with ExitStack() as until_the_end:
        port = free_port()
        settings |= until_the_end.enter_context(company_with_systems(called))
        settings |= {"PORTAL_PUBLIC_URL": f"http://localhost:{port}"}
        portal = until_the_end.enter_context(installation(**settings))
        until_the_end.enter_context(portal.app.app_context())
        until_the_end.callback(forget_connections)
        people = People(portal.app)
        hear_every_system()
        trial = Trial(portal, [portal.folder], port, people)
        until_the_end.callback(trial.stop)
        with transaction():
            token = create_token("trial", [OF_ONE_SYSTEM], system=BY_CALL)[1]
        staff = (people.signed_in_staff("reviewer"), people.signed_in_staff("officer", name="Hélène Aubry"))
        yield Campaign(trial, called, *staff, token)


def _run(campaign: Campaign, kills: int) -> str:
    work_to_the_end(_is_drained)
    while campaign.killed.total() < kills:
        _round(campaign)
    work_to_the_end(_is_drained)
    for person in campaign.people:
        assert _look(campaign, person) is Status.CLOSED
        _check_mails(campaign, person)
    missed = {str(place) for place in WORKERS} - set(campaign.killed)
    assert not missed, f"no worker came to {missed}"
    _prove_that_the_look_finds(campaign)
    _check_once(campaign)
    places = ", ".join(f"{count} {place}" for place, count in sorted(campaign.killed.items()))
    presses = ", ".join(f"{count} {what}" for what, count in sorted(campaign.pressed.items()))
    again = len(campaign.called.calls) - len(campaign.people)
    return (
        f"{campaign.killed.total()} kills ({places}); presses {presses}; {len(campaign.people)} corrections each made, "
        f"told to {len(TOLD)}, answered and closed once ({again} calls came twice, under the same id)"
    )


def _round(campaign: Campaign) -> None:
    with transaction() as session:
        session.execute(delete(RateCount))
    person = _somebody(campaign)
    campaign.people.append(person)
    shown = person.browser.get(f"/data/contact/A-{person.name}/correct?kind=postal_address&field=city")
    check = shown.submit({"value_city": NEW}, with_field="value_city").url
    send = (person.browser, check, "/send", {})
    _press(campaign, person, "filed", send, lambda: _request(person) is not None)
    case = f"/staff/requests/{_known(person).reference}"
    if not campaign.reviewer.get(case).tree.find(attrs={"name": "way"}):
        campaign.reviewer.get(case).submit(action="/claim")
    grant = (campaign.reviewer, case, "/decision", {"way": "proposed", "message": "Nous corrigeons la ville."})
    _press(campaign, person, "decided", grant, lambda: _known(person).answered_at is not None)
    for place in WORKERS:
        if die_at(campaign.trial.portal.app, place):
            campaign.killed[str(place)] += 1
            _look(campaign, person)
    work_to_the_end(_is_drained)
    _confirm(campaign, person)
    assert _look(campaign, person) is Status.CLOSED, (
        f"{person.name}: all have followed, and it is {_known(person).status}"
    )


def _somebody(campaign: Campaign) -> Person:
    name = f"person{len(campaign.people)}"
    browser, of = campaign.trial.people.signed_in(f"{name}@example.org"), f"C-{name}"
    trust_device(f"{name}@example.org")
    values = {"use": "billing", "line1": "1 rue Haute", "city": OLD}
    take_in(
        record("postal_address", f"A-{name}", values, of, source=BY_MAIL),
        record("postal_address", f"B-{name}", values, of, source=BY_CALL),
    )
    customer_id = db.session.execute(select(Customer.id).where(Customer.external_id == of)).scalar_one()
    return Person(browser, name, customer_id)


def _confirm(campaign: Campaign, person: Person) -> None:
    """Have everybody who was told confirm, each in the way in which they were told; who comes last changes by round."""
    ways: list[tuple[str, Callable[[], None]]] = [
        ("by link", lambda: _answer_by_link(campaign, person)),
        ("by feed", lambda: _answer_by_feed(campaign, person)),
        ("by list", lambda: _tick(campaign, person, BY_LIST[0])),
        ("exempted", lambda: _exempt(campaign, person, BY_LIST[1])),
    ]
    for code in BY_LIST[2:]:
        page = campaign.reviewer.get(f"/staff/instructions/{_row(person, code).public_id}")
        page.submit(action="/acknowledge")
    turn = len(campaign.people) % len(ways)
    for _name, confirm in (*ways[turn:], *ways[:turn]):
        assert _look(campaign, person) is Status.ANSWERED, f"{person.name} is closed before all have followed"
        confirm()


def _answer_by_link(campaign: Campaign, person: Person) -> None:
    row = _row(person, BY_MAIL)
    mails = Mailbox(campaign.trial.portal.folder / "mail", lambda: None).all()
    links = [
        re.search(r"http://localhost:\d+(/instruction/\S+)", text_of(mail)) for mail in mails if MAILED_TO in mail["To"]
    ]
    stranger = Browser(campaign.trial.portal.app)
    pages = {link[1]: stranger.get(link[1]) for link in links if link}
    link = next(path for path, page in pages.items() if f"A-{person.name}" in page.text)
    press = (stranger, link, "", {"result": "done"})
    _press(campaign, person, "by link", press, lambda: _is_closed(row), with_field="result")


def _answer_by_feed(campaign: Campaign, person: Person) -> None:
    """Answer by the feed, killed meanwhile; whoever was cut off sends the same again and is told that it stands."""
    row, trial = _row(person, BY_CALL), campaign.trial
    headers = {"Authorization": f"Bearer {campaign.token}", "Content-Type": "application/json"}
    path, body = f"/feed/v1/instructions/{row.public_id}/ack", json.dumps({"result": "done"}).encode()
    trial.start("web")
    sent = trial.send(b"POST", path, headers, body, _killer(campaign, "by feed", lambda: _is_closed(row)))
    _note(campaign, person, "by feed", sent, lambda: _is_closed(row))
    trial.start("web")
    assert trial.send(b"POST", path, headers, body).status == 200
    assert _is_closed(row)


def _tick(campaign: Campaign, person: Person, code: str) -> None:
    row = _row(person, code)
    press = (campaign.reviewer, f"/staff/instructions/{row.public_id}", "/acknowledge", {})
    _press(campaign, person, "by list", press, lambda: _is_closed(row))


def _exempt(campaign: Campaign, person: Person, code: str) -> None:
    row = _row(person, code)
    why = {"cause": "not_held", "words": "Cet hébergeur ne lit pas les adresses."}
    press = (campaign.officer, f"/staff/instructions/{row.public_id}", "/exempt", why)
    _press(campaign, person, "exempted", press, lambda: _is_closed(row))


Press = tuple[Browser, str, str, dict[str, str]]
"""Who presses, on which page, the end of the form's address, and what they typed."""


def _press(
    campaign: Campaign, person: Person, what: str, press: Press, is_done: Callable[[], bool],
    with_field: str | None = None,
) -> None:  # fmt: skip
    """Press a button while the web process dies; who was cut off looks, and presses again where nothing was done."""
    browser, path, action, values = press
    options = {"action": action or None, "with_field": with_field}
    trial = campaign.trial
    trial.start("web")
    sent = trial.submit(browser.get(path), values, with_field, _killer(campaign, what, is_done), action=action or None)
    _note(campaign, person, what, sent, is_done)
    if not is_done():
        page = browser.get(path).submit(values, **options)  # type: ignore[arg-type]
        assert page.status == 200, f"{path}: {page.errors}"
        assert is_done(), f"{path}: pressed again, and nothing is done"
        _look(campaign, person)


def _killer(campaign: Campaign, what: str, is_done: Callable[[], bool]) -> Callable[[float], None]:
    """Return what kills the web process soon after the form went out, or, in turns, as soon as its effect stands."""
    is_late = campaign.killed[f"web, {what}"] % 2 == len(what) % 2

    def kill_meanwhile(share: float) -> None:
        if share < 1:
            return
        if is_late:
            until(lambda: is_done() or None, f"what was {what}")
        else:
            time.sleep(campaign.generator.uniform(0, 0.4))
        campaign.trial.kill("web", what)

    return kill_meanwhile


def _note(campaign: Campaign, person: Person, what: str, sent: Sent, is_done: Callable[[], bool]) -> None:
    campaign.killed[f"web, {what}"] += 1
    campaign.pressed["answered" if sent.is_acknowledged else "kept, cut off" if is_done() else "cut off before"] += 1
    assert is_done() or not sent.is_acknowledged, f"{person.name}: what was {what} was acknowledged, and is lost"
    _look(campaign, person)


def _look(campaign: Campaign, person: Person) -> Status | None:
    """Compare what the pages say with what is so; return how the request stands, None before it is filed.

    A correction, its item, its event, its line for the ledger, who is to be told and the answer are one: all or none.
    """
    request = _request(person)
    assert verify_chain().fault is None
    assert broken() == {}, broken()
    if request is None:
        assert _value(person) == OLD
        return None
    is_made = _check_rows(person, request)
    rows = _told(request)
    is_followed = is_made and all(row.state in CLOSED_STATES for row in rows)
    wanted = Status.CLOSED if is_followed else Status.ANSWERED
    assert request.status is wanted or not is_made, f"{request.reference} is {request.status}"
    _check_pages(campaign, person, request, is_made)
    return request.status


def _check_rows(person: Person, request: RightsRequest) -> bool:
    """Return whether the correction is made, by every row that says so."""
    correction = db.session.execute(select(Correction).where(Correction.request_id == request.id)).scalar_one()
    states = db.session.execute(select(RequestItem.state).where(RequestItem.request_id == request.id)).scalars().all()
    lines = db.session.execute(select(LedgerEntry.body).where(LedgerEntry.kind == EntryKind.CORRECTED)).scalars()
    answers = select(Mail.context).where(Mail.template == "rights/answered", Mail.customer_id == person.customer_id)
    told = sorted(row.target for row in _told(request))
    assert told in ([], TOLD), f"{request.reference} was told to {told}"
    facts = {
        "the value": int(_value(person) == NEW),
        "its correction": int(correction.applied_at is not None),
        "its item": sum(state is ItemState.DONE for state in states),
        "its event": _events("customer:field:corrected", "reference", request.reference),
        "the ledger": sum(body.get("request") == request.reference for body in lines),
        "the answer": int(request.answered_at is not None),
        "its mail": len(db.session.execute(answers).all()),
        "who was told": int(told == TOLD),
    }
    assert set(facts.values()) in ({0}, {1}), f"{request.reference} stands half: {facts}"
    return bool(facts["the value"])


def _check_pages(campaign: Campaign, person: Person, request: RightsRequest, is_made: bool) -> None:
    own, town = person.browser.get(f"/requests/{request.reference}"), person.browser.get("/data/contact")
    theirs = campaign.reviewer.get(f"/staff/requests/{request.reference}")
    receipt = person.browser.get(f"/requests/{request.reference}/receipt")
    for page in (own, town, theirs, receipt):
        assert page.status == 200, f"{page.url} answers {page.status}"
    assert (NEW in town.text) == is_made, f"{town.url} shows the {'old' if is_made else 'new'} value"
    assert ("correction faite le" in own.text) == is_made, f"{own.url} says something else than what is so"
    is_closed = request.status is Status.CLOSED
    assert (receipt.h1 == "Reçu de votre demande close") == is_closed, f"{receipt.url}: {receipt.h1}"
    if told := _told(request):
        row = campaign.generator.choice(told)
        _check_told(campaign.reviewer.get(f"/staff/instructions/{row.public_id}"), own, row)


def _check_told(page: Page, own: Page, row: Instruction) -> None:
    assert page.status == 200, f"{page.url} answers {page.status}"
    is_open = bool(page.tree.select("form[action$='/acknowledge']"))
    assert is_open == (row.state not in CLOSED_STATES), f"{page.url} offers what is settled"
    assert own.text.count("(corriger)") == len(TOLD), f"{own.url} does not name all who were told"


def _prove_that_the_look_finds(campaign: Campaign) -> None:
    """A look that never finds anything would prove nothing: what a half commit leaves must stop it."""
    person = campaign.people[0]
    request = _known(person)
    hurt = [
        (update(Correction).where(Correction.request_id == request.id), {"applied_at": None}, {"applied_at": request.answered_at}),
        (update(Instruction).where(Instruction.request_id == request.id, Instruction.target == BY_MAIL),
         {"state": InstructionState.SENT}, {"state": InstructionState.ACKNOWLEDGED}),
    ]  # fmt: skip
    for rows, half, whole in hurt:
        with transaction() as session:
            session.execute(rows.values(half))
        try:
            _look(campaign, person)
        except AssertionError:
            with transaction() as session:
                session.execute(rows.values(whole))
            continue
        raise AssertionError(f"the look missed {half}")


def _check_mails(campaign: Campaign, person: Person) -> None:
    """The person got one mail that we have their request, and one that we have answered it."""
    mails = Mailbox(campaign.trial.portal.folder / "mail", lambda: None).to(f"{person.name}@example.org")
    subjects = Counter(str(mail["Subject"]) for mail in mails if _known(person).reference in mail["Subject"])
    assert set(subjects.values()) == {1} and len(subjects) == 2, subjects


def _check_once(campaign: Campaign) -> None:
    """Nothing is stuck, every line of the ledger lies outside once, everybody was told and settled once."""
    db.session.rollback()
    assert db.session.execute(select(func.count(Job.id)).where(Job.status == JobStatus.PARKED)).scalar_one() == 0
    assert db.session.execute(select(func.count(Mail.id)).where(Mail.status != MailStatus.SENT)).scalar_one() == 0
    entries = list(db.session.execute(select(LedgerEntry).order_by(LedgerEntry.n)).scalars())
    lines = list(installed.ledger().after(0, GENESIS))
    assert [(entry.n, entry.hash) for entry in entries] == [(line.n, line.hash) for line in lines]
    told = list(db.session.execute(select(Instruction)).scalars())
    assert len(told) == len(TOLD) * len(campaign.people)
    for row in told:
        assert row.operation is Operation.CORRECT
        tag = (
            "staff:instruction:exempted" if row.state is InstructionState.EXEMPT else "portal:instruction:acknowledged"
        )
        assert _events(tag, "instruction", row.public_id) == 1, f"{row.target} was settled twice"
        sent = _events("portal:instruction:sent", "instruction", row.public_id)
        assert sent == (row.target in (BY_CALL, BY_MAIL)), f"{row.target}: {sent} events that it was sent"
    ids = {headers["Webhook-Id"] for headers, _body in campaign.called.calls}
    assert ids == {row.public_id for row in told if row.target == BY_CALL}


def _request(person: Person) -> RightsRequest | None:
    """Return the request of a person; fails when there are two."""
    db.session.rollback()
    own = select(RightsRequest).where(RightsRequest.customer_id == person.customer_id)
    return db.session.execute(own).scalar_one_or_none()


def _known(person: Person) -> RightsRequest:
    found = _request(person)
    assert found is not None, f"the request of {person.name} is lost"
    return found


def _told(request: RightsRequest) -> list[Instruction]:
    rows = select(Instruction).where(Instruction.request_id == request.id).order_by(Instruction.id)
    return list(db.session.execute(rows).scalars())


def _row(person: Person, code: str) -> Instruction:
    row = next(row for row in _told(_known(person)) if row.target == code)
    db.session.expunge(row)
    return row


def _is_closed(row: Instruction) -> bool:
    db.session.rollback()
    state = db.session.execute(select(Instruction.state).where(Instruction.id == row.id)).scalar_one()
    return state in CLOSED_STATES


def _value(person: Person) -> str:
    named = (Record.customer_id == person.customer_id, Record.external_id == f"A-{person.name}")
    return str(db.session.execute(select(Record.values).where(*named)).scalar_one()["city"])


def _events(tag: str, fact: str, value: str) -> int:
    facts = db.session.execute(select(AuditEvent.facts).where(AuditEvent.tag == tag)).scalars()
    return sum(each.get(fact) == value for each in facts)


def _is_drained() -> bool:
    db.session.rollback()
    due = (Job.status == JobStatus.RUNNING) | ((Job.status == JobStatus.WAITING) & (Job.run_at <= clock.now()))
    return db.session.execute(select(func.count(Job.id)).where(due)).scalar_one() == 0
