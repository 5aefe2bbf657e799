"""Which proposals a member sees: those that they may second, and their own."""

from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.bilingual import Label
from portal.infrastructure.database import db
from portal.staff.approvals.kinds import ApprovalKind, kinds
from portal.staff.approvals.models import Approval, ApprovalState
from portal.staff.desk.lines import Counted, Rank, Waiting, count_all, count_waiting, on_desk
from portal.staff.models import StaffMember
from portal.web.pagination import Page, keyset_page

SHOWN = 50
"""How many proposals a page shows: of the open ones, those that end first; of the decided ones, a page at a time."""


def has_approvals(member: StaffMember) -> bool:
    """Tell whether a member may second anything, or has ever proposed something."""
    own = select(Approval.id).where(Approval.author_id == member.id, Approval.what.in_(kinds())).limit(1)
    return bool(_secondable(member)) or db.session.execute(own).first() is not None


def find_approval(public_id: str) -> Approval | None:
    """Return a proposal with its people, or None."""
    statement = select(Approval).where(Approval.public_id == public_id, Approval.what.in_(kinds()))
    return db.session.execute(_with_people(statement)).scalar_one_or_none()


def may_see(member: StaffMember, approval: Approval) -> bool:
    """Tell whether a proposal is a member's own, or of a kind that they may second."""
    return approval.author_id == member.id or approval.what in _secondable(member)


def waiting_for(member: StaffMember) -> list[Approval]:
    """Return the open proposals of others that a member may second, those that end soonest first."""
    return _open_ones(_waits_for(member))


def own_open(member: StaffMember) -> list[Approval]:
    """Return a member's own proposals that wait for somebody else."""
    return _open_ones(and_(_is_open(), Approval.author_id == member.id))


def decided_page(member: StaffMember, cursor: str | None) -> Page[Approval]:
    """Return a page of what was decided or has ended, the newest first. Raises `BadRequest` for a foreign cursor."""
    seen = or_(Approval.author_id == member.id, Approval.what.in_(_secondable(member)))
    statement = select(Approval).where(Approval.decided_at.is_not(None), Approval.what.in_(kinds()), seen)
    return keyset_page(
        _with_people(statement),
        [(Approval.decided_at, True), (Approval.id, True)],
        lambda approval: (approval.decided_at, approval.id),
        cursor=cursor,
        size=SHOWN,
        name="approvals",
    )


@on_desk(
    Label(fr="Propositions à valider", en="Proposals to second"), rank=Rank.PERSON, endpoint="staff.staff.approvals"
)
def count_waiting_for(member: StaffMember) -> Counted | None:
    """Return what counts the proposals that wait for a member; None when they may second nothing."""
    return _count_for(member) if _secondable(member) else None


def count_for(member: StaffMember) -> Waiting | None:
    """Return how many proposals wait for a member; None when they may second nothing."""
    return count_all([_count_for(member)])[0] if _secondable(member) else None


def _count_for(member: StaffMember) -> Counted:
    return count_waiting(select(Approval.made_at).where(_waits_for(member)))


def compare(approval: Approval, language: str) -> list[tuple[str, str | None, str | None]]:
    """Return a line for each fact of a proposal: its name, its value before, its value after."""
    describe = kinds()[approval.what].describe
    before, after = dict(describe(approval.before, language)), dict(describe(approval.after, language))
    return [(label, before.get(label), after.get(label)) for label in before | after]


def names_of(approvals: list[Approval]) -> dict[str, str]:
    """Return the targets of proposals in words, as far as they are there; a query for each kind at most."""
    by_kind: dict[str, list[str]] = {}
    for approval in approvals:
        by_kind.setdefault(approval.what, []).append(approval.target)
    names: dict[str, str] = {}
    for what, targets in by_kind.items():
        names |= kinds()[what].names_of(targets)
    return names


def _secondable(member: StaffMember) -> dict[str, ApprovalKind]:
    return {code: kind for code, kind in kinds().items() if member.may(kind.permission)}


def _is_open() -> ColumnElement[bool]:
    in_time = and_(Approval.state == ApprovalState.PROPOSED, Approval.ends_at > clock.now())
    return and_(in_time, Approval.what.in_(kinds()))


def _waits_for(member: StaffMember) -> ColumnElement[bool]:
    return and_(_is_open(), Approval.what.in_(_secondable(member)), Approval.author_id != member.id)


def _open_ones(condition: ColumnElement[bool]) -> list[Approval]:
    statement = select(Approval).where(condition).order_by(Approval.ends_at, Approval.id).limit(SHOWN)
    return list(db.session.execute(_with_people(statement)).scalars())


def _with_people(statement: Select[Any]) -> Select[Any]:
    return statement.options(joinedload(Approval.author), joinedload(Approval.decided_by))
