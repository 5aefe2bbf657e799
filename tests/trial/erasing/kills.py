"""kill -9 anywhere on the way of an erasure, and around it: each ends as one that was not killed, with one certificate.

Each round a person asks to be erased through the pages of a real web process, two people of the team decide, and
workers carry it out while they die at every step; beside it other people's records end or move to the archive, and a
copy is packed. After each kill the pages of the person, of the case and of the status are read.
"""

import random
import re
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Flask
from sqlalchemy import delete, func, select, update

from portal import clock
from portal.audit.models import AuditEvent
from portal.audit.verification import verify_chain
from portal.customers.models import Customer
from portal.exports.delivery import clear_chunks
from portal.exports.models import AnswerPackage, PackageStatus
from portal.exports.requesting import request_package
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.infrastructure.jobs.queue import enqueue
from portal.infrastructure.ledger import GENESIS
from portal.personal_data.erasure.checking.invariants import broken
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.personal_data.expiry.approving import approve_class
from portal.personal_data.expiry.endings import ending_of
from portal.personal_data.ledger.models import LedgerEntry
from portal.records.archive.models import ArchivedRecord
from portal.records.data_map.kinds import installed_data_map
from portal.records.models import Record
from portal.rights.erasing.standing import status_token
from portal.rights.items.models import ItemState, RequestItem
from portal.rights.lifecycle import Status
from portal.rights.models import RequestDecision
from portal.web.incoming.kept_counts import RateCount
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox
from tests.support.acting.people import People
from tests.support.cases import case
from tests.support.erasing.erasures import start_at_once
from tests.support.filing import trust_device
from tests.support.hashing import use_quick_hasher
from tests.support.packages import take_in
from tests.support.records import customer, invoice, visit
from tests.support.servers.databases import hear_every_system, postgresql_server
from tests.support.servers.ports import free_port
from tests.support.servers.served import until
from tests.trial.document_kills import Trial
from tests.trial.erasing.dying import Place, die_at, hurry, work_to_the_end
from tests.trial.installation import installation, kill

STEPS = ("start", "seal", "keys", "archive", "rows", "file", "verify", "answer")
BESIDE = (
    Place("retention.records", "before", 2), Place("retention.records_to_archive", "after", 2), Place("package stored"),
)  # fmt: skip
"""Where workers die beside the erasure, in the order of their jobs. The first commit of a purge is its report's."""
DECISIONS = {"way": "staff:request:decided", "agrees": "customer:erasure:scheduled"}
"""The field of each button that decides, and what the trail then says."""
ENDINGS, KINDS = ("records", "records_to_archive"), ("page_visit", "invoice")
VISITS, INVOICES, ENDING = 1100, 7, 600
_ABOUT = "à votre demande d’effacement"
IS_DONE, GONE = "L’effacement est fait dans ce portail", "Ces données ont été effacées de ce portail"


@dataclass
class Person:
    """Somebody who asks to be erased: their browser, what they asked for, and where they look."""

    browser: Browser
    name: str
    customer_id: int
    reference: str = ""
    address: str = ""


@dataclass
class Ending:
    """Somebody else, half of whose records end while the others move to the archive, and who asked for a copy.

    Attributes:
        besides: by category, how many more their page counts than there are records.
    """

    browser: Browser
    customer_id: int
    package: int = 0
    besides: dict[str, int] = field(default_factory=dict)


@dataclass
class Campaign:
    """An installation whose processes die."""

    app: Flask
    trial: Trial
    reviewer: Browser
    officer: Browser
    generator: random.Random = field(default_factory=lambda: random.Random(20261130))
    killed: Counter[str] = field(default_factory=Counter)
    pressed: Counter[str] = field(default_factory=Counter)
    people: list[Person] = field(default_factory=list)
    endings: list[Ending] = field(default_factory=list)


def kill_on_the_way_of_an_erasure(reduced: bool) -> str:
    """Kill web processes and workers while people are erased, on SQLite and, in full, on PostgreSQL."""
    use_quick_hasher()
    with _campaign() as campaign:
        found = [f"SQLite: {_run(campaign, 12 if reduced else 120)}"]
    if not reduced:
        with postgresql_server() as server, _campaign(PORTAL_DATABASE_URL=server.format(name="postgres")) as campaign:
            found.append(f"PostgreSQL: {_run(campaign, 80)}")
    return "; ".join(found)


