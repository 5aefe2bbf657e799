"""The marketing page, exports for people, and switching off at a customer's request."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as AnyResponse

from portal import clock
from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.infrastructure.database import db, transaction
from portal.lookups.drawing import Look, draw_customer_page
from portal.lookups.models import CustomerLookup
from portal.lookups.opening import (
    MOST_LOOKUPS,
    LookupOver,
    NotOpened,
    OwnFile,
    check_named,
    find_lookup,
    look_under,
    open_named,
)
from portal.lookups.whole_base import log_whole_base
from portal.personal_data.categories import Category
from portal.personal_data.restrictions.door import Locked, Reader
from portal.preferences.base_exports import may_export_until, open_proposal, propose_export
from portal.preferences.choices.choosing import standings
from portal.preferences.choices.states import read_state
from portal.preferences.choices.switching_off import switch_off
from portal.preferences.feed import whole_base
from portal.preferences.forms import FindForm, SwitchOffForm
from portal.preferences.purposes import FLAGS, Channel, Topic
from portal.preferences.queries import origin_label, totals
from portal.staff.approvals.forms import ProposalForm
from portal.staff.approvals.kinds import kinds
from portal.web.incoming.rate_limits import count_try
from portal.web.typed_forms.stale import is_stale

blueprint = Blueprint("preferences", __name__)

SEE, SWITCH_OFF = staff(Permission.SEE_MARKETING), staff(Permission.SWITCH_OFF_PREFERENCE)
EXPORT = staff(Permission.SEE_MARKETING, needs_fresh=True)
EXPORTED = declare("staff:preferences:exported", "format", "customers")


@blueprint.route("/marketing", methods=["GET", "POST"])
@requires(SEE)
def marketing() -> Any:
    form = FindForm()
    lookup_id = _open(form) if form.is_submitted() else None
    if lookup_id:
        return redirect(url_for(".customer_choices", public_id=lookup_id), 303)
    return _marketing_page(form, ProposalForm(formdata=None, prefix="export-")), 422 if form.errors else 200


def _marketing_page(form: FindForm, export_form: ProposalForm) -> str:
    return render_template(
        "preferences/staff/marketing.html", form=form, export_form=export_form, totals=totals(), grid=_grid(),
        may_export_until=may_export_until(current_user), waiting=open_proposal(current_user), kinds=kinds(),
    )  # fmt: skip


@blueprint.get("/marketing/customers/<public_id>")
@requires(SEE)
def customer_choices(public_id: str) -> Any:
    lookup, look = _find(public_id)
    return draw_customer_page(
        "preferences/staff/customer_choices.html", current_user, [look], lambda: _facts(lookup) | {"grid": _grid()}
    )


@blueprint.post("/marketing/exports")
@requires(EXPORT)
def propose_base_export() -> Any:
    form = ProposalForm(prefix="export-")
    if not form.validate():
        return _marketing_page(FindForm(formdata=None), form), 422
    with transaction():
        public_id = propose_export(current_user, form.reason.data).public_id
    return redirect(url_for("staff.staff.approval", public_id=public_id), 303)


@blueprint.get("/marketing/preferences.csv")
@requires(SEE)
def csv() -> AnyResponse:
    return _export("csv", "text/csv", whole_base.csv(db.engine, for_people=True)[1])


@blueprint.get("/marketing/preferences.ndjson")
@requires(SEE)
def ndjson() -> AnyResponse:
    return _export("ndjson", "application/x-ndjson", whole_base.ndjson(db.engine)[1])


@blueprint.route("/customers/<public_id>/preferences", methods=["GET", "POST"])
@requires(SWITCH_OFF)
def switch_off_preferences(public_id: str) -> Any:
    lookup, look = _find(public_id)
    form = _switch_off_form(lookup)
    if not form.validate_on_submit():
        page = draw_customer_page(
            "preferences/staff/switch_off.html", current_user, [look], lambda: _facts(lookup) | {"form": form}
        )
        return page, 422 if form.is_submitted() else 200
    with transaction():
        lookup, _look = _find(public_id)
        switched = switch_off(
            current_user, lookup.customer, form.flags.data or [], how=form.how.data,
            is_objection=form.is_objection.data,
        )  # fmt: skip
    _say(len(switched))
    return redirect(url_for(".switch_off_preferences", public_id=public_id), 303)


def _switch_off_form(lookup: CustomerLookup) -> SwitchOffForm:
    now = standings(read_state(lookup.customer_id), has_signal=False)
    return SwitchOffForm([code for code, standing in now.items() if standing.given and not standing.is_childs])


def _open(form: FindForm) -> str | None:
    """Open the customer that the form names and return the lookup's id; else note on the form all that is wrong."""
    is_valid = form.validate()
    if form.identifier.errors or is_stale():
        return None
    count_try([(MOST_LOOKUPS, f"staff-lookup:{current_user.id}")])
    named = form.identifier.data
    with transaction():
        opened: CustomerLookup | NotOpened | None
        if is_valid:
            opened = open_named(
                current_user, named, form.reason.data, shows=Category.MARKETING, use_reason=form.because
            )
        else:
            opened = check_named(current_user, named, shows=Category.MARKETING, use_reason=form.because)
        if isinstance(opened, CustomerLookup):
            return opened.public_id
    form.say_why_not(opened)
    return None


