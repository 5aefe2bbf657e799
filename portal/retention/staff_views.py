"""The officer reads what ended and what is kept, lets go what waits, and vouches for the machine's clock."""

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.bilingual import Label
from portal.infrastructure.database import transaction
from portal.personal_data.expiry.approving import NothingWaits, approve_class
from portal.personal_data.expiry.endings import Ending, ending_of
from portal.personal_data.ledger.watching import late_lines
from portal.retention import report
from portal.retention.clock_guard import approve_clock, goes_on_at, halted_mark
from portal.staff.desk.lines import Counted, Rank, Waiting, count_waiting, on_desk
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


@on_desk(
    Label(
        fr="Effacements et refus pas encore mis à l’abri d’une restauration",
        en="Erasures and objections that a restore could still undo",
    ),
    rank=Rank.CARE, endpoint="staff.retention.runs",
)  # fmt: skip
def late_ledger_lines(member: StaffMember) -> Counted | None:
    """Return how many lines wait too long to lie outside of the database; None without the desk."""
    return count_waiting(late_lines()) if member.may(Permission.SEE_DESK) else None


@on_desk(
    Label(fr="Suppressions à approuver ou à regarder", en="Removals to approve or to look at"),
    rank=Rank.CARE, endpoint="staff.retention.runs",
)  # fmt: skip
def removals_to_look_at(member: StaffMember) -> Waiting | None:
    """Return how many classes wait, are late, or keep something long past its time; None without the desk."""
    if not member.may(Permission.SEE_DESK):
        return None
    since = [each.run.clock_at for each in report.reports() if each.run and (each.waits or each.needs_a_look)]
    return Waiting(len(since), min(since, default=None))


@blueprint.get("/retention")
@requires(staff(Permission.SEE_DESK))
def runs() -> str:
    """Every class: how long it is kept, what its last run did, what waits."""
    return render_template("retention/staff/runs.html", reports=report.reports(), mark=halted_mark())


@blueprint.get("/retention/<code>")
@requires(staff(Permission.SEE_DESK))
def runs_of_class(code: str) -> str:
    ending = _ending(code)
    return render_template(
        "retention/staff/runs_of_class.html", ending=ending, runs=report.runs_of(ending), kept=report.kept_in_words
    )


@blueprint.post("/retention/<code>")
@requires(staff(Permission.SEE_DESK))
def approve_removal(code: str) -> Response:
    ending = _ending(code)
    try:
        with transaction():
            due = approve_class(ending, f"staff:{current_user.public_id}")
    except NothingWaits:
        flash(_("Nothing waits here any more."), "info")
    else:
        text = ngettext("%(num)s thing goes with the next run.", "%(num)s things go with the next run.", due)
        flash(text, "success")
    return redirect(url_for(".runs_of_class", code=code), 303)


def _ending(code: str) -> Ending:
    try:
        return ending_of(code)
    except KeyError:
        abort(404)