@contextmanager
def _campaign(**settings: str) -> Any:
    with ExitStack() as until_the_end:
        port = free_port()
        settings |= {"PORTAL_PUBLIC_URL": f"http://localhost:{port}"}
        portal = until_the_end.enter_context(installation(**settings))
        until_the_end.enter_context(portal.app.app_context())
        people = People(portal.app)
        hear_every_system()
        trial = Trial(portal, [portal.folder], port, people)
        until_the_end.callback(trial.stop)
        yield Campaign(
            portal.app,
            trial,
            people.signed_in_staff("reviewer"),
            people.signed_in_staff("officer", name="Hélène Aubry"),
        )


def _run(campaign: Campaign, kills: int) -> str:
    work_to_the_end(_is_drained)  # the days that the data map gives are renewed once, at the first start
    untouched = _erased_without_a_kill(campaign)
    while campaign.killed.total() < kills:
        _round(campaign)
    work_to_the_end(_is_drained)
    for person in campaign.people:
        _compare(person, untouched)
    for ending in campaign.endings:
        _check_ending(ending)
    _check_once(campaign)
    places = ", ".join(f"{count} {place}" for place, count in sorted(campaign.killed.items()))
    presses = ", ".join(f"{count} {what}" for what, count in sorted(campaign.pressed.items()))
    return (
        f"{campaign.killed.total()} kills ({places}); decisions {presses}; {len(campaign.people)} people erased as one who was not killed, "
        f"{ENDING * len(campaign.endings)} records ended and as many archived once, {len(campaign.endings)} copies"
    )


def _round(campaign: Campaign) -> None:
    person = _ask(campaign, f"person{len(campaign.people)}", kills=True)
    campaign.people.append(person)
    start_at_once(_erasure(person).id)
    for step in STEPS:
        _die(campaign, person, Place(f"erasure.{step}", campaign.generator.choice(["before", "after"])))
        if step == "start":
            _die(campaign, person, Place("ledger written"))
    if campaign.killed.total() > len(STEPS) + 4:  # in full: from outside, whenever it comes, as the system does
        _kill_from_outside(campaign, person)
    work_to_the_end(lambda: _erasure(person).step == "over")
    _look(campaign, person)
    ending = _make_ending(campaign)
    campaign.endings.append(ending)
    for place in BESIDE:
        _die(campaign, person, place)
        _look_at_counts(ending)


def _die(campaign: Campaign, person: Person, place: Place) -> None:
    assert die_at(campaign.app, place), f"{person.name}: no worker came to {place}; {_where(person)}"
    campaign.killed[str(place)] += 1
    _look(campaign, person)


def _kill_from_outside(campaign: Campaign, person: Person) -> None:
    hurry()
    worker = campaign.trial.portal.start("work")
    time.sleep(campaign.generator.uniform(0.5, 4))
    kill(worker)
    campaign.killed["from outside"] += 1
    _look(campaign, person)


def _erased_without_a_kill(campaign: Campaign) -> Person:
    person = _ask(campaign, "untouched", kills=False)
    start_at_once(_erasure(person).id)
    work_to_the_end(lambda: _erasure(person).step == "over")
    _look(campaign, person)
    return person


