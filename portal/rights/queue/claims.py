"""Hold a case: one person at a time, for twenty minutes that every act renews. Two people never hold the same case."""

from collections.abc import Set
from datetime import timedelta

from sqlalchemy import ColumnElement, exists, false, func, or_, select, update

from portal import clock
from portal.access.permissions import Permission
from portal.accounts.models import Account
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer
from portal.infrastructure.database import db
from portal.infrastructure.locking.rows import lock_row
from portal.lookups.opening import is_own_file, recognise_owners_with
from portal.rights.lifecycle import WAITING_STATUSES, CaseMoved, Status
from portal.rights.models import RequestDecision, RightsRequest
from portal.staff.approvals.seconders import waits_until
from portal.staff.members.leaving import when_leaving
from portal.staff.models import StaffMember

HELD_FOR = timedelta(minutes=20)

CLAIMED = declare("staff:request:claimed", "reference", "was_held")
RELEASED = declare("staff:request:released", "reference")


class HeldByAnother(CaseMoved):
    """Somebody else holds the case `reference`; `holder` says who and `until` how long."""

    def __init__(self, request: RightsRequest) -> None:
        super().__init__(request.reference)
        self.reference = request.reference
        self.holder = request.holder
        self.until = request.held_until


class OwnCase(Exception):
    """A member may not work on a request of their own. A customer account with the member's address is theirs."""


class CaseClosed(CaseMoved):
    """The answer has left, or the customer took the request back: nobody works on it any more."""


def check_not_own(request: RightsRequest, member: StaffMember) -> None:
    """Raise `OwnCase` when the case is the staff member's own."""
    if is_own(request, member):
        raise OwnCase(request.reference)


def is_own(request: RightsRequest, member: StaffMember) -> bool:
    """Tell whether the staff member is the customer who asks."""
    return is_own_file(member, request.customer)


@recognise_owners_with
def has_account(member: StaffMember, customer: Customer) -> bool:
    """Tell whether a staff member's address signs in to the account of a customer."""
    account = select(Account.id).where(Account.customer_id == customer.id, _signs_in_as(member))
    return db.session.execute(account).first() is not None


def _signs_in_as(member: StaffMember) -> ColumnElement[bool]:
    return Account.email_normalised == member.email_normalised


def is_held_by(request: RightsRequest, member: StaffMember) -> bool:
    """Tell whether a member holds a case now."""
    return request.holder_id == member.id and request.held_until is not None and request.held_until > clock.now()


def is_held_by_another(request: RightsRequest, member: StaffMember) -> bool:
    """Tell whether somebody else holds a case now."""
    is_held = request.holder_id is not None and request.held_until is not None and request.held_until > clock.now()
    return is_held and request.holder_id != member.id


def claim(request: RightsRequest, member: StaffMember, *, take_over: bool = False) -> None:
    """Take a case, or renew the member's hold on it, in the current transaction.

    Args:
        take_over: take it from a colleague who holds it; the audit says so.

    Raises:
        HeldByAnother, OwnCase, CaseClosed.
    """
    lock_row(Customer, request.customer_id)  # what follows may change the customer, who comes before the case
    _claim(request, member, take_over=take_over)


def _claim(request: RightsRequest, member: StaffMember, *, take_over: bool = False) -> None:
    check_not_own(request, member)
    if not request.is_open:
        raise CaseClosed(request.reference)
    was_held = is_held_by_another(request, member)
    if was_held and not take_over:
        raise HeldByAnother(request)
    is_new = not is_held_by(request, member)
    is_free = or_(
        RightsRequest.holder_id.is_(None), RightsRequest.held_until <= clock.now(), RightsRequest.holder_id == member.id
    )
    condition = [RightsRequest.id == request.id] + ([] if take_over else [is_free])
    statement = update(RightsRequest).where(*condition).values(holder_id=member.id, held_until=clock.now() + HELD_FOR)
    if db.session.execute(statement).rowcount != 1:  # type: ignore[attr-defined]
        db.session.refresh(request)
        raise HeldByAnother(request)
    db.session.refresh(request)
    if not request.is_open:
        raise CaseClosed(request.reference)
    if is_new:
        _record(CLAIMED, request, member, was_held=was_held)


def release(request: RightsRequest, member: StaffMember) -> None:
    """Give a case back; nothing happens when the member does not hold it."""
    if not is_held_by(request, member):
        return
    request.holder_id = request.held_until = None
    _record(RELEASED, request, member)


@when_leaving
def give_back_cases(member: StaffMember, lost: Set[Permission], actor: str) -> None:
    """Give the cases back that somebody held who works on none any more, so that a colleague takes them at once."""
    if Permission.CLAIM_REQUEST in lost:
        held = update(RightsRequest).where(RightsRequest.holder_id == member.id)
        db.session.execute(held.values(holder_id=None, held_until=None))


def take_most_urgent(member: StaffMember) -> RightsRequest | None:
    """Claim the free case with the nearest due date that this member can work on now, or return None.

    It leaves out cases that wait for their customer or for their copy, the member's own, and second opinions that the
    member may not give. PostgreSQL skips a row that a colleague is taking; on SQLite, writers wait for each other.
    """
    statement = (
        select(RightsRequest)
        .join(Customer, Customer.id == RightsRequest.customer_id)
        .where(
            RightsRequest.is_open.is_(True),
            RightsRequest.status.not_in(WAITING_STATUSES),
            or_(RightsRequest.holder_id.is_(None), RightsRequest.held_until <= clock.now()),
            RightsRequest.outcome.is_(None),
            or_(Customer.email_normalised.is_(None), Customer.email_normalised != member.email_normalised),
            ~exists().where(Account.customer_id == Customer.id, _signs_in_as(member)),
            or_(RightsRequest.status != Status.SECOND_OPINION, _may_second(member)),
        )
        .order_by(RightsRequest.sort_on, RightsRequest.id)
        .with_for_update(key_share=True, skip_locked=True, of=RightsRequest)
        .limit(1)
    )
    request = db.session.execute(statement).scalar_one_or_none()
    if request is not None:
        _claim(request, member)
    return request


def _may_second(member: StaffMember) -> ColumnElement[bool]:
    """Return the condition that a member may give the second opinion: they have the permission and did not decide."""
    if not member.may(Permission.GIVE_SECOND_OPINION):
        return false()
    # A new member is handed none while somebody is there for longer; what nobody else could give, they open themselves.
    if waits_until(member, Permission.GIVE_SECOND_OPINION):
        return false()
    newest = select(func.max(RequestDecision.id)).where(RequestDecision.request_id == RightsRequest.id)
    is_theirs = exists().where(
        RequestDecision.id == newest.correlate(RightsRequest).scalar_subquery(), RequestDecision.staff_id == member.id
    )
    return ~is_theirs


def _record(tag: str, request: RightsRequest, member: StaffMember, **facts: bool) -> None:
    record(
        tag, actor=f"staff:{member.public_id}", subject=f"customer:{request.customer.public_id}",
        reference=request.reference, **facts,
    )  # fmt: skip