def _find(public_id: str) -> tuple[CustomerLookup, Look]:
    lookup = find_lookup(current_user, public_id) or abort(404)
    try:
        return lookup, look_under(lookup, current_user, Category.MARKETING, Reader.MARKETING)
    except OwnFile:
        abort(403)


def _facts(lookup: CustomerLookup) -> dict[str, Any]:
    state = read_state(lookup.customer_id)
    return {
        "origin_label": origin_label,
        "lookup_id": lookup.public_id,
        "reference": lookup.customer.reference,
        "expires_at": lookup.expires_at,
        "reason": lookup.reason,
        "standings": standings(state, has_signal=False),
        "flags": dict(state.flags) if state else {},
        "suppressed_for": state.reason if state else None,
        "sequence": state.sequence if state else None,
        "updated_at": state.updated_at if state else None,
    }


def _grid() -> dict[str, Any]:
    """Return the flags as a page lays them out: topics by channels, and the rest."""
    language = get_locale()
    return {
        "topics": list(Topic),
        "channels": list(Channel),
        "channel_labels": [channel.label(language) for channel in Channel],
        "others": [flag for flag in FLAGS.values() if flag.topic is None],
    }


@blueprint.errorhandler(Locked)
def ask_why(_locked: Locked) -> AnyResponse:
    """Answer whoever comes to choices that are on hold with the form that asks for one of the four reasons."""
    flash(_("These data are on hold. Choose one of the four reasons, or leave them alone."), "info")
    return redirect(_asking_page(), 303)


@blueprint.errorhandler(LookupOver)
def ask_again(_over: LookupOver) -> AnyResponse:
    """Answer whoever comes after the half hour with the form that asks for a reason."""
    flash(_("The half hour for this file has passed. Say again why you open it."), "info")
    return redirect(_asking_page(), 303)


def _asking_page() -> str:
    may_see = current_user.may(Permission.SEE_MARKETING)
    return url_for(".marketing") if may_see else url_for("staff.lookups.customers")


def _say(switched: int) -> None:
    if switched:
        flash(_("Switched off. It applies at once, and the customer is told by e-mail."), "success")
    else:
        flash(_("All of it was off already. Nothing was changed."), "info")


def _export(kind: str, mimetype: str, content: Iterator[bytes]) -> AnyResponse:
    if may_export_until(current_user) is None:
        flash(_("A file of all customers takes a second person. Say below why you need it."), "info")
        return redirect(url_for(".marketing"), 303)
    count_try([("30 per hour", f"staff-export:{current_user.id}")])
    with transaction():
        record(
            EXPORTED,
            actor=f"staff:{current_user.public_id}",
            subject="portal",
            format=kind,
            customers=totals().customers,
        )
        log_whole_base(current_user, Category.MARKETING)
    response = Response(content, mimetype=mimetype)
    name = f"preferences-{date.isoformat(clock.today())}.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
