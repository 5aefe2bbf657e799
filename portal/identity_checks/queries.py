"""Read checks and documents, for pages and for the domain of requests."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from portal.identity_checks.decoding.legibility import PictureDoubt
from portal.identity_checks.models import VALUE_PROOF, CheckResult, DocumentStatus, IdentityCheck, IdentityDocument
from portal.identity_checks.proof.errands import Errand, errands
from portal.identity_checks.proof.papers import Paper, Side
from portal.infrastructure.database import db


@dataclass(frozen=True)
class GivenSide:
    """A side that has arrived, as its sender may see it: what, when, how many pages. Never the picture."""

    public_id: str
    paper: Paper
    side: Side
    pages: int
    at: datetime
    is_held: bool
    doubt: PictureDoubt | None


@dataclass(frozen=True)
class Given:
    """The sides of a document that have arrived so far."""

    sides: tuple[GivenSide, ...] = ()

    @property
    def paper(self) -> Paper | None:
        """The paper that its sides belong to, None while nothing has arrived."""
        return self.sides[0].paper if self.sides else None

    @property
    def missing(self) -> tuple[Side, ...]:
        """The sides still to send; empty while the paper is not known."""
        have = {given.side for given in self.sides}
        return tuple(side for side in self.paper.sides if side not in have) if self.paper else ()

    @property
    def is_complete(self) -> bool:
        """Whether every side of the paper is there."""
        return bool(self.sides) and not self.missing

    def of(self, side: Side) -> GivenSide | None:
        """Return what arrived of one side, or None."""
        return next((given for given in self.sides if given.side is side), None)


def given(*, draft_id: int | None = None, check_id: int | None = None, of_value: bool = False) -> Given:
    """Return what has arrived for a draft or for a check; see `documents_given`."""
    sides = [
        GivenSide(
            public_id=row.public_id,
            paper=Paper(row.kind),
            side=Side(row.side),
            pages=row.pages,
            at=row.created_at,
            is_held=row.status is DocumentStatus.HELD,
            doubt=row.picture_doubt,
        )
        for row in documents_given(draft_id=draft_id, check_id=check_id, of_value=of_value)
    ]
    sides.sort(key=lambda side: list(Side).index(side.side))
    return Given(tuple(sides))


def documents_given(
    *, draft_id: int | None = None, check_id: int | None = None, of_value: bool = False
) -> list[IdentityDocument]:
    """Return the sides given for a draft or for a check that still have their key, in the order they came.

    Args:
        of_value: of a draft, the proof of a value to correct, and not that of who asks.
    """
    is_theirs = IdentityDocument.check_id == check_id
    if draft_id:
        is_of_value = IdentityDocument.kind == Paper.VALUE_PROOF
        is_theirs = (IdentityDocument.draft_id == draft_id) & (is_of_value if of_value else ~is_of_value)
    statement = select(IdentityDocument).where(is_theirs, IdentityDocument.status != DocumentStatus.SHREDDING)
    return list(db.session.execute(statement.order_by(IdentityDocument.id)).scalars())


def documents_for(errand: Errand) -> list[IdentityDocument]:
    """Return the sides given for an errand, as `documents_given` does."""
    return documents_given(draft_id=errand.draft_id, check_id=errand.check_id, of_value=errand.is_of_value)


def given_for(errand: Errand) -> Given:
    """Return what has arrived for an errand."""
    return given(draft_id=errand.draft_id, check_id=errand.check_id, of_value=errand.is_of_value)


def pending_check(request_id: int, *, of_value: bool = False) -> IdentityCheck | None:
    """Return the check of a request that awaits its document or its decision, or None.

    Args:
        of_value: the one of a value to correct, and not that of who asks.
    """
    is_of_value = IdentityCheck.method == VALUE_PROOF
    is_open = (IdentityCheck.result == CheckResult.PENDING, is_of_value if of_value else ~is_of_value)
    statement = select(IdentityCheck).where(IdentityCheck.request_id == request_id, *is_open)
    return db.session.execute(statement.order_by(IdentityCheck.id).limit(1)).scalar_one_or_none()


def checks_of(request_id: int) -> list[IdentityCheck]:
    """Return the checks of a request, oldest first, that of a value to correct among them."""
    statement = select(IdentityCheck).where(IdentityCheck.request_id == request_id)
    return list(db.session.execute(statement.order_by(IdentityCheck.id)).scalars())


def identity_checks_of(request_id: int) -> list[IdentityCheck]:
    """Return the checks of who asks, oldest first."""
    return [check for check in checks_of(request_id) if not check.is_of_value]


def documents_of(check: IdentityCheck) -> list[IdentityDocument]:
    """Return the sides of a check's document that still have their key, in the order in which they came."""
    return documents_given(check_id=check.id)


@dataclass(frozen=True)
class StoreFigures:
    """How many sides of documents are kept, how many are being destroyed, and the latest limit of those kept."""

    kept: int
    going: int
    last_limit: datetime | None


def store_figures() -> StoreFigures:
    """Return the figures of stored documents, counted by their rows."""
    is_going = IdentityDocument.status == DocumentStatus.SHREDDING
    statement = select(is_going, func.count(), func.max(IdentityDocument.shred_after)).group_by(is_going)
    rows = {bool(going): (count, limit) for going, count, limit in db.session.execute(statement)}
    kept, limit = rows.get(False, (0, None))
    return StoreFigures(kept, rows.get(True, (0, None))[0], limit)


def references_of(documents: list[str]) -> dict[str, str]:
    """Return the reference of the request that each document was sent for, by the document's public id."""
    statement = select(IdentityDocument.public_id, IdentityCheck.request_id).join(
        IdentityCheck, IdentityCheck.id == IdentityDocument.check_id
    )
    requests = {
        number: request_id
        for number, request_id in db.session.execute(statement.where(IdentityDocument.public_id.in_(documents)))
        if request_id is not None
    }
    references = errands().references(list(requests.values()))
    return {number: references[request_id] for number, request_id in requests.items()}


def held_since() -> tuple[int, datetime | None]:
    """Return how many documents wait for a verdict of the scanner, and since when the first of them waits."""
    is_held = IdentityDocument.status == DocumentStatus.HELD
    statement = select(func.count(), func.min(IdentityDocument.created_at)).where(is_held)
    count, oldest = db.session.execute(statement).one()
    return count, oldest


def held_documents(after_id: int, limit: int) -> list[IdentityDocument]:
    """Return up to `limit` documents that wait for a verdict of the scanner, in order of id, after one."""
    statement = select(IdentityDocument).where(
        IdentityDocument.status == DocumentStatus.HELD, IdentityDocument.id > after_id
    )
    return list(db.session.execute(statement.order_by(IdentityDocument.id).limit(limit)).scalars())
