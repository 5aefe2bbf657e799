"""Two at once on one erasure, again and again, as processes of their own: one wins, and the other is told.

Each race is run once more with its lock or its condition taken away, and must go wrong then: else it shows nothing.
SQLite has one writer at a time, so there only a condition can be taken away; PostgreSQL has both.
"""

import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import func, select, text, update

from portal import clock
from portal.audit.models import AuditEvent
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.ledger import GENESIS, Ledger
from portal.personal_data.erasure import beginning, finishing, scheduling, steps
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.personal_data.expiry.rows import Rows
from portal.personal_data.ledger import shipping
from portal.personal_data.ledger.entries import note
from portal.personal_data.ledger.models import EntryKind, LedgerEntry
from portal.records.ends import TO_ARCHIVE
from portal.records.imports import record_writing
from portal.records.imports.ingest import start_run
from portal.records.models import Record
from portal.rights import acting
from portal.rights.deciding import decisions
from portal.rights.deciding.decisions import Draft, catch_up, decide, second
from portal.rights.items.deciding import Way
from portal.rights.lifecycle import Right, SecondOpinion
from portal.rights.models import RightsRequest
from portal.staff.models import StaffMember
from tests.support.acting.people import People
from tests.support.cases import taken_in
from tests.support.erasing.erasures import found, scheduled, start_at_once, to_the_end, until
from tests.support.hashing import use_quick_hasher
from tests.support.packages import take_in
from tests.support.records import invoice, visit
from tests.support.servers.databases import new_database, postgresql_server
from tests.trial.erasing.racing import Race, run_all
from tests.trial.installation import Installation, forget_connections, installation

REVIEWERS, OFFICERS = ("nora@example.org", "paul@example.org"), ("helene@example.org", "karim@example.org")


def race_about_erasures(reduced: bool) -> str:
    """Run every race on both databases, with its control."""
    rounds = 4 if reduced else 50
    use_quick_hasher()
    with installation() as portal, portal.app.app_context():
        found_here = [_on(portal, rounds, is_postgresql=False)]
    with postgresql_server() as address:
        url = new_database(address, "races")
        with installation(PORTAL_DATABASE_URL=url) as portal, portal.app.app_context():
            found_here.append(_on(portal, rounds, is_postgresql=True))
            forget_connections()
    return "; ".join(found_here)


def _on(portal: Installation, rounds: int, *, is_postgresql: bool) -> str:
    people = People(portal.app)
    for address in REVIEWERS:
        people.staff("reviewer", address)
    for address in OFFICERS:
        people.staff("officer", address)
    return run_all(RACES, people, rounds, is_postgresql=is_postgresql)


def looked() -> None:
    """Stand between what an act reads and what it writes: there the other one comes in."""


def _customer(people: People, number: int) -> int:
    account = people.account(f"racer{number}@example.org")
    take_in(*(visit(each, of=f"C-racer{number}") for each in range(3)), invoice(f"F-{number}", of=f"C-racer{number}"))
    assert account.customer_id is not None
    return account.customer_id


def _member(address: str) -> StaffMember:
    return db.session.execute(select(StaffMember).where(StaffMember.email == address)).scalar_one()


def _case(reference: str) -> RightsRequest:
    return db.session.execute(select(RightsRequest).where(RightsRequest.reference == reference)).scalar_one()


def _told(tag: str, reference: str) -> int:
    facts = db.session.execute(select(AuditEvent.facts).where(AuditEvent.tag == tag)).scalars()
    return sum(each.get("reference") == reference for each in facts)


# Two reviewers decide one erasure; two officers second it.


def _a_case(people: People, number: int) -> dict[str, Any]:
    _customer(people, number)
    reference = taken_in(people, Right.ERASURE, email=f"racer{number}@example.org")
    with transaction():
        catch_up(_case(reference))
    return {"reference": reference, "version": _case(reference).version}


def _decide(address: str) -> Callable[..., str]:
    def act(reference: str, version: int) -> str:
        with transaction():
            draft = Draft(Way.PROPOSED, "Nous effaçons ce que vous demandez.")
            decide(_case(reference), _member(address), draft, version)
        return "decided"

    return act


def _one_decided(results: list[Any], values: dict[str, Any]) -> bool:
    return (
        sorted(map(str, results)) == ["decided", "moved"] and _told("staff:request:decided", values["reference"]) == 1
    )


def _any_version() -> None:
    acting.hold = lambda request, member, version: acting.of_staff(request, member)  # type: ignore[assignment]
    acting.lock = lambda request, member, version: acting.of_staff(request, member)  # type: ignore[assignment]


def _a_decided_case(people: People, number: int) -> dict[str, Any]:
    values = _a_case(people, number)
    _decide(REVIEWERS[0])(**values)
    return values | {"version": _case(values["reference"]).version}


