"""Decide who somebody is. The decision destroys the document in the same transaction; the result is kept."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select

from portal import clock
from portal.accounts.models import Account
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer
from portal.identity_checks.documents.shredding import forget_previews, limit_to, shred
from portal.identity_checks.models import CheckResult, DocumentStatus, IdentityCheck, IdentityDocument
from portal.identity_checks.queries import documents_of
from portal.infrastructure.database import db
from portal.staff.models import StaffMember

CHECKED = declare("customer:identity:checked", "method", "result")

__all__ = ["AlreadyChecked", "abandon", "code_method", "decide", "documents_of", "note_check", "open_check"]

DOCUMENT = "document"
"""Method: a person compares a document with what is held."""
KNOWN_ADDRESS = "known_address"
"""Method: the password again, and a code sent to an address that was known before the doubt."""
FACEBOOK_AND_CODE = "facebook_and_code"
"""Method: Facebook again, for an account without a password, and such a code."""
SECOND_STEP = "second_step"
"""Method: the signed-in session passed a second step that the account has had for long."""
SESSION = "session"
"""Method: the signed-in session raised no doubt."""
FACEBOOK_SIGNATURE = "facebook_signature"
"""Method: Facebook signed the request, for the account that its number for the person opens."""
BY_STAFF = "by_staff"
"""Method: a staff member made sure of the person while taking the request in, without any document."""
CALL_BACK = "call_back"
"""Method: a staff member called a number of record, and the person said whether they asked."""
REGISTERED_LETTER = "registered_letter"
"""Method: the person gave the code back that a registered letter to an address of record carried."""
WRITTEN_REASON = "written_reason"
"""Method: the privacy officer wrote why there is no doubt, and a second person agreed."""


class AlreadyChecked(ValueError):
    """The check has its result already; another document needs another check."""


def code_method(account: Account) -> str:
    """Return the method of a code by mail: what came before it is the password, or Facebook where there is none."""
    return KNOWN_ADDRESS if account.password_hash else FACEBOOK_AND_CODE


def open_check(customer_id: int, request_id: int | None, method: str = DOCUMENT) -> IdentityCheck:
    """Add a check that awaits its document, in the current transaction."""
    check = IdentityCheck(customer_id=customer_id, request_id=request_id, method=method)
    db.session.add(check)
    db.session.flush()
    return check


def hand_over(check: IdentityCheck, staged: list[IdentityDocument], due_on: date | None) -> None:
    """Let a check have the documents of a draft that is sent, in the current transaction: staff may look from now on.

    Args:
        due_on: the due day of the request; None while it is not known.
    """
    for document in staged:
        document.draft_id, document.check_id = None, check.id
        if document.status is DocumentStatus.STAGED:
            document.status = DocumentStatus.READY
    forget_previews(staged)
    limit_to(staged, due_on)
    db.session.flush()


def note_check(
    customer_id: int,
    request_id: int,
    method: str,
    *,
    lifted: Iterable[str] = (),
    result: CheckResult = CheckResult.CONFIRMED,
    place: str = "",
    member: StaffMember | None = None,
) -> IdentityCheck:
    """Add, in the current transaction, a check that has its result already, because it needed no document.

    Args:
        method: one of the methods above, except `DOCUMENT`.
        lifted: the doubts that it lifted.
        place: the number or address of record at which the person was reached, masked.
        member: who made sure of the person; None for the portal.
    """
    check = open_check(customer_id, request_id, method)
    check.lifted, check.place = [str(signal) for signal in lifted], place
    if member:
        _conclude(check, result, member.role, actor=f"staff:{member.public_id}")
    else:
        _conclude(check, result, "portal")
    return check


def decide(
    check: IdentityCheck,
    result: CheckResult,
    *,
    reason: str | None = None,
    lifted: Iterable[str] = (),
    member: StaffMember,
) -> None:
    """Record the result of a check and start destroying its document, in the current transaction.

    Args:
        result: `CONFIRMED`, `ASKED_AGAIN` or `REJECTED`; open a new check after `ASKED_AGAIN`.
        reason: a code, for `ASKED_AGAIN` and `REJECTED`.
        lifted: the doubts that a confirmed identity lifts.
        member: who looked; the check keeps the role only.

    Raises:
        AlreadyChecked: somebody decided before.
    """
    locked = select(IdentityCheck).where(IdentityCheck.id == check.id).with_for_update(key_share=True)
    check = db.session.execute(locked.execution_options(populate_existing=True)).scalar_one()
    if check.result is not CheckResult.PENDING:
        raise AlreadyChecked
    check.reason, check.lifted = reason, list(lifted)
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