def _ask(campaign: Campaign, name: str, *, kills: bool) -> Person:
    """Have a person ask for everything to be erased, a reviewer grant it and an officer agree."""
    with transaction() as session:
        session.execute(delete(RateCount))
    browser = campaign.trial.people.signed_in(f"{name}@example.org")
    trust_device(f"{name}@example.org")
    of = f"C-{name}"
    take_in(
        customer(of, relationship_ended_on="2026-06-30"),
        *(visit(number, of=of) for number in range(VISITS)),
        *(invoice(f"F-{number}", of=of) for number in range(INVOICES)),
    )
    customer_id = db.session.execute(select(Customer.id).where(Customer.external_id == of)).scalar_one()
    person = Person(browser, name, customer_id)
    page = browser.get("/requests/new/erasure").submit({"scope": "all"}, with_field="scope")
    person.reference = page.submit(action="/send").url.rpartition("/")[2]
    path = f"/staff/requests/{person.reference}"
    way = {"way": "proposed", "message": "Nous effaçons ce que vous demandez."}
    if not campaign.reviewer.get(path).tree.find(attrs={"name": "way"}):
        campaign.reviewer.get(path).submit(action="/claim")
    _press(campaign, kills, campaign.reviewer, path, way, "way", lambda: _decisions(person) == 1)
    _press(campaign, kills, campaign.officer, path, {"agrees": "yes"}, "agrees", lambda: _is_scheduled(person))
    with campaign.app.test_request_context():
        person.address = f"/erasure/{status_token(_erasure(person))}"
    _look(campaign, person)
    return person


def _press(
    campaign: Campaign, kills: bool, browser: Browser, path: str, values: dict[str, str], field_name: str,
    is_done: Callable[[], bool],
) -> None:  # fmt: skip
    """Press a button of a case. Where it kills, the web process dies meanwhile, and who was cut off presses again.

    In turns it dies soon after the form went out, and as soon as the decision stands in the database.
    """
    page = browser.get(path)
    if not kills:
        page.submit(values, with_field=field_name)
        assert is_done(), f"{path}: {field_name} did nothing"
        return
    trial = campaign.trial
    trial.start("web")
    is_late = campaign.killed[f"web at {field_name}"] % 2 == list(DECISIONS).index(field_name)
    reference = path.rpartition("/")[2]

    def kill_meanwhile(share: float) -> None:
        if share == 1 and is_late:
            until(lambda: _is_told(DECISIONS[field_name], reference) or None, "a decision that stands")
        elif share == 1:
            time.sleep(campaign.generator.uniform(0, 0.5))
        if share == 1:
            trial.kill("web", field_name)

    sent = trial.submit(page, values, field_name, kill_meanwhile)
    campaign.killed[f"web at {field_name}"] += 1
    campaign.pressed["answered" if sent.is_acknowledged else "kept, cut off" if is_done() else "cut off before"] += 1
    assert is_done() or not sent.is_acknowledged, f"{path}: an acknowledged {field_name} is lost"
    if not is_done():
        page = browser.get(path)
        page.submit(values, with_field=field_name)
    assert is_done(), f"{path}: {field_name} did nothing"


def _make_ending(campaign: Campaign) -> Ending:
    """Have records end and others move to the archive, and ask for a copy: all of it waits for a worker."""
    name = f"ending{len(campaign.endings)}"
    browser, of = campaign.trial.people.signed_in(f"{name}@example.org"), f"C-{name}"
    take_in(
        customer(of, relationship_ended_on="2026-06-30"),
        *(visit(each, of=of) for each in range(ENDING)),
        *(invoice(f"G-{each}", of=of) for each in range(ENDING)),
    )
    customer_id = db.session.execute(select(Customer.id).where(Customer.external_id == of)).scalar_one()
    ending = Ending(browser, customer_id)
    ending.besides = {category: counted - ENDING for category, (counted, _archived) in _counted(ending).items()}
    with transaction() as session:
        theirs, yesterday = update(Record).where(Record.customer_id == customer_id), clock.today() - timedelta(days=1)
        session.execute(theirs.where(Record.kind == "page_visit").values(expires_on=yesterday))
        session.execute(theirs.where(Record.kind == "invoice").values(active_until=yesterday))
        for code in ENDINGS:
            enqueue(f"retention.{code}")
    work_to_the_end(_is_drained)
    with transaction() as session:
        for code in ENDINGS:  # so many at once wait for an officer
            approve_class(ending_of(code), "staff:trial")
        asking = session.get_one(Customer, customer_id)
        ending.package = request_package(asking, purpose="access", request_id=None, language="fr").id
    return ending


