"""Decide who somebody is. The decision destroys the document in the same transaction; the result is kept."""

from sqlalchemy import select

from portal import clock
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer
from portal.identity_checks.documents.shredding import shred
from portal.identity_checks.models import CheckResult, IdentityCheck
from portal.identity_checks.queries import documents_of
from portal.infrastructure.database import db
from portal.staff.models import StaffMember

CHECKED = declare("customer:identity:checked", "method", "result")

__all__ = ["AlreadyChecked", "abandon", "decide", "documents_of", "note_check", "open_check"]

DOCUMENT = "document"
"""Method: a person compares a document with what is held."""
KNOWN_ADDRESS = "known_address"
"""Method: the password again, and a code sent to an address held before the account existed."""
SESSION = "session"
"""Method: the signed-in session raised no doubt."""
FACEBOOK_SIGNATURE = "facebook_signature"
"""Method: Facebook signed the request, for the account that its number for the person opens."""
BY_STAFF = "by_staff"
"""Method: a staff member made sure of the person while taking the request in, without any document."""


class AlreadyChecked(ValueError):
    """The check has its result already; another document needs another check."""


def open_check(customer_id: int, request_id: int | None, method: str = DOCUMENT) -> IdentityCheck:
    """Add a check that awaits its document, in the current transaction."""
    check = IdentityCheck(customer_id=customer_id, request_id=request_id, method=method)
    db.session.add(check)
    db.session.flush()
    return check


def note_check(customer_id: int, request_id: int, method: str, *, checked_by: str = "portal") -> IdentityCheck:
    """Add, in the current transaction, a check that is confirmed already, because no document was needed.

    Args:
        method: one of the methods above, except `DOCUMENT`.
        checked_by: a role, or `portal`.
    """
    check = open_check(customer_id, request_id, method)
    _conclude(check, CheckResult.CONFIRMED, checked_by)
    return check


def decide(check: IdentityCheck, result: CheckResult, *, reason: str | None = None, member: StaffMember) -> None:
    """Record the result of a check and start destroying its document, in the current transaction.

    Args:
        result: `CONFIRMED`, `ASKED_AGAIN` or `REJECTED`; open a new check after `ASKED_AGAIN`.
        reason: a code, for `ASKED_AGAIN` and `REJECTED`.
        member: who looked; the check keeps the role only.

    Raises:
        AlreadyChecked: somebody decided before.
    """
    locked = select(IdentityCheck).where(IdentityCheck.id == check.id).with_for_update(key_share=True)
    check = db.session.execute(locked.execution_options(populate_existing=True)).scalar_one()
    if check.result is not CheckResult.PENDING:
        raise AlreadyChecked
    check.reason = reason
    _conclude(check, result, member.role, actor=f"staff:{member.public_id}")


def abandon(check: IdentityCheck) -> None:
    """End a check without a decision, because its request ended; its document is destroyed all the same."""
    if check.result is CheckResult.PENDING:
        _conclude(check, CheckResult.ABANDONED, "portal")


def _conclude(check: IdentityCheck, result: CheckResult, checked_by: str, actor: str = "portal") -> None:
    check.result = result
    check.checked_by = checked_by
    check.checked_at = clock.now()
    customer = db.session.get_one(Customer, check.customer_id)
    record(
        CHECKED,
        actor=actor,
        subject=f"customer:{customer.public_id}",
        method=check.method,
        result=str(result),
    )
    shred(documents_of(check))
