"""The officer vouches for the machine's clock, or leaves removal halted."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.bilingual import Label
from portal.infrastructure.database import transaction
from portal.retention.clock_guard import approve_clock, goes_on_at, halted_mark
from portal.staff.desk.lines import Rank, Waiting, on_desk
from portal.staff.models import StaffMember

blueprint = Blueprint("retention", __name__)


@on_desk(
    Label(fr="Horloge à vérifier : rien n’est supprimé", en="Clock to check: nothing is removed"),
    rank=Rank.CARE, endpoint="staff.retention.machine_clock",
)  # fmt: skip
def halted_removal(member: StaffMember) -> Waiting | None:
    """Return since when nothing is removed; None for who does not keep the desk."""
    if not member.may(Permission.SEE_DESK):
        return None
    mark = halted_mark()
    return Waiting(1, mark.halted_at) if mark else Waiting(0)


@blueprint.get("/clock")
@requires(staff(Permission.SEE_DESK))
def machine_clock() -> str:
    """What was seen of a clock that is not trusted."""
    mark = halted_mark()
    ends = goes_on_at(mark) if mark else None
    return render_template("retention/staff/machine_clock.html", mark=mark, now=clock.now(), goes_on_at=ends)


@blueprint.post("/clock")
@requires(staff(Permission.SEE_DESK))
def approve() -> Response:
    with transaction():
        was_halted = approve_clock(f"staff:{current_user.public_id}")
    if was_halted:
        flash(_("What is past its time is removed again."), "success")
    return redirect(url_for(".machine_clock"), 303)
