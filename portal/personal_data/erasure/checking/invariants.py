"""What must hold of every erasure, at any instant: tests call it, and `flask doctor` does.

Each invariant returns what breaks it, in words for an operator: none when all is well. Domains above add theirs.
"""

from collections.abc import Callable

from sqlalchemy import ColumnElement, func, or_, select

from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db
from portal.personal_data.erasure.checking.recount import remnants_of
from portal.personal_data.erasure.models import JOURNAL, Erasure, ErasureState
from portal.personal_data.erasure.scheduling import UNDER_WAY
from portal.personal_data.erasure.scope import Extent
from portal.personal_data.keeping.models import Keep
from portal.personal_data.ledger.models import LedgerEntry

Check = Callable[[], list[str]]
NEWEST = 50
"""How many erasures are recounted, the newest first: each is a query a table."""

_checks: dict[str, Check] = {}


def invariant(code: str) -> Callable[[Check], Check]:
    """Register a check under the code of the invariant."""

    def register(check: Check) -> Check:
        _checks[code] = check
        return check

    return register


def broken() -> dict[str, list[str]]:
    """Return what breaks each invariant that does not hold, by its code."""
    found = {code: check() for code, check in sorted(_checks.items())}
    return {code: faults for code, faults in found.items() if faults}


def halted_count() -> int:
    """Return how many erasures stand still until somebody looks."""
    return _count(Erasure.state == ErasureState.HALTED)


def journal_count() -> int:
    """Return how many erasures ended while a reader kept SQLite's log from being emptied."""
    return _count(Erasure.cause == JOURNAL)


def _count(condition: ColumnElement[bool]) -> int:
    return int(db.session.execute(select(func.count()).select_from(Erasure).where(condition)).scalar_one())


def _finished() -> list[Erasure]:
    over = (Erasure.state == ErasureState.DONE, Erasure.step == "over")
    newest = select(Erasure).where(*over).order_by(Erasure.id.desc()).limit(NEWEST)
    return list(db.session.execute(newest).scalars())


@invariant("I1")
def nothing_but_leaves() -> list[str]:
    """Return what else is left of people who were erased."""
    faults = []
    for erasure in _finished():
        customer = db.session.get_one(Customer, erasure.customer_id)
        if erasure.scope["extent"] == Extent.WHOLE:
            faults += [] if customer.status is CustomerStatus.ERASED else [f"{customer.public_id} is not erased"]
            faults += [f"{customer.public_id}: {each}" for each in remnants_of(erasure, ())]
    return faults


@invariant("I2")
def done_is_recounted() -> list[str]:
    """Return erasures that are done without a certificate, or of which a recount finds something now."""
    without = select(Erasure.public_id).where(Erasure.state == ErasureState.DONE, Erasure.certificate.is_(None))
    faults = [f"{each} has no certificate" for each in db.session.execute(without).scalars()]
    for erasure in _finished():
        if erasure.scope["extent"] != Extent.WHOLE:
            faults += [f"{erasure.public_id}: {each}" for each in remnants_of(erasure, ())]
    return faults


@invariant("I3")
def ledger_before_destruction() -> list[str]:
    """Return erasures past their seal whose line does not lie in the ledger."""
    begun = (Erasure.state.in_((ErasureState.RUNNING, ErasureState.HALTED, ErasureState.DONE)),)
    past_seal = Erasure.step.not_in(("start", "seal"))
    shipped = select(LedgerEntry.id).where(LedgerEntry.shipped_at.is_not(None))
    unwritten = or_(Erasure.entry.is_(None), Erasure.entry.not_in(shipped))
    return list(db.session.execute(select(Erasure.public_id).where(*begun, past_seal, unwritten)).scalars())


@invariant("I5")
def keeps_name_what_is_there() -> list[str]:
    """Return open keeps of single records that are neither in use nor in the archive: something removed them."""
    faults = []
    named = (Keep.ended_at.is_(None), Keep.kind.is_not(None), Keep.external_id.is_not(None))
    for keep in db.session.execute(select(Keep).where(*named)).scalars():
        if not any(_holds(table, keep) for table in ("records", "archived_records")):
            faults.append(f"{keep.reason} {keep.source_id}: {keep.kind}")
    return faults


def _holds(name: str, keep: Keep) -> bool:
    table = db.metadata.tables[name]
    its = (table.c.customer_id == keep.customer_id, table.c.kind == keep.kind)
    statement = select(table.c.id).where(*its, table.c.external_id == keep.external_id)
    return db.session.execute(statement).first() is not None


@invariant("I6")
def one_at_a_time() -> list[str]:
    """Return customers with two erasures under way."""
    grouped = select(Erasure.customer_id).where(Erasure.state.in_(UNDER_WAY)).group_by(Erasure.customer_id)
    return [str(each) for each in db.session.execute(grouped.having(func.count() > 1)).scalars()]


@invariant("I8")
def active_or_archived() -> list[str]:
    """Return records that are in use and in the archive at once."""
    active, archived = db.metadata.tables["records"], db.metadata.tables["archived_records"]
    same = [active.c[name] == archived.c[name] for name in ("customer_id", "kind", "external_id")]
    both = select(active.c.kind, active.c.external_id).join(archived, same[0] & same[1] & same[2])
    return [f"{row.kind} {row.external_id}" for row in db.session.execute(both.limit(NEWEST))]