def _second(address: str) -> Callable[..., str]:
    def act(reference: str, version: int) -> str:
        with transaction():
            second(_case(reference), _member(address), SecondOpinion.AGREES, "", version)
        return "seconded"

    return act


def _one_seconded(results: list[Any], values: dict[str, Any]) -> bool:
    told = _told("customer:erasure:scheduled", values["reference"])
    return sorted(map(str, results)) == ["moved", "seconded"] and told == 1


# A cancellation, and the start or the seal of an erasure.


def _due(people: People, number: int) -> dict[str, Any]:
    erasure_id = scheduled(_customer(people, number))
    start_at_once(erasure_id)
    return {"erasure_id": erasure_id}


def _begin(erasure_id: int) -> str:
    steps._advance(erasure_id)
    return str(found(erasure_id).state)


def _cancel(erasure_id: int) -> str:
    erasure = found(erasure_id)
    is_open = erasure.state is ErasureState.COOLING
    looked()
    try:
        with transaction():
            if is_open:
                scheduling.cancel(db.session.get_one(Erasure, erasure_id))
    except scheduling.TooLate:
        return "too late"
    return "cancelled" if is_open else "too late"


def _is_begun_or_cancelled(results: list[Any], values: dict[str, Any]) -> bool:
    erasure = found(values["erasure_id"])
    is_cancelled = erasure.state is ErasureState.CANCELLED
    return is_cancelled == (results[1] == "cancelled") == (erasure.entry is None)


def _sealing(people: People, number: int) -> dict[str, Any]:
    values = _due(people, number)
    until(values["erasure_id"], "seal")
    return values


def _cancel_blindly(erasure_id: int) -> str:
    """Press the button of a page that was opened when there was still time."""
    try:
        with transaction():
            scheduling.cancel(db.session.get_one(Erasure, erasure_id))
    except scheduling.TooLate:
        return "too late"
    return "cancelled"


def _is_sealed(results: list[Any], values: dict[str, Any]) -> bool:
    erasure = found(values["erasure_id"])
    status = db.session.get_one(Customer, erasure.customer_id).status
    is_sealed = (erasure.state, erasure.step, status) == (ErasureState.RUNNING, "keys", CustomerStatus.ERASED)
    return is_sealed and results == ["running", "too late"]


def _look_first() -> None:
    def cancel(erasure: Erasure, actor: str | None = None) -> None:
        taken_back = update(Erasure).where(Erasure.id == erasure.id)
        db.session.execute(taken_back.values(state=ErasureState.CANCELLED, finished_at=clock.now()))

    scheduling.cancel = cancel


# Two workers on one erasure.


def _before_answer(people: People, number: int) -> dict[str, Any]:
    values = _due(people, number)
    until(values["erasure_id"], "answer")
    return values


def _advance(erasure_id: int) -> str:
    steps._advance(erasure_id)
    return "advanced"


def _answered_once(results: list[Any], values: dict[str, Any]) -> bool:
    customer = db.session.get_one(Customer, found(values["erasure_id"]).customer_id)
    of = select(func.count()).where(
        AuditEvent.tag == "customer:erasure:carried_out", AuditEvent.subject == f"customer:{customer.public_id}"
    )
    return db.session.execute(of).scalar_one() == 1 and results == ["advanced", "advanced"]


def _hold_nothing() -> None:
    steps.hold = lambda erasure_id: db.session.get(Erasure, erasure_id, populate_existing=True)


# Lines of an import and an erasure.


def _with_reference(people: People, number: int) -> dict[str, Any]:
    return _due(people, number) | {"number": number}


def _send(number: int, **_values: Any) -> str:
    lines = [visit(9, of=f"C-racer{number}"), invoice("F-new", of=f"C-racer{number}")]
    return _taken(lines)


def _taken(lines: list[dict[str, Any]]) -> str:
    refused: list[object] = []
    run = start_run(refused.append)
    run.run(enumerate(map(orjson.dumps, lines), start=1), actor="command", channel="command")
    return f"{run.tally.accepted} taken, {run.tally.archived} archived, {len(refused)} refused"


def _erase(erasure_id: int, **_values: Any) -> str:
    to_the_end(erasure_id)
    return str(found(erasure_id).state)


def _nothing_came_back(results: list[Any], values: dict[str, Any]) -> bool:
    """Lines before the seal are swept with the rest, lines after it are refused: nothing is in use afterwards."""
    erasure = found(values["erasure_id"])
    in_use = select(func.count(Record.id)).where(Record.customer_id == erasure.customer_id)
    is_told = isinstance(results[0], str) and results[0].startswith(
        ("2 taken, 0 archived, 0", "0 taken, 0 archived, 2")
    )
    return erasure.state is ErasureState.DONE and db.session.execute(in_use).scalar_one() == 0 and is_told


