"""The desk of the privacy officer, and the register of what the company still has to declare."""

from flask import render_template
from flask_login import current_user

from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.bilingual import Label
from portal.infrastructure import installed
from portal.personal_data.organisation_gaps import gaps
from portal.staff.approvals.listing import has_approvals
from portal.staff.desk.lines import Rank, Waiting, desk_of, on_desk
from portal.staff.models import StaffMember
from portal.staff.staff_blueprint import blueprint


@blueprint.get("/desk")
@requires(staff(Permission.SEE_DESK))
def desk() -> str:
    return render_template(
        "staff/staff/desk.html", lines=desk_of(current_user), has_approvals=has_approvals(current_user)
    )


@blueprint.get("/register")
@requires(staff(Permission.SEE_DESK))
def register() -> str:
    return render_template("staff/staff/register.html", gaps=gaps(installed.organisation()))


@on_desk(
    Label(fr="Ce que l'entreprise n'a pas encore déclaré", en="What the company has not declared yet"),
    rank=Rank.CARE,
    endpoint="staff.staff.register",
)
def count_gaps(member: StaffMember) -> Waiting | None:
    """Return how many gaps of the organisation file keep the portal from saying something to people."""
    return Waiting(len(gaps(installed.organisation()))) if member.may(Permission.SEE_DESK) else None
