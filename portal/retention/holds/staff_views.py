"""An officer places legal holds, looks at them again, and proposes to lift one, which another officer seconds."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.bilingual import Label
from portal.infrastructure.database import transaction
from portal.lookups.opening import NotOpened, named_customer
from portal.personal_data.holds.grounds import HoldGround
from portal.personal_data.holds.models import LegalHold
from portal.personal_data.holds.placing import ErasureUnderWay, Held, find_hold, find_standing, place_hold, review_hold
from portal.retention.holds.forms import LiftForm, PlaceForm, ReviewForm
from portal.retention.holds.lifting import open_lifting, propose_lifting
from portal.retention.holds.listing import (
    due_for_review,
    is_overdue,
    name_of,
    reference_of,
    scope_in_words,
    standing_holds,
)
from portal.staff.desk.lines import Counted, Rank, count_waiting, on_desk
from portal.staff.models import StaffMember
from portal.web.forms import form_page

blueprint = Blueprint("holds", __name__)

PLACE = staff(Permission.PLACE_HOLD)


@on_desk(
    Label(
        fr="Conservations forcées à revoir sous 30 jours, ou en retard",
        en="Legal holds to be reviewed within 30 days, or late",
    ),
    rank=Rank.CARE, endpoint="staff.holds.holds",
)  # fmt: skip
def holds_to_review(member: StaffMember) -> Counted | None:
    """Return how many holds are to be looked at again; None for who places no holds."""
    return count_waiting(due_for_review()) if member.may(Permission.PLACE_HOLD) else None


@blueprint.get("/holds")
@requires(PLACE)
def holds() -> str:
    return render_template("retention/staff/holds.html", holds=standing_holds(), is_overdue=is_overdue, kept=_kept)


@blueprint.route("/holds/new", methods=["GET", "POST"])
@requires(PLACE)
def new_hold() -> Any:
    form = PlaceForm()
    form.offer()
    if form.validate_on_submit():
        public_id = _place(form)
        if public_id:
            flash(_("From now on nothing that the hold names goes by its age."), "success")
            return redirect(url_for(".hold", public_id=public_id), 303)
    return form_page("retention/staff/new_hold.html", form)


def _place(form: PlaceForm) -> str | None:
    """Place the hold of the form and return its id; else note on the form whom it does not name, or why it is late."""
    try:
        with transaction():
            named = named_customer(current_user, form.identifier.data)
            if not isinstance(named, NotOpened):
                placed = place_hold(
                    named, Held(category=form.category.data or None), HoldGround(form.ground.data), form.words.data,
                    review_on=form.review_on.data, is_secret=form.is_secret.data, actor=_actor(),
                )  # fmt: skip
                return placed.public_id
    except ErasureUnderWay:
        form.say_that_an_erasure_has_begun()
        return None
    form.say_why_not(named)
    return None


@blueprint.get("/holds/<public_id>")
@requires(PLACE)
def hold(public_id: str) -> Any:
    return _page(find_hold(public_id) or abort(404), ReviewForm(), LiftForm())


@blueprint.post("/holds/<public_id>/review")
@requires(PLACE)
def review(public_id: str) -> Any:
    found, form = find_standing(public_id), ReviewForm()
    if found is None:
        return _lifted_already(public_id)
    if not form.validate_on_submit():
        return _page(found, form, LiftForm(formdata=None)), 422
    with transaction():
        review_hold(public_id, form.review_on.data, _actor())
    flash(_("The review is noted."), "success")
    return redirect(url_for(".hold", public_id=public_id), 303)


@blueprint.post("/holds/<public_id>/lift")
@requires(PLACE)
def lift(public_id: str) -> Any:
    found, form = find_standing(public_id), LiftForm()
    if found is None:
        return _lifted_already(public_id)
    if not form.validate_on_submit():
        return _page(found, ReviewForm(formdata=None), form), 422
    with transaction():
        approval = propose_lifting(found, form.reason.data, current_user).public_id
    return _to_approval(approval)


def _to_approval(public_id: str) -> Response:
    return redirect(url_for("staff.staff.approval", public_id=public_id), 303)


def _page(found: LegalHold, review_form: ReviewForm, lift_form: LiftForm) -> str:
    form = lift_form if lift_form.errors else review_form
    return render_template(
        "retention/staff/hold.html", hold=found, form=form, review_form=review_form, lift_form=lift_form,
        proposal=open_lifting(found), is_late=found.ended_at is None and is_overdue(found.review_on), kept=_kept(found),
        reference=reference_of(found), name_of=name_of,
    )  # fmt: skip


def _kept(each: LegalHold) -> str:
    return scope_in_words((each.category, each.kind, each.external_id), str(get_locale()))


def _lifted_already(public_id: str) -> Response:
    """Lead to the page of a hold that a colleague lifted meanwhile; it leads nowhere where there is none."""
    flash(_("This hold is lifted already."), "info")
    return redirect(url_for(".hold", public_id=public_id), 303)


def _actor() -> str:
    return f"staff:{current_user.public_id}"
