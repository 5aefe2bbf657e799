"""Two at once on a correction, a restriction or an instruction, again and again: one outcome, and the other is told.

Each race is run once more with its lock or its condition taken away, and must go wrong then: see `erasing/races.py`.
"""

import sys
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm.attributes import set_committed_value

from portal import clock
from portal.access.permissions import Role
from portal.audit.models import AuditEvent
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db, transaction
from portal.infrastructure.locking import rows
from portal.instructions import acknowledging
from portal.instructions.acknowledging import Result, Settled, acknowledge_for, answer, exempt
from portal.instructions.models import CLOSED_STATES, Exemption, Instruction, InstructionState
from portal.personal_data.corrections.models import Correction
from portal.personal_data.restrictions import lifting, locking
from portal.personal_data.restrictions.grounds import Ground18
from portal.personal_data.restrictions.lifting import Halted, NotStanding
from portal.personal_data.restrictions.models import Restriction
from portal.personal_data.restrictions.standing import find, open_restrictions
from portal.records.imports import record_writing
from portal.records.imports.ingest import start_run
from portal.records.models import Record
from portal.rights import acting
from portal.rights.acting import Act
from portal.rights.carrying_out import telling
from portal.rights.clock import running
from portal.rights.correcting import carrying_out as correcting
from portal.rights.deciding import decisions
from portal.rights.deciding.decisions import Draft, decide
from portal.rights.filing.beginning import new_request, note_filed
from portal.rights.intents import Intent
from portal.rights.items.deciding import Way
from portal.rights.lifecycle import Status
from portal.rights.models import EventKind, RequestEvent, RightsRequest
from portal.staff.models import StaffMember
from tests.support.acting.people import People
from tests.support.hashing import use_quick_hasher
from tests.support.packages import take_in
from tests.support.records import record
from tests.support.servers.databases import hear_every_system, new_database, postgresql_server
from tests.trial.erasing.racing import Race, run_all
from tests.trial.installation import Installation, forget_connections, installation

REVIEWERS, OFFICER = ("nora@example.org", "paul@example.org"), "helene@example.org"
OLD, NEW, SENT = "Lille", "Lyon", "2 rue Basse"


def race_about_telling(reduced: bool) -> str:
    """Run every race on both databases, with its control."""
    rounds = 3 if reduced else 50
    use_quick_hasher()
    with installation() as portal, portal.app.app_context():
        found = [_on(portal, rounds, is_postgresql=False)]
    with postgresql_server() as address:
        found.append(_on_postgresql(new_database(address, "races"), rounds))
    return "; ".join(found)


def _on_postgresql(address: str, rounds: int) -> str:
    with installation(PORTAL_DATABASE_URL=address) as portal, portal.app.app_context():
        found = _on(portal, rounds, is_postgresql=True)
        forget_connections()
        return found


def _on(portal: Installation, rounds: int, *, is_postgresql: bool) -> str:
    people = People(portal.app)
    hear_every_system()
    for address in REVIEWERS:
        people.staff(Role.REVIEWER, address)
    people.staff(Role.OFFICER, OFFICER)
    return run_all(RACES, people, rounds, is_postgresql=is_postgresql)


def looked() -> None:
    """Stand between the page that somebody read and the button that they press: there the other one comes in."""


def _address(number: int) -> str:
    return f"racer{number}@example.org"


def _customer(people: People, number: int) -> int:
    of = f"C-racer{number}"
    people.account(_address(number))
    take_in(_line(number, OLD, "1 rue Haute"))
    return db.session.execute(select(Customer.id).where(Customer.external_id == of)).scalar_one()


def _line(number: int, city: str, line1: str) -> dict[str, Any]:
    values = {"use": "billing", "line1": line1, "city": city}
    return record("postal_address", f"A-{number}", values, f"C-racer{number}", source="platform")


def _member(address: str) -> StaffMember:
    return db.session.execute(select(StaffMember).where(StaffMember.email == address)).scalar_one()


