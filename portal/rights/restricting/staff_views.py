"""The officer's pages of restrictions: what stands, who was not told, and how one is lifted or kept."""

from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.bilingual import Label
from portal.customers.models import Customer
from portal.infrastructure.database import db, transaction
from portal.lookups.access_log import CASE_WORK, REQUEST, SUMMARY
from portal.lookups.drawing import Look, draw_customer_page
from portal.lookups.opening import is_own_file
from portal.personal_data.restrictions import lifting as notices
from portal.personal_data.restrictions.lifting import Halted, NotAnnounced, NotStanding, TooSoon
from portal.personal_data.restrictions.models import Restriction
from portal.personal_data.restrictions.wording import ground_label, scope_label
from portal.rights.restricting import letters, lifting
from portal.rights.restricting.forms import ReplyForm
from portal.rights.restricting.listing import Listed, find_listed, standing_restrictions, waiting_since
from portal.rights.staff_blueprint import blueprint
from portal.staff.desk.lines import Counted, Rank, count_waiting, on_desk
from portal.staff.models import StaffMember

LIFT = staff(Permission.LIFT_RESTRICTION)


@on_desk(
    Label(
        fr="Limitations : personnes à prévenir, réponses à lire, préavis terminés",
        en="Restrictions: people to tell, replies to read, notices that are over",
    ),
    rank=Rank.PERSON, endpoint="staff.rights.restrictions",
)  # fmt: skip
def restrictions_waiting(member: StaffMember) -> Counted | None:
    """Return how many restrictions wait for an officer; None for who lifts none."""
    return count_waiting(waiting_since()) if member.may(Permission.LIFT_RESTRICTION) else None


@blueprint.get("/restrictions")
@requires(LIFT)
def restrictions() -> str:
    return render_template("rights/staff/restrictions/list.html", listed=standing_restrictions(), **_words())


@blueprint.get("/restrictions/<public_id>")
@requires(LIFT)
def restriction(public_id: str) -> Any:
    return _page(public_id, ReplyForm(formdata=None))


@blueprint.get("/restrictions/<public_id>/letter")
@requires(LIFT)
def restriction_letter(public_id: str) -> Any:
    """The letter that comes next, to print, for somebody without an e-mail address."""
    found = _found(public_id)
    look = Look(found.row.customer_id, SUMMARY, CASE_WORK, found.request)
    template = "rights/staff/papers/restriction_letter.html"
    return draw_customer_page(template, current_user, [look], lambda: _letter(found))


@blueprint.post("/restrictions/<public_id>/told")
@requires(LIFT)
def tell_of_restriction(public_id: str) -> Any:
    return _act(public_id, lambda row: lifting.tell(row, current_user), _("It is noted that the person was told."))


@blueprint.post("/restrictions/<public_id>/announce")
@requires(LIFT)
def announce_lift(public_id: str) -> Any:
    return _act(public_id, lambda row: lifting.announce(row, current_user), _("The notice is on its way."))


@blueprint.post("/restrictions/<public_id>/reply")
@requires(LIFT)
def note_reply(public_id: str) -> Any:
    form = ReplyForm()
    if not form.validate_on_submit():
        return _page(public_id, form), 422
    text = form.reply.data
    return _act(public_id, lambda row: notices.halt(row, text, _actor()), _("The reply is noted: nothing is lifted."))


@blueprint.post("/restrictions/<public_id>/keep")
@requires(LIFT)
def keep_restriction(public_id: str) -> Any:
    return _act(public_id, lambda row: notices.keep_on(row, _actor()), _("The data stay on hold."))


@blueprint.post("/restrictions/<public_id>/lift")
@requires(LIFT)
def lift_restriction(public_id: str) -> Any:
    # The page shows the reply above the button: whoever presses it has looked.
    return _act(
        public_id,
        lambda row: lifting.lift(row, actor=_actor(), by=current_user.id, has_looked=True),
        _("Lifted. Each choice is again what the person last said."),
    )


def _act(public_id: str, act: Callable[[Restriction], object], done: str) -> Response:
    """Do something about a restriction, and say so; or why not, where somebody was faster."""
    _found(public_id)
    try:
        with transaction():
            act(_found(public_id).row)
        flash(done, "success")
    except NotStanding:
        flash(_("It was lifted already."), "info")
    except lifting.NotTold:
        flash(_("Tell the person first that their data are on hold."), "info")
    except NotAnnounced:
        flash(_("No notice stands: announce the lift first."), "info")
    except (TooSoon, Halted):
        flash(_("The seven days of the notice are not over."), "info")
    return redirect(url_for(".restriction", public_id=public_id), 303)


def _page(public_id: str, form: ReplyForm) -> str:
    found = _found(public_id)
    look = Look(found.row.customer_id, REQUEST, CASE_WORK, found.request)
    template = "rights/staff/restrictions/restriction.html"
    return draw_customer_page(template, current_user, [look], lambda: _shown(_found(public_id), form))


def _shown(found: Listed, form: ReplyForm) -> dict[str, Any]:
    lifts_on = found.row.lifts_on
    is_over = lifts_on is not None and lifts_on <= clock.now()
    return {"listed": found, "row": found.row, "form": form, "is_over": is_over} | _words()


def _letter(found: Listed) -> dict[str, Any]:
    customer = db.session.get_one(Customer, found.row.customer_id)
    place = letters.place_of(customer)
    return {
        "listed": found,
        "language": customer.language,
        "today": clock.now(),
        "address": [customer.full_name, *(place.words.splitlines() if place else ())],
        "has_place": place is not None,
        "paragraphs": letters.paragraphs(found.row, customer.language),
    }


def _words() -> dict[str, Any]:
    language = get_locale()
    return {
        "why": lambda row: ground_label(row.ground_18, language),
        "scope": lambda row: scope_label(row.categories, language),
    }


def _found(public_id: str) -> Listed:
    """Return a restriction, or answer 404; 403 where the member is the person whose data it is about."""
    found = find_listed(public_id) or abort(404)
    return abort(403) if is_own_file(current_user, db.session.get_one(Customer, found.row.customer_id)) else found


def _actor() -> str:
    return f"staff:{current_user.public_id}"
