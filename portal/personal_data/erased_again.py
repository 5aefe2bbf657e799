"""After a restore: erase once more whom the backup brought back. The ledger's line says whom, and how far."""

from typing import Any

from sqlalchemy import select

from portal import clock
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.personal_data.erasure.listeners import lock_person
from portal.personal_data.erasure.models import Erasure, ErasureState
from portal.personal_data.erasure.scheduling import ask_for_run, under_way
from portal.personal_data.erasure.scope import Extent, Scope
from portal.personal_data.erasure.tombstones import named_record
from portal.personal_data.ledger.models import EntryKind, LedgerEntry
from portal.personal_data.ledger.replaying import replays


@replays(EntryKind.ERASED)
def erase_again(body: dict[str, Any]) -> None:
    """Let an erasure go on from its seal, in the current transaction; nothing where the person is erased or unknown."""
    named = select(Customer.id, Customer.status).where(Customer.public_id == body["customer"])
    person = db.session.execute(named).one_or_none()
    scope = Scope.read(body["scope"])
    if person is None or (scope.is_whole and person.status is CustomerStatus.ERASED):
        return
    lock_person(person.id)
    known = select(Erasure).where(Erasure.public_id == body["erasure"]).with_for_update(key_share=True)
    erasure = db.session.execute(known).scalar_one_or_none() or _added(body, person.id)
    erasure.scope = _with_ids(scope, person.id).stored()
    erasure.state, erasure.step, erasure.position = ErasureState.RUNNING, "seal", ""
    erasure.started_at, erasure.entry = clock.now(), _entry_of(body["erasure"])
    ask_for_run(erasure)


def _added(body: dict[str, Any], customer_id: int) -> Erasure:
    if other := under_way(customer_id):
        other.state = ErasureState.WAITING  # it was decided before the line was written, and runs after it
        db.session.flush()
    erasure = Erasure(
        public_id=body["erasure"], customer_id=customer_id, scope=body["scope"], digest=body["digest"],
        runs_at=clock.now(), state=ErasureState.RUNNING, step="seal",
    )  # fmt: skip
    db.session.add(erasure)
    db.session.flush()
    return erasure


def _entry_of(public_id: str) -> int:
    """Return the id of the row that the line was taken over into."""
    about = (LedgerEntry.kind == EntryKind.ERASED, LedgerEntry.body["erasure"].as_string() == public_id)
    newest = select(LedgerEntry.id).where(*about).order_by(LedgerEntry.id.desc()).limit(1)
    return int(db.session.execute(newest).scalar_one())


def _with_ids(scope: Scope, customer_id: int) -> Scope:
    """Return a scope whose single records, which the ledger names by keyed hashes, are named by their numbers again."""
    if scope.extent is not Extent.RECORDS:
        return scope
    wanted, keys = set(scope.records), installed.tombstone_keys()
    held = db.metadata.tables["records"]
    rows = db.session.execute(select(held.c.kind, held.c.external_id).where(held.c.customer_id == customer_id)).all()
    hashes = ((kind, number, keys.hashes(named_record(kind, number)).values()) for kind, number in rows)
    found = [(kind, number) for kind, number, hashed in hashes if any((kind, each) in wanted for each in hashed)]
    return Scope(Extent.RECORDS, records=tuple(found))