def _file(customer_id: int, intent: Intent, answers: dict[str, Any]) -> int:
    """File a request as its form does, in a transaction; return its id."""
    with transaction() as session:
        rows.lock_row(Customer, customer_id)
        request = new_request(session.get_one(Customer, customer_id), intent, answers, "fr")
        session.add(request)
        running.start_clock(request, clock.now())
        note_filed(Act(request, "portal"))
        return request.id


def _case(request_id: int) -> RightsRequest:
    return db.session.get_one(RightsRequest, request_id)


def _events(tag: str, fact: str, value: str) -> int:
    facts = db.session.execute(select(AuditEvent.facts).where(AuditEvent.tag == tag)).scalars()
    return sum(each.get(fact) == value for each in facts)


def _closings(request_id: int) -> int:
    closed = (RequestEvent.request_id == request_id, RequestEvent.kind == EventKind.CLOSED)
    return int(db.session.execute(select(func.count(RequestEvent.id)).where(*closed)).scalar_one())


# A correction: while a line of an import changes the same record; by two reviewers at once.


def _asked(people: People, number: int) -> dict[str, Any]:
    customer_id = _customer(people, number)
    changes = {"category": "contact", "record": ["postal_address", f"A-{number}"], "changes": {"city": NEW}}
    request_id = _file(customer_id, Intent.CORRECT, changes)
    return {"number": number, "request_id": request_id, "version": _case(request_id).version}


def _send(number: int, **_values: Any) -> str:
    refused: list[object] = []
    run = start_run(refused.append)
    run.run(enumerate([orjson.dumps(_line(number, OLD, SENT))], start=1), actor="command", channel="command")
    return f"{run.tally.accepted} taken, {len(refused)} refused"


def _decide(address: str) -> Callable[..., str]:
    def act(request_id: int, version: int, **_values: Any) -> str:
        with transaction():
            decide(_case(request_id), _member(address), Draft(Way.PROPOSED, "C’est corrigé."), version)
        return "decided"

    return act


def _both_stand(results: list[Any], values: dict[str, Any]) -> bool:
    """The line and the correction are both there, whichever came first: the line changes what was not corrected."""
    held = db.session.execute(select(Record).where(Record.external_id == f"A-{values['number']}")).scalar_one()
    stands = (held.values["city"], held.values["line1"], held.corrected_fields) == (NEW, SENT, ["city"])
    return stands and results == ["1 taken, 0 refused", "decided"] and _once(values["request_id"])


def _one_decided(results: list[Any], values: dict[str, Any]) -> bool:
    return sorted(map(str, results)) == ["decided", "moved"] and _once(values["request_id"])


def _once(request_id: int) -> bool:
    """The correction was made once, each who has it was told once, and the request is answered and not closed."""
    request = _case(request_id)
    told = Counter(db.session.execute(select(Instruction.target).where(Instruction.request_id == request_id)).scalars())
    applied = select(Correction.applied_at).where(Correction.request_id == request_id)
    return (
        request.status is Status.ANSWERED
        and set(told.values()) == {1}
        and db.session.execute(applied).scalar_one() is not None
        and _events("customer:field:corrected", "reference", request.reference) == 1
        and _events("staff:request:decided", "reference", request.reference) == 1
    )


def _lock_nobody() -> None:
    def unlocked(model: Any, row_id: int) -> None:
        db.session.execute(select(model.id).where(model.id == row_id))

    rows.lock_row = acting.lock_row = unlocked


def _any_version() -> None:
    acting.hold = lambda request, member, version: acting.of_staff(request, member)


# What somebody was told: confirmed by two at once; the last two confirm at once.


def _answered(people: People, number: int) -> dict[str, Any]:
    values = _asked(people, number)
    _decide(REVIEWERS[0])(**values)
    return values | {"told": _waiting(values["request_id"])}