def _look_at_counts(ending: Ending) -> None:
    """What the pages count, in use and in the archive, is there: a kill leaves no count of rows that moved or went."""
    shown = _counted(ending)
    for kind in KINDS:
        category = installed_data_map().kinds[kind].category
        rows = tuple(
            db.session.execute(
                select(func.count()).where(table.customer_id == ending.customer_id, table.category == category)
            ).scalar_one()
            for table in (Record, ArchivedRecord)
        )
        counted = (shown[category][0] - ending.besides[category], shown[category][1])
        assert counted == rows, f"{category}: the page counts {counted}, the rows are {rows}"


def _counted(ending: Ending) -> dict[str, tuple[int, int]]:
    """Return by category how many items its page counts in use, and how many in the archive."""
    found = {}
    for kind in KINDS:
        category = installed_data_map().kinds[kind].category
        page = ending.browser.get(f"/data/{category}")
        assert page.status == 200, f"{page.url} answers {page.status}"
        found[category] = (
            _number(r"(\d+) éléments?\.", page.text),
            _number(r"(\d+) données? (?:est|sont) en archive", page.text),
        )
    return found


def _number(pattern: str, text: str) -> int:
    match = re.search(pattern, re.sub(r"(?<=\d)\s(?=\d)", "", text))
    return int(match[1]) if match else 0


def _look(campaign: Campaign, person: Person) -> None:
    """Read the pages of a person after a kill: none says that it is done before a recount has confirmed it."""
    erasure = _erasure(person)
    is_done = erasure.state is ErasureState.DONE
    assert is_done == (erasure.certificate is not None), f"{person.name}: done without a certificate, or the reverse"
    status = Browser(campaign.app).get(person.address)
    assert status.status == 200, f"{person.name}: the status page answers {status.status}"
    own = person.browser.get(f"/requests/{person.reference}")
    theirs = campaign.reviewer.get(f"/staff/requests/{person.reference}")
    for page in (status, own, theirs):
        assert page.status == 200, f"{page.url} answers {page.status}"
        says = [text for text in (IS_DONE, GONE) if text in page.text]
        assert is_done or not says, f"{page.url} says {says}: {_where(person)}"
    assert not is_done or IS_DONE in status.text, f"{person.name}: done, and the page does not say so"
    is_shut = erasure.step not in ("start", "seal")
    assert own.url.startswith("/sign-in") == is_shut, f"{own.url} at {erasure.step}"
    _check_rows(person, is_done)
    assert verify_chain().fault is None
    assert broken() == {}, broken()


def _check_rows(person: Person, is_done: bool) -> None:
    request = case(person.reference)
    assert (request.status is Status.ANSWERED) == is_done, f"{person.reference} is {request.status}: {_where(person)}"
    states = set(db.session.execute(select(RequestItem.state).where(RequestItem.request_id == request.id)).scalars())
    assert is_done or ItemState.DONE not in states, f"{person.reference} has done items: {_where(person)}"
    both = (
        select(func.count())
        .select_from(Record)
        .join(
            ArchivedRecord,
            (ArchivedRecord.customer_id == Record.customer_id)
            & (ArchivedRecord.kind == Record.kind)
            & (ArchivedRecord.external_id == Record.external_id),
        )
    )
    assert db.session.execute(both).scalar_one() == 0, "a record is in use and in the archive"


def _compare(person: Person, untouched: Person) -> None:
    """What is left of somebody, and what their certificate says, is as for one whose erasure nobody killed."""
    mine, theirs = _erasure(person), _erasure(untouched)
    assert (mine.state, mine.step, mine.cause) == (ErasureState.DONE, "over", None), _where(person)
    assert _told(mine) == _told(theirs), f"{person.name}: {_told(mine)} instead of {_told(theirs)}"
    assert mine.done == theirs.done, f"{person.name}: {mine.done} rows instead of {theirs.done}"
    assert _left(person.customer_id) == _left(untouched.customer_id), f"{person.name}: {_left(person.customer_id)}"
    for tag in ("scheduled", "sealed", "carried_out"):
        told = _events(f"customer:erasure:{tag}", "reference", person.reference)
        assert told == 1, f"{person.reference}: {told} events {tag}"


def _told(erasure: Erasure) -> dict[str, Any]:
    own = ("erasure", "reference", "started_at", "finished_at", "entry")
    return {name: value for name, value in (erasure.certificate or {}).items() if name not in own}


