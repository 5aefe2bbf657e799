"""Correct values of a record, which begins a request, and withdraw one's own words beside a value."""

from typing import Any

from flask import abort, flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.access.declare import CUSTOMER, requires, to_fresh_proof
from portal.access.reauthentication import is_fresh
from portal.infrastructure.database import transaction
from portal.personal_data.corrections.statements import NoSuchStatement
from portal.personal_data.corrections.statements import withdraw_statement as end_statement
from portal.records.corrections.targets import Target, find_target, kind_of
from portal.rights.asked import Correct
from portal.rights.correcting.forms import CorrectionForm, form_of
from portal.rights.correcting.proof import proof_row
from portal.rights.customer_blueprint import blueprint
from portal.rights.filing.drafts import draft_of_intent, save_answers
from portal.rights.filing.progress import DraftStep, progress_of
from portal.rights.intents import Intent
from portal.rights.models import RequestDraft

Answer = str | tuple[str, int] | Response


@blueprint.route("/data/<category>/<path:record>/correct", methods=["GET", "POST"])
@requires(CUSTOMER)
def correct_values(category: str, record: str) -> Answer:
    """Ask for what some values of a record should be; `kind` and `field` say which."""
    kind = request.args.get("kind") or kind_of(current_user.customer_id, category, record)
    target = find_target(current_user.customer_id, kind, record)
    if target is None or target.category != category:
        abort(404)
    draft = _draft_about(target)
    only, typed = request.args.getlist("field"), list(draft.answers.get("changes", {})) if draft else []
    if only:
        only += typed  # what was typed before goes along
    if target.needs_fresh_proof(only or typed or target.fields) and not is_fresh():
        return to_fresh_proof()
    form = form_of(target, only, draft.answers if draft else {})
    if request.method == "GET":
        return _page(form)
    return _save(form) if form.validate() else (_page(form), 422)


def _draft_about(target: Target) -> RequestDraft | None:
    """Return the person's draft where it is about the same record: another one is begun anew."""
    draft = draft_of_intent(current_user.customer_id, Intent.CORRECT)
    asked = draft.asked if draft else None
    is_same = isinstance(asked, Correct) and asked.record == (target.kind, target.external_id)
    return draft if is_same else None


def _page(form: CorrectionForm) -> str:
    return render_template("rights/customer/correct.html", form=form, target=form.target, intent=Intent.CORRECT)


def _save(form: CorrectionForm) -> Response:
    with transaction():
        draft = save_answers(current_user.customer, Intent.CORRECT, form.answers(), is_complete=True)
        public_id, missing = draft.public_id, progress_of(draft, current_user, g.portal_session).missing
        proof = proof_row(draft)
    if missing is DraftStep.IDENTITY:
        return redirect(url_for("customer.identity_checks.choose", code=public_id), 303)
    if proof:
        return redirect(proof.url, 303)
    return redirect(url_for(".check", public_id=public_id), 303)


@blueprint.post("/data/<category>/statements/<public_id>/withdraw")
@requires(CUSTOMER)
def withdraw_statement(category: str, public_id: str) -> Any:
    try:
        with transaction():
            end_statement(current_user.customer, public_id)
    except NoSuchStatement:
        abort(404)
    flash(_("Your words are withdrawn: they no longer stand beside the value."), "success")
    return redirect(url_for("customer.records.category", category=category), 303)
