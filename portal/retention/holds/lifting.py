"""Lift a legal hold: an officer proposes it, another one seconds, and what is past its time goes with the next run."""

from datetime import date

from flask_babel import gettext as _

from portal.access.permissions import Permission
from portal.bilingual import Label, long_date
from portal.personal_data.holds.grounds import HoldGround
from portal.personal_data.holds.models import LegalHold
from portal.personal_data.holds.placing import NoSuchHold, find_standing, lift_hold
from portal.retention.holds.listing import reference_of, scope_in_words
from portal.staff.approvals.kinds import ApprovalKind, CannotCarryOut, Facts, register
from portal.staff.approvals.models import Approval
from portal.staff.approvals.proposing import open_about, propose
from portal.staff.models import StaffMember

TARGET = "hold:"


def propose_lifting(hold: LegalHold, reason: str, author: StaffMember) -> Approval:
    """Add the proposal to lift a hold to the current transaction, or return the one that is open."""
    target = f"{TARGET}{hold.public_id}"
    after = _facts_of(target) | {"stands": False}
    return open_about(target, LIFTING) or propose(LIFTING, target, after, reason, author)


def open_lifting(hold: LegalHold) -> Approval | None:
    """Return the open proposal to lift a hold, or None."""
    return open_about(f"{TARGET}{hold.public_id}", LIFTING)


def _facts_of(target: str) -> Facts:
    hold = find_standing(target.removeprefix(TARGET))
    if hold is None:
        return {}
    scope = [hold.category, hold.kind, hold.external_id]
    return {
        "stands": True, "customer": reference_of(hold), "scope": scope,
        "ground": hold.ground.value, "placed_on": hold.placed_at.date().isoformat(),
    }  # fmt: skip


def _describe(facts: Facts, language: str) -> list[tuple[str, str]]:
    if not facts:
        return []
    return [
        (_("Hold"), _("Stands") if facts["stands"] else _("Lifted")),
        (_("Customer"), facts["customer"]),
        (_("What is kept"), scope_in_words(facts["scope"], language)),
        (_("Ground"), HoldGround(facts["ground"]).label(language)),
        (_("Placed on"), long_date(date.fromisoformat(facts["placed_on"]), language, weekday=False)),
    ]


def _carry_out(approval: Approval) -> None:
    actor = f"staff:{approval.decided_by.public_id}" if approval.decided_by else "command"
    try:
        lift_hold(approval.target.removeprefix(TARGET), actor)
    except NoSuchHold:
        raise CannotCarryOut(_("the hold does not stand any more.")) from None


def _names(targets: list[str]) -> dict[str, str]:
    return {target: _("Legal hold") for target in targets}


LIFTING = register(
    ApprovalKind(
        code="lift_hold",
        label=Label(fr="Lever une conservation forcée", en="Lift a legal hold"),
        permission=Permission.PLACE_HOLD,
        facts_of=_facts_of,
        carry_out=_carry_out,
        describe=_describe,
        names_of=_names,
    )
)