def _left(customer_id: int) -> Counter[str]:
    """Count what still leads to a person, by table, but for the team's looks at their case: kills have it looked at."""
    counted = Counter[str]()
    for table in db.metadata.sorted_tables:
        if "customer_id" in table.c and table.name != "access_log_entries":
            rows = select(func.count()).select_from(table).where(table.c.customer_id == customer_id)
            counted[table.name] = db.session.execute(rows).scalar_one()
    return counted


def _check_ending(ending: Ending) -> None:
    counts = _left(ending.customer_id)
    assert (counts["records"], counts["archived_records"]) == (0, ENDING), counts
    package = db.session.get_one(AnswerPackage, ending.package)
    assert package.status is PackageStatus.READY, package.status
    assert sum(len(chunk) for chunk in clear_chunks(package)) == package.size
    assert _events("portal:package:built", "package", package.public_id) == 1, "a copy was finished twice"


def _check_once(campaign: Campaign) -> None:
    """Nothing is stuck, every line of the ledger lies outside once, and each person was answered by one mail."""
    db.session.rollback()
    assert db.session.execute(select(func.count(Job.id)).where(Job.status == JobStatus.PARKED)).scalar_one() == 0
    entries = list(db.session.execute(select(LedgerEntry).order_by(LedgerEntry.n)).scalars())
    lines = list(installed.ledger().after(0, GENESIS))
    assert [(entry.n, entry.hash) for entry in entries] == [(line.n, line.hash) for line in lines]
    erased = Counter(line.body["customer"] for line in lines if line.kind == "erased")
    assert set(erased.values()) == {1} and len(erased) == len(campaign.people) + 1, erased
    for name in ENDINGS:
        events = select(AuditEvent.facts).where(AuditEvent.tag == "portal:retention:ran")
        runs = [facts for facts in db.session.execute(events).scalars() if facts["class"] == name]
        removed = sum(facts["removed"] for facts in runs)
        assert removed == ENDING * len(campaign.endings), f"{name}: the trail says {removed}"
    mails = Mailbox(campaign.trial.portal.folder / "mail", lambda: None).all()
    for person in campaign.people:
        answers = [mail for mail in mails if mail["Subject"] == f"{person.reference} : notre réponse {_ABOUT}"]
        assert len(answers) == 1, f"{person.name} was answered {len(answers)} times"


def _events(tag: str, fact: str, value: str) -> int:
    facts = db.session.execute(select(AuditEvent.facts).where(AuditEvent.tag == tag)).scalars()
    return sum(each.get(fact) == value for each in facts)


def _is_told(tag: str, reference: str) -> bool:
    db.session.rollback()
    return _events(tag, "reference", reference) > 0


def _is_drained() -> bool:
    db.session.rollback()
    due = (Job.status == JobStatus.RUNNING) | ((Job.status == JobStatus.WAITING) & (Job.run_at <= clock.now()))
    return db.session.execute(select(func.count(Job.id)).where(due)).scalar_one() == 0


def _decisions(person: Person) -> int:
    decided = select(func.count(RequestDecision.id)).where(RequestDecision.request_id == case(person.reference).id)
    rows = int(db.session.execute(decided).scalar_one())
    assert rows == _events("staff:request:decided", "reference", person.reference), "a decision without its event"
    assert bool(rows) == (case(person.reference).status is not Status.RECEIVED)
    return rows


def _is_scheduled(person: Person) -> bool:
    found = db.session.execute(select(Erasure).where(Erasure.request_id == case(person.reference).id)).scalars().all()
    assert len(found) <= 1, f"{person.reference} has {len(found)} erasures"
    assert len(found) == _events("customer:erasure:scheduled", "reference", person.reference)
    return bool(found)


def _erasure(person: Person) -> Erasure:
    own = select(Erasure).where(Erasure.customer_id == person.customer_id)
    db.session.rollback()
    return db.session.execute(own).scalar_one()


def _where(person: Person) -> str:
    erasure = _erasure(person)
    return f"{erasure.state} at {erasure.step} {erasure.position} {erasure.cause or ''}"
