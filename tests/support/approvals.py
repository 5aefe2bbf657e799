"""Proposals for tests: a kind of their own, another role for a member, and an export that was agreed to."""

from typing import Any

from sqlalchemy import select

from portal import clock
from portal.access.permissions import Permission, Role
from portal.bilingual import Label
from portal.infrastructure.database import db, transaction
from portal.preferences.base_exports import EXPORT, TARGET
from portal.staff.approvals.kinds import ApprovalKind, CannotCarryOut, Facts, register
from portal.staff.approvals.models import Approval, ApprovalState
from portal.staff.approvals.proposing import propose
from portal.staff.models import StaffMember

REASON = "Zoé remplace Bruno jusqu’en mars."
ROLE_NAMES = {
    "support": ("Service client", "Customer service"),
    "reviewer": ("Vérification", "Review"),
    "marketing": ("Marketing", "Marketing"),
}


def _member(target: str) -> StaffMember | None:
    statement = select(StaffMember).where(StaffMember.public_id == target.removeprefix("member:")).with_for_update()
    return db.session.execute(statement).scalar_one_or_none()


def _facts_of(target: str) -> Facts:
    member = _member(target)
    return {"role": member.role.value} if member else {}


def _carry_out(approval: Approval) -> None:
    member = _member(approval.target)
    assert member is not None
    assert approval.decided_by is None or approval.decided_by.may(ROLE_CHANGE.permission), "who seconds is known here"
    member.role = Role(approval.after["role"])
    db.session.flush()
    if member.disabled_at:
        raise CannotCarryOut("cet accès est fermé.")


def _describe(facts: Facts, language: str) -> list[tuple[str, str]]:
    place = 0 if language == "fr" else 1
    labels = {"role": ("Rôle", "Role"), "until": ("Jusqu’au", "Until")}
    return [(labels[code][place], ROLE_NAMES.get(value, (value, value))[place]) for code, value in facts.items()]


ROLE_CHANGE = register(
    ApprovalKind(
        code="role_change",
        label=Label(fr="Changer un rôle", en="Change a role"),
        permission=Permission.SECOND_PROVEN_GROUND,
        facts_of=_facts_of,
        carry_out=_carry_out,
        describe=_describe,
    )
)


def proposed(author: str, about: str, after: dict[str, Any] | None = None, reason: str = REASON) -> str:
    """Propose the role of reviewer, by the address of the author and that of the member; return the public id."""
    with transaction():
        after = after or {"role": "reviewer"}
        approval = propose(ROLE_CHANGE, f"member:{found(about).public_id}", after, reason, found(author))
        return approval.public_id


def found(email: str) -> StaffMember:
    """Return a member as they are now."""
    return db.session.execute(select(StaffMember).where(StaffMember.email == email)).scalar_one()


def approval_now(public_id: str) -> Approval:
    """Return a proposal as it is now."""
    db.session.rollback()
    return db.session.execute(select(Approval).where(Approval.public_id == public_id)).scalar_one()


def second_export(member: StaffMember) -> None:
    """Add, in the current transaction, an agreed proposal by which a member may have the file of all customers."""
    approval = propose(EXPORT, f"{TARGET}{member.public_id}", {}, "Campagne du printemps.", member)
    approval.state, approval.decided_at = ApprovalState.SECONDED, clock.now()