def _waiting(request_id: int) -> list[str]:
    is_open = (Instruction.request_id == request_id, Instruction.state.not_in(list(CLOSED_STATES)))
    waiting = select(Instruction.public_id).where(*is_open).order_by(Instruction.id)
    return list(db.session.execute(waiting).scalars())


def _but_for(left: int) -> Callable[[People, int], dict[str, Any]]:
    def prepare(people: People, number: int) -> dict[str, Any]:
        values = _answered(people, number)
        member = _member(REVIEWERS[0]).public_id
        for public_id in values["told"][left:]:
            with transaction():
                acknowledge_for(public_id, member)
        return values | {"told": values["told"][:left]}

    return prepare


def _confirm(which: int) -> Callable[..., str]:
    """A system answers by itself, as its page showed that it may."""

    def act(told: list[str], **_values: Any) -> str:
        _read(told[which])
        looked()
        return _settled(lambda: answer(told[which], Result.DONE, ""))

    return act


def _tick(told: list[str], **_values: Any) -> str:
    _read(told[0])
    looked()
    return _settled(lambda: acknowledge_for(told[0], _member(REVIEWERS[0]).public_id))


def _exempt(told: list[str], **_values: Any) -> str:
    _read(told[0])
    looked()
    words = "Rien de tel n’est détenu là."
    return _settled(lambda: exempt(told[0], Exemption.NOT_HELD, words, _member(OFFICER).public_id))


def _settled(act: Callable[[], Any]) -> str:
    try:
        with transaction():
            act()
    except Settled:
        return "settled before"
    return "settled"


_page: dict[str, Any] = {}
"""What the page showed that somebody read before they pressed its button."""


def _read(public_id: str) -> None:
    row = db.session.execute(select(Instruction).where(Instruction.public_id == public_id)).scalar_one()
    _page["state"] = row.state


def _settled_once(results: list[Any], values: dict[str, Any]) -> bool:
    public_id, request = values["told"][0], _case(values["request_id"])
    row = db.session.execute(select(Instruction).where(Instruction.public_id == public_id)).scalar_one()
    done = _events("portal:instruction:acknowledged", "instruction", public_id)
    exempted = _events("staff:instruction:exempted", "instruction", public_id)
    is_one = (done, exempted) == ((0, 1) if row.state is InstructionState.EXEMPT else (1, 0))
    is_closed = request.status is Status.CLOSED and _closings(request.id) == 1
    return is_one and is_closed and sorted(map(str, results)) == ["settled", "settled before"]


def _trust_the_page() -> None:
    held = acknowledging._held

    def as_shown(public_id: str, target: str | None = None) -> Instruction:
        try:
            return held(public_id, target)
        except Settled as settled:
            set_committed_value(settled.instruction, "state", _page["state"])
            return settled.instruction

    acknowledging._held = as_shown


def _closed_once(results: list[Any], values: dict[str, Any]) -> bool:
    request = _case(values["request_id"])
    return results == ["settled", "settled"] and request.status is Status.CLOSED and _closings(request.id) == 1


def _lock_no_person() -> None:
    _lock_nobody()
    acknowledging.lock_person = lambda customer_id: None
    get_one = type(db.session()).get_one

    def unlocked(session: Any, model: Any, row_id: Any, **options: Any) -> Any:
        if model is RightsRequest:
            options.pop("with_for_update", None)
        return get_one(session, model, row_id, **options)

    type(db.session()).get_one = unlocked  # type: ignore[method-assign]


# A restriction whose notice is over is lifted: while its person replies, and while they object to something else.


def _noticed(people: People, number: int) -> dict[str, Any]:
    customer_id = _customer(people, number)
    with transaction():
        restriction = locking.restrict(customer_id, None, Ground18.ACCURACY, provisional=True)
        restriction.told_at = clock.now()
        lifting.announce(restriction, "portal")
        restriction.notice_at = clock.now() - timedelta(days=9)
        restriction.lifts_on = clock.now() - timedelta(days=2)
        return {"customer_id": customer_id, "public_id": restriction.public_id}


