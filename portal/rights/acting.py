"""The steps that every act on a case shares: hold or lock it, check that nobody changed it, change it, record that.

Staff, the customer and the portal itself begin their acts here, each by a function that says how they take the case.
An act belongs to the caller's transaction. Its customer, then the case, stay locked until the commit.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from portal import clock
from portal.audit.recording import record
from portal.customers.models import Customer
from portal.identity_checks.documents.uploading import end_all
from portal.identity_checks.proof import checking
from portal.identity_checks.queries import checks_of
from portal.infrastructure.database import db
from portal.infrastructure.locking.rows import lock_row
from portal.infrastructure.references import read_reference
from portal.legal_time.clock_state import PauseReason
from portal.personal_data.keeping.models import Keep, KeepReason
from portal.rights.clock import running
from portal.rights.lifecycle import CaseMoved, Status, Step, advance
from portal.rights.models import EventKind, RequestEvent, RightsRequest
from portal.rights.queue.claims import check_not_own, claim
from portal.staff.models import StaffMember


class StaleCase(CaseMoved):
    """Somebody changed the case since this page was opened."""


class NoSuchRequest(Exception):
    """The customer has no such request."""


@dataclass(frozen=True, slots=True)
class Act:
    """Something done to one case, by whom.

    Attributes:
        actor: who the audit trail names: `staff:…`, `customer:…` or `portal`.
        staff: the staff member who acts; None for the customer and for the portal.
    """

    request: RightsRequest
    actor: str
    staff: StaffMember | None = None

    def step(self, step: Step) -> None:
        """Move the case along the table of steps. Raises `InvalidStep`."""
        self.request.status = advance(self.request.status, step)

    def wait(self, step: Step, reason: PauseReason) -> bool:
        """Wait for the customer; return whether the legal clock stands still now. Raises `InvalidStep`."""
        self.step(step)
        return running.pause(self.request, reason)

    def go_on(self, step: Step) -> None:
        """End a wait by a step, and let the legal clock run again. Raises `InvalidStep`."""
        self.step(step)
        running.resume(self.request)

    def review(self) -> None:
        """Put the case in review, unless it is already, and end any wait. Raises `InvalidStep`."""
        if self.request.status is not Status.IN_REVIEW:
            self.go_on(Step.START_REVIEW)

    def note(self, kind: EventKind, text: str = "", *, is_internal: bool = False) -> None:
        """Add a line to the history.

        Args:
            text: the words that the acting person typed.
            is_internal: whether only staff may read the line.
        """
        db.session.flush()  # lines are read in the order of their numbers, and a new request has none before
        staff_id = self.staff.id if self.staff else None
        line = RequestEvent(
            request_id=self.request.id, kind=kind, staff_id=staff_id, text=text, is_internal=is_internal
        )
        db.session.add(line)

    def record(self, tag: str, **facts: Any) -> None:
        """Add an event to the audit trail: who, about whom, in which case."""
        subject = f"customer:{self.request.customer.public_id}"
        record(tag, actor=self.actor, subject=subject, reference=self.request.reference, **facts)

    def give_back(self) -> None:
        """Give the case back to the queue: nobody holds it any more."""
        self.request.holder_id = self.request.held_until = None

    def close(self) -> None:
        """Close the case: its documents are destroyed, whether looked at or not, and nobody holds it any more."""
        request = self.request
        for check in checks_of(request.id):
            checking.abandon(check)
        end_all(request.customer_id, request.reference)
        request.is_open, request.closed_at = False, clock.now()
        kept = (Keep.reason == KeepReason.OPEN_REQUEST, Keep.source_id == request.id)
        db.session.execute(update(Keep).where(*kept).values(ended_at=request.closed_at))
        self.give_back()


def find_request(reference: str) -> RightsRequest | None:
    """Return a case by its reference, however it is typed, or None."""
    canonical = read_reference(reference)
    if canonical is None:
        return None
    statement = select(RightsRequest).where(RightsRequest.reference == canonical)
    options = (joinedload(RightsRequest.customer), joinedload(RightsRequest.holder))
    return db.session.execute(statement.options(*options)).scalar_one_or_none()


def hold(request: RightsRequest, member: StaffMember, version: int) -> Act:
    """Begin an act of a staff member, who takes the case or renews their hold on it.

    Raises:
        StaleCase: somebody changed the case since the member's page showed `version`, or it is decided.
        HeldByAnother, OwnCase, CaseClosed: see `claim`.
    """
    claim(request, member)
    _check_version(request, version)
    return of_staff(request, member)


def lock(request: RightsRequest, member: StaffMember, version: int) -> Act:
    """Begin an act of a staff member who need not hold the case. Raises `StaleCase`, `OwnCase`."""
    check_not_own(request, member)
    lock_row(Customer, request.customer_id)
    # Two may press the button at once.
    db.session.refresh(request, with_for_update={"key_share": True, "of": RightsRequest})
    _check_version(request, version)
    return of_staff(request, member)


def of_staff(request: RightsRequest, member: StaffMember) -> Act:
    """Begin an act of a staff member that needs neither hold nor version, such as a note beside a colleague's work."""
    return Act(request, f"staff:{member.public_id}", member)


def of_customer(customer_id: int, reference: str) -> Act:
    """Begin an act of a customer on a request of their own. Raises `NoSuchRequest`."""
    lock_row(Customer, customer_id)
    theirs = select(RightsRequest).where(RightsRequest.customer_id == customer_id, RightsRequest.reference == reference)
    request = db.session.execute(theirs.with_for_update(key_share=True)).scalar_one_or_none()
    if request is None:
        raise NoSuchRequest
    return Act(request, f"customer:{request.customer.public_id}")


def of_portal(request_id: int) -> Act:
    """Begin an act that the portal does by itself, on the case as it is now."""
    lock_row(Customer, db.session.get_one(RightsRequest, request_id).customer_id)
    request = db.session.get_one(RightsRequest, request_id, with_for_update={"key_share": True}, populate_existing=True)
    return Act(request, "portal")


def _check_version(request: RightsRequest, version: int) -> None:
    """Raise `StaleCase` unless the case still has the version that the member's page showed; then raise that version.

    A decided case takes no further act: its answer leaves by itself.
    """
    if request.version != version or request.outcome is not None:
        raise StaleCase
    request.version += 1
