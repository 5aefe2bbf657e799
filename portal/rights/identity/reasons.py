"""Lift a doubt by a written reason: the privacy officer proposes it, a second person agrees (`staff.approvals`).

Never for a whole copy, portability or erasure (`identity_checks.proof.ladder`).
"""

from collections.abc import Iterable

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal.access.permissions import Permission
from portal.bilingual import Label
from portal.customers.models import Customer
from portal.identity_checks.proof.ladder import Means
from portal.identity_checks.proof.policy import DoubtSignal
from portal.infrastructure.database import db
from portal.infrastructure.locking.rows import lock_row
from portal.rights import acting
from portal.rights.identity.lifting import NothingDoubted, doubts_of, lift, liftable
from portal.rights.lifecycle import CaseMoved
from portal.rights.models import EventKind, RightsRequest
from portal.rights.queue.claims import is_own
from portal.staff.approvals.forgetting import names_targets
from portal.staff.approvals.kinds import ApprovalKind, CannotCarryOut, Facts, register
from portal.staff.approvals.models import Approval
from portal.staff.approvals.proposing import open_about, propose
from portal.staff.models import StaffMember


def propose_reason(request: RightsRequest, member: StaffMember, reason: str, version: int) -> Approval:
    """Propose, in the current transaction, to lift what a written reason lifts; return the proposal that is open.

    Raises:
        NothingDoubted: it would lift nothing here.
        CaseMoved, OwnCase: see `acting.hold`.
    """
    acting.hold(request, member, version)
    lifted = liftable(request, Means.WRITTEN_REASON)
    if not lifted:
        raise NothingDoubted
    left = [str(doubt) for doubt in doubts_of(request) if doubt not in lifted]
    return open_proposal(request) or propose(REASON, request.reference, {"doubts": left}, reason, member)


def open_proposal(request: RightsRequest) -> Approval | None:
    """Return the proposal about a case that waits for a second person, or None."""
    return open_about(request.reference, REASON)


@names_targets
def cases_of(customer_id: int) -> Iterable[str]:
    """Return the references of a customer's cases."""
    own = select(RightsRequest.reference).where(RightsRequest.customer_id == customer_id)
    return db.session.execute(own).scalars().all()


def _facts_of(reference: str) -> Facts:
    found = select(RightsRequest).where(RightsRequest.reference == reference)
    request = db.session.execute(found).scalar_one_or_none()
    if request is None:
        return {}
    lock_row(Customer, request.customer_id)
    db.session.refresh(request, with_for_update={"key_share": True, "of": RightsRequest})
    return {"doubts": request.identity_signals} if request.is_open and request.outcome is None else {}


def _describe(facts: Facts, language: str) -> list[tuple[str, str]]:
    doubts = ", ".join(DoubtSignal(code).label(language) for code in facts.get("doubts", ()))
    return [(_("Doubts about who asks"), doubts or _("None"))]


def _carry_out(approval: Approval) -> None:
    if not approval.author.may(Permission.LIFT_DOUBT):
        raise CannotCarryOut(_("whoever proposed it is not a privacy officer any more."))
    request = acting.find_request(approval.target)
    assert request is not None
    if approval.decided_by and is_own(request, approval.decided_by):
        raise CannotCarryOut(_("the request is your own."))
    act = acting.of_staff(request, approval.author)
    try:
        lift(act, Means.WRITTEN_REASON)
    except CaseMoved:
        raise CannotCarryOut(_("the request is no longer where this could be done.")) from None
    act.note(EventKind.DOUBT_LIFTED)
    request.version += 1


def _link(reference: str) -> str:
    return url_for("staff.rights.case", reference=reference)


REASON = register(
    ApprovalKind(
        code="doubt_lifting",
        label=Label(fr="Lever un doute sur l'identité par un motif écrit", en="Lift a doubt by a written reason"),
        permission=Permission.CHECK_IDENTITY,
        facts_of=_facts_of,
        carry_out=_carry_out,
        describe=_describe,
        link=_link,
        names_of=lambda references: {reference: reference for reference in references},
    )
)
