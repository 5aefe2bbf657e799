"""The file of all customers' preferences for people: one member asks, another seconds, and it may be had for a day."""

from datetime import datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.access.permissions import Permission
from portal.bilingual import Label
from portal.infrastructure.database import db
from portal.staff.approvals.kinds import ApprovalKind, CannotCarryOut, Facts, register
from portal.staff.approvals.models import Approval, ApprovalState
from portal.staff.approvals.proposing import open_about, propose
from portal.staff.desk.models import Act
from portal.staff.desk.notices import Told
from portal.staff.models import StaffMember

TARGET = "customers:"
MAY_BE_HAD = timedelta(hours=24)


def propose_export(author: StaffMember, reason: str) -> Approval:
    """Add the proposal of an export to the current transaction, or return the author's own that is open."""
    target = _target(author)
    return open_about(target, EXPORT) or propose(EXPORT, target, {"scope": "all"}, reason, author)


def open_proposal(member: StaffMember) -> Approval | None:
    """Return a member's own proposal of an export that waits for a second person, or None."""
    return open_about(_target(member), EXPORT)


def may_export_until(member: StaffMember) -> datetime | None:
    """Return until when a member may download the file; None when nobody seconded that in the last 24 hours."""
    newest = select(Approval.decided_at).where(
        Approval.author_id == member.id, Approval.what == EXPORT.code, Approval.state == ApprovalState.SECONDED,
        Approval.decided_at > clock.now() - MAY_BE_HAD,
    ).order_by(Approval.decided_at.desc())  # fmt: skip
    seconded_at = db.session.execute(newest.limit(1)).scalar_one_or_none()
    return seconded_at + MAY_BE_HAD if seconded_at else None


def _target(member: StaffMember) -> str:
    return f"{TARGET}{member.public_id}"


def _facts_of(_target: str) -> Facts:
    return {}


def _describe(facts: Facts, _language: str) -> list[tuple[str, str]]:
    return [(_("Download"), _("Preferences of all customers, for 24 hours"))] if facts else []


def _carry_out(approval: Approval) -> None:
    if not approval.author.may(Permission.SEE_MARKETING):
        raise CannotCarryOut(_("whoever proposed it may not read preferences any more."))


def _told(approval: Approval) -> Told:
    return Told(Act.EXPORT, approval.author.name)


EXPORT = register(
    ApprovalKind(
        code="base_export",
        label=Label(fr="Exporter les préférences de tous les clients", en="Export the preferences of all customers"),
        permission=Permission.SEE_MARKETING,
        facts_of=_facts_of,
        carry_out=_carry_out,
        describe=_describe,
        told=_told,
        names_of=lambda targets: {target: _("All customers") for target in targets},
    )
)