def _lock_no_customer() -> None:
    """Let the import read its customers without their locks, as an ordinary select does."""
    from sqlalchemy import Select

    locks, customers = Select.with_for_update, record_writing.CustomerLines.__init__

    def unlocked(lines: Any, statements: Any) -> None:
        Select.with_for_update = lambda statement, **options: statement  # type: ignore[method-assign, assignment, misc]
        try:
            customers(lines, statements)
        finally:
            Select.with_for_update = locks  # type: ignore[method-assign]

    record_writing.CustomerLines.__init__ = unlocked  # type: ignore[method-assign, assignment]


# A record moves to the archive while a line changes it.


def _past_its_use(people: People, number: int) -> dict[str, Any]:
    customer_id = _customer(people, number)
    with transaction() as session:
        over = clock.today() - timedelta(days=1)
        mine = (Record.customer_id == customer_id, Record.kind == "invoice")
        session.execute(update(Record).where(*mine).values(active_until=over, expires_on=over + timedelta(days=900)))
    row = select(Record.id).where(*mine)
    return {"number": number, "record_id": db.session.execute(row).scalar_one()}


def _move(record_id: int, **_values: Any) -> int:
    source, over_before = TO_ARCHIVE.source, TO_ARCHIVE.term.over_before(clock.now())
    with transaction():
        moved = source.remove(over_before, [record_id])
        looked()
    return moved


def _change(number: int, **_values: Any) -> str:
    return _taken([invoice(f"F-{number}", "99.00", of=f"C-racer{number}")])


def _told_truly(results: list[Any], values: dict[str, Any]) -> bool:
    """The record is in one of both tables, and holds what the line says where the line was said to be taken."""
    reference = f"F-{values['number']}"
    named = 'SELECT "values" FROM {} WHERE external_id = :named'
    amounts = [
        (orjson.loads(row) if isinstance(row, str) else row)["amount"]
        for table in ("records", "archived_records")
        for row in db.session.execute(text(named.format(table)), {"named": reference}).scalars()
    ]
    is_taken = isinstance(results[1], str) and results[1].startswith("1 taken")
    return len(amounts) == 1 and is_taken == (amounts == ["99.00"])


def _move_unlocked() -> None:
    Rows._lock = lambda self, ids: None  # type: ignore[method-assign, assignment]


# Two workers ship the ledger.


def _lines(people: People, number: int) -> dict[str, Any]:
    with transaction():
        for each in range(20):
            note(EntryKind.OBJECTED, {"customer": f"r{number}-{each}"})
    return {}


def _ship() -> int:
    return shipping.ship()


def _each_line_once(results: list[Any], values: dict[str, Any]) -> bool:
    db.session.rollback()
    entries = list(db.session.execute(select(LedgerEntry).order_by(LedgerEntry.id)).scalars())
    lines = list(installed.ledger().after(0, GENESIS))
    is_same = sorted((entry.n or 0, entry.hash) for entry in entries) == [(line.n, line.hash) for line in lines]
    return is_same and all(isinstance(each, int) for each in results)


def _number_twice() -> None:
    def write(ledger: Any, line: Any) -> None:
        name = f"{line.n:020}"
        ledger._storage.delete(name)
        ledger._storage.put(name, [line.signed(ledger._keys)])

    Ledger.write = write  # type: ignore[method-assign]


_HERE = sys.modules[__name__]
_DECIDES, _SECONDS = (decisions, "check_draft"), (decisions, "new_until")
_ANSWERS, _SHIPS = (finishing, "answer"), (shipping, "_written")
RACES = (
    Race("two reviewers", _a_case, (_decide(REVIEWERS[0]), _decide(REVIEWERS[1])), _one_decided,
         (_DECIDES, _DECIDES), _any_version),
    Race("two seconders", _a_decided_case, (_second(OFFICERS[0]), _second(OFFICERS[1])), _one_seconded,
         (_SECONDS, _SECONDS), _any_version),
    Race("cancel against start", _due, (_begin, _cancel), _is_begun_or_cancelled,
         ((beginning, "note"), (_HERE, "looked")), _look_first, on_sqlite=True),
    Race("cancel against seal", _sealing, (_begin, _cancel_blindly), _is_sealed,
         ((beginning, "seal_contact"), (scheduling, "cancel")), _look_first, on_sqlite=True),
    Race("two workers", _before_answer, (_advance, _advance), _answered_once, (_ANSWERS, _ANSWERS), _hold_nothing),
    Race("import against erasure", _with_reference, (_send, _erase), _nothing_came_back,
         ((record_writing.RecordLines, "take"), (finishing, "forget")), _lock_no_customer),
    Race("archive against import", _past_its_use, (_move, _change), _told_truly,
         ((_HERE, "looked"), (record_writing.RecordLines, "take")), _move_unlocked),
    Race("two that ship the ledger", _lines, (_ship, _ship), _each_line_once, (_SHIPS, _SHIPS), _number_twice,
         on_sqlite=True),
)  # fmt: skip
