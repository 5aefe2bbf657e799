"""The desk of the privacy officer, what officers are told, and the register of what is not declared yet."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.bilingual import Label
from portal.infrastructure import installed
from portal.infrastructure.database import transaction
from portal.personal_data.organisation_gaps import gaps
from portal.staff.approvals.listing import has_approvals
from portal.staff.desk.lines import Rank, Waiting, desk_of, on_desk
from portal.staff.desk.models import OfficerNotice
from portal.staff.desk.notices import all_notices, note_read
from portal.staff.models import StaffMember
from portal.staff.staff_blueprint import blueprint
from portal.web.pagination import keyset_page

SHOWN = 50


@blueprint.get("/desk")
@requires(staff(Permission.SEE_DESK))
def desk() -> str:
    return render_template(
        "staff/staff/desk/desk.html", lines=desk_of(current_user), has_approvals=has_approvals(current_user)
    )


@blueprint.get("/register")
@requires(staff(Permission.SEE_DESK))
def register() -> str:
    return render_template("staff/staff/desk/register.html", gaps=gaps(installed.organisation()))


@on_desk(
    Label(fr="Ce que l'entreprise n'a pas encore déclaré", en="What the company has not declared yet"),
    rank=Rank.CARE,
    endpoint="staff.staff.register",
)
def count_gaps(member: StaffMember) -> Waiting | None:
    """Return how many gaps of the organisation file keep the portal from saying something to people."""
    return Waiting(len(gaps(installed.organisation()))) if member.may(Permission.SEE_DESK) else None


@blueprint.get("/notices")
@requires(staff(Permission.SEE_DESK))
def notices() -> str:
    page = keyset_page(
        all_notices(), [(OfficerNotice.id, True)], lambda notice: (notice.id,),
        cursor=request.args.get("cursor"), size=SHOWN, name="officer-notices",
    )  # fmt: skip
    return render_template("staff/staff/desk/notices.html", page=page)


@blueprint.post("/notices")
@requires(staff(Permission.SEE_DESK))
def read_notices() -> Any:
    with transaction():
        note_read(current_user, request.form.get("up_to", 0, type=int))
    flash(_("Noted as read."), "success")
    return redirect(url_for(".notices"), 303)
