"""What is on hold, as the person reads it: what, since when, why, until when, and who used it all the same."""

from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user

from portal.access.declare import CUSTOMER, requires
from portal.infrastructure.database import transaction
from portal.lookups.access_log import category_label, team_label
from portal.personal_data.restrictions import lifting
from portal.personal_data.restrictions.lifting import NotAnnounced, NotStanding
from portal.personal_data.restrictions.models import Restriction
from portal.personal_data.restrictions.standing import find
from portal.personal_data.restrictions.wording import ground_label, scope_label, use_label
from portal.rights.customer_blueprint import blueprint
from portal.rights.restricting.forms import ReplyForm
from portal.rights.restricting.listing import restrictions_of, uses_of
from portal.web.incoming.rate_limits import count_try

REPLIES_A_DAY = "20 per day"


@blueprint.get("/data/on-hold")
@requires(CUSTOMER)
def on_hold() -> str:
    return _page(ReplyForm(formdata=None))


@blueprint.post("/data/on-hold/<public_id>/reply")
@requires(CUSTOMER)
def reply_to_notice(public_id: str) -> Any:
    """Take the reply to a notice: from then on nothing is lifted until an officer has looked at it."""
    _own(public_id)
    form = ReplyForm()
    if not form.validate():
        return _page(form, public_id), 422
    count_try([(REPLIES_A_DAY, f"restriction-reply:{current_user.customer_id}")])
    text, actor = form.reply.data, f"customer:{current_user.customer.public_id}"
    try:
        with transaction():
            lifting.halt(_own(public_id), text, actor)
        flash(_("Your data stay on hold until our data protection team has read your reply."), "success")
    except (NotStanding, NotAnnounced):
        flash(_("There is no notice to reply to any more."), "info")
    return redirect(url_for(".on_hold"), 303)


def _page(form: ReplyForm, replying_to: str | None = None) -> str:
    language, rows = get_locale(), restrictions_of(current_user.customer_id)
    since = min((row.since for row in rows), default=None)
    return render_template(
        "rights/customer/on_hold.html", rows=rows, form=form, replying_to=replying_to,
        uses=uses_of(current_user.customer_id, since) if since else [],
        why=lambda row: ground_label(row.ground_18, language),
        scope=lambda row: scope_label(row.categories, language),
        team_of=lambda entry: team_label(entry.team, language),
        what_of=lambda entry: category_label(entry.category, language),
        use_of=lambda entry: use_label(entry.use_reason, language),
    )  # fmt: skip


def _own(public_id: str) -> Restriction:
    found = find(public_id)
    return found if found is not None and found.customer_id == current_user.customer_id else abort(404)