def _lift(public_id: str, **_values: Any) -> str:
    _see(public_id)
    looked()
    try:
        with transaction():
            lifting.lift(_restriction(public_id))
    except Halted:
        return "halted"
    return "lifted"


def _reply(public_id: str, customer_id: int) -> str:
    _see(public_id)
    looked()
    try:
        with transaction():
            lifting.halt(_restriction(public_id), "Ce n’est pas réglé.", "customer:trial")
    except NotStanding:
        return "too late"
    return "replied"


def _restriction(public_id: str) -> Restriction:
    found = find(public_id)
    assert found is not None
    return found


def _see(public_id: str) -> None:
    row = _restriction(public_id)
    _page.update(halted_at=row.halted_at, lifted_at=row.lifted_at)


def _lifted_or_halted(results: list[Any], values: dict[str, Any]) -> bool:
    row = _restriction(values["public_id"])
    status = db.session.get_one(Customer, values["customer_id"]).status
    if row.lifted_at is None:
        return results == ["halted", "replied"] and row.halted_at is not None and status is CustomerStatus.RESTRICTED
    return results == ["lifted", "too late"] and row.halted_at is None and status is CustomerStatus.ACTIVE


def _trust_what_was_seen() -> None:
    def hold(restriction: Restriction) -> Customer:
        for name in ("halted_at", "lifted_at"):
            set_committed_value(restriction, name, _page[name])
        return db.session.get_one(Customer, restriction.customer_id)

    lifting._hold = hold


def _object(customer_id: int, **_values: Any) -> str:
    _file(customer_id, Intent.STOP_USE, {"use": "other", "details": "Tout.", "on_hold": True})
    return "objected"


def _lifted_and_held(results: list[Any], values: dict[str, Any]) -> bool:
    """The old restriction is over, the new one stands, and everything that follows restrictions says so."""
    customer = db.session.get_one(Customer, values["customer_id"])
    standing = [row.ground_18 for row in open_restrictions(customer.id)]
    is_lifted = _restriction(values["public_id"]).lifted_at is not None
    is_held = customer.status is CustomerStatus.RESTRICTED and standing == [Ground18.OBJECTION]
    return results == ["lifted", "objected"] and is_lifted and is_held


def _hold_no_customer() -> None:
    def hold(customer_id: int) -> Customer:
        db.session.flush()
        return db.session.get_one(Customer, customer_id, populate_existing=True)

    locking.hold = lifting.hold = hold
    _lock_nobody()


_HERE = sys.modules[__name__]
_LOOKED, _CLOSES, _FOLLOWS = (_HERE, "looked"), (telling, "has_open"), (locking, "_follow")
RACES = (
    Race("import against correction", _asked, (_send, _decide(REVIEWERS[0])), _both_stand,
         ((record_writing.RecordLines, "write"), (correcting, "apply")), _lock_nobody),
    Race("two decisions", _asked, (_decide(REVIEWERS[0]), _decide(REVIEWERS[1])), _one_decided,
         ((decisions, "check_draft"), (decisions, "check_draft")), _any_version),
    Race("double acknowledgement", _but_for(1), (_confirm(0), _tick), _settled_once, (_LOOKED, _LOOKED),
         _trust_the_page, on_sqlite=True),
    Race("acknowledged against exempted", _but_for(1), (_confirm(0), _exempt), _settled_once, (_LOOKED, _LOOKED),
         _trust_the_page, on_sqlite=True),
    Race("the last two confirm", _but_for(2), (_confirm(0), _confirm(1)), _closed_once, (_CLOSES, _CLOSES),
         _lock_no_person),
    Race("lift against reply", _noticed, (_lift, _reply), _lifted_or_halted, (_LOOKED, _LOOKED), _trust_what_was_seen,
         on_sqlite=True),
    Race("lift against objection", _noticed, (_lift, _object), _lifted_and_held, (_FOLLOWS, _FOLLOWS),
         _hold_no_customer),
)  # fmt: skip
