"""What staff are told of the counting of their looks, and the alerts that an officer looks into."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.access.declare import STAFF_UNINFORMED, requires, staff
from portal.access.next_page import next_page
from portal.access.permissions import Permission
from portal.infrastructure import installed
from portal.infrastructure.database import transaction
from portal.lookups.models import ReadingAlert
from portal.lookups.watching.alerts import AlertClosed, OwnAlert, alerts, close_alert, find_alert, may_close
from portal.lookups.watching.counting import COUNTS_KEPT, FLOOR, HISTORY, MOST_AN_HOUR
from portal.lookups.watching.forms import ClosingForm
from portal.lookups.watching.informing import confirm_notice
from portal.web.forms import form_page

blueprint = Blueprint("watching", __name__)

WATCH = staff(Permission.WATCH_READING)


@blueprint.get("/notice")
@requires(STAFF_UNINFORMED)
def notice() -> str:
    """Tell the member what is counted, what for, how long it is kept and who sees it."""
    return render_template(
        "lookups/staff/notice.html", most=MOST_AN_HOUR, floor=FLOOR, days_before=HISTORY.days, kept=COUNTS_KEPT.days,
        log_kept=installed.organisation().retention.access_log.text(str(get_locale())), next=next_page(""),
    )  # fmt: skip


@blueprint.post("/notice")
@requires(STAFF_UNINFORMED)
def confirm() -> Response:
    with transaction():
        confirm_notice(current_user)
    return redirect(next_page(url_for("staff.staff.home")), 303)


@blueprint.get("/reading")
@requires(WATCH)
def reading() -> str:
    return render_template("lookups/staff/reading.html", alerts=alerts())


@blueprint.route("/reading/<public_id>", methods=["GET", "POST"])
@requires(WATCH)
def reading_alert(public_id: str) -> Any:
    found, form = find_alert(public_id) or abort(404), ClosingForm()
    if not form.validate_on_submit():
        return _alert_page(found, form)
    try:
        with transaction():
            close_alert(public_id, current_user, form.words.data)
    except (AlertClosed, OwnAlert):
        abort(409)
    flash(_("Closed, with your words."), "success")
    return redirect(url_for(".reading"), 303)


def _alert_page(found: ReadingAlert, form: ClosingForm) -> tuple[str, int]:
    is_open = found.closed_at is None
    return form_page(
        "lookups/staff/reading_alert.html", form, alert=found, may_close=is_open and may_close(current_user, found)
    )
