"""The desk of the privacy officer."""

from flask import render_template
from flask_login import current_user

from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.staff.approvals.listing import has_approvals
from portal.staff.desk.lines import desk_of
from portal.staff.staff_blueprint import blueprint


@blueprint.get("/desk")
@requires(staff(Permission.SEE_DESK))
def desk() -> str:
    return render_template(
        "staff/staff/desk.html", lines=desk_of(current_user), has_approvals=has_approvals(current_user)
    )
