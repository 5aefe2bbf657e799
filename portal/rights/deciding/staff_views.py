"""The acts by which a case is decided: decision, second opinion, question, extension, copy, note."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.infrastructure.database import transaction
from portal.legal_time.deadlines import ExtensionTooLate
from portal.personal_data.erasure.scheduling import Stopped
from portal.rights.carrying_out import answering
from portal.rights.clock.running import AlreadyExtended
from portal.rights.deciding import correspondence, decisions
from portal.rights.deciding.case_staff_views import acted, find_case, refused
from portal.rights.deciding.forms import (
    CaseForm,
    DecisionForm,
    ExtensionForm,
    NoteForm,
    QuestionForm,
    SecondOpinionForm,
)
from portal.rights.erasing.stops import stop_in_words
from portal.rights.items import reopening
from portal.rights.items.deciding import grounds_of_whole
from portal.rights.items.making import items_of
from portal.rights.lifecycle import ExtensionReason
from portal.rights.queue.claims import take_most_urgent
from portal.rights.staff_blueprint import blueprint


@blueprint.post("/requests/<reference>/decision")
@requires(staff(Permission.DECIDE_REQUEST))
def decide(reference: str) -> Any:
    form = DecisionForm()
    found = find_case(reference)
    form.offer_grounds(grounds_of_whole(items_of(found.id), found.right), may_refuse=not found.asked.concerns_marketing)
    if not form.validate():
        _say_the_rest(reference, form)
        return refused(reference, decision_form=form)
    try:
        with transaction():
            decisions.decide(find_case(reference), current_user, form.draft, form.seen_version)
    except decisions.PlanChanged:
        with transaction():
            decisions.catch_up(find_case(reference))
        raise
    except decisions.NotReady as fault:
        form.say(fault)
        return refused(reference, decision_form=form)
    flash(_("Your decision is recorded."), "success")
    return _to_next() if request.form.get("then") == "next" else acted(reference)


def _say_the_rest(reference: str, form: DecisionForm) -> None:
    """Say what else keeps a decision from leaving, as far as its form can be read: all errors at once."""
    if not form.way.errors and not form.ground.errors and not form.until_on.errors:
        try:
            decisions.check_draft(find_case(reference), form.draft)
        except decisions.NotReady as fault:
            form.say(fault)


def _to_next() -> Response:
    with transaction():
        taken = take_most_urgent(current_user)
        reference = taken.reference if taken else None
    return acted(reference) if reference else redirect(url_for(".queue"), 303)


@blueprint.post("/requests/<reference>/second-opinion")
@requires(staff(Permission.GIVE_SECOND_OPINION))
def second_opinion(reference: str) -> Any:
    form = SecondOpinionForm()
    if not form.validate():
        return refused(reference, second_form=form)
    try:
        with transaction():
            decisions.second(find_case(reference), current_user, form.opinion, form.text.data, form.seen_version)
    except decisions.PlanChanged:
        with transaction():
            decisions.back_to_review(find_case(reference))
        raise
    except decisions.SamePerson:
        form.agrees.errors = [_("The second opinion must come from somebody else.")]
    except decisions.OfficerNeeded:
        form.agrees.errors = [_("On this ground the privacy officer must give the second opinion.")]
    except Stopped as stopped:
        names = ", ".join(stop_in_words(stop, get_locale()) for stop in stopped.stops)
        form.agrees.errors = [_("This must end before the erasure: %(names)s.", names=names)]
    except decisions.TooNew:
        form.agrees.errors = [
            _("Your way in or your role is new: for 48 hours, colleagues who were here before decide.")
        ]
    else:
        return acted(reference, _("Your opinion is recorded."))
    return refused(reference, second_form=form)


@blueprint.post("/requests/<reference>/question")
@requires(staff(Permission.DECIDE_REQUEST))
def ask(reference: str) -> Any:
    form = QuestionForm(prefix="question")
    if not form.validate():
        return refused(reference, question_form=form)
    with transaction():
        correspondence.ask_clarification(find_case(reference), current_user, form.text.data, form.seen_version)
    return acted(reference, _("Your question is sent."))


@blueprint.post("/requests/<reference>/extension")
@requires(staff(Permission.DECIDE_REQUEST))
def extend(reference: str) -> Any:
    form = ExtensionForm(prefix="extension")
    if not form.validate():
        return refused(reference, extension_form=form)
    reason, facts = ExtensionReason(form.reason.data), form.text.data
    try:
        with transaction():
            correspondence.extend(find_case(reference), current_user, reason, facts, form.seen_version)
    except AlreadyExtended:
        form.reason.errors = [_("The period was extended once; it cannot be again.")]
    except ExtensionTooLate:
        form.reason.errors = [_("It is too late: the customer had to be told within the first month.")]
    else:
        return acted(reference, _("Two more months are taken, and the customer is told why."))
    return refused(reference, extension_form=form)


@blueprint.post("/requests/<reference>/copy")
@requires(staff(Permission.DECIDE_REQUEST))
def prepare_again(reference: str) -> Response:
    with transaction():
        answering.prepare_again(find_case(reference), current_user)
    return acted(reference, _("The copy is being made again."))


@blueprint.get("/requests/reopened")
@requires(staff(Permission.SEE_DESK))
def reopened() -> str:
    """The erasures that an earlier version closed as granted and never carried out."""
    return render_template("rights/staff/reopened.html", cases=reopening.waiting_for_officer())


@blueprint.post("/requests/<reference>/reopening")
@requires(staff(Permission.SECOND_PROVEN_GROUND))
def confirm_reopening(reference: str) -> Response:
    form = CaseForm()
    with transaction():
        reopening.confirm(find_case(reference), current_user, form.seen_version)
    return acted(reference, _("The case is open again. Its letter will say what happened."))


@blueprint.post("/requests/<reference>/note")
@requires(staff(Permission.SEE_REQUEST))
def note(reference: str) -> Any:
    form = NoteForm(prefix="note")
    if not form.validate():
        return refused(reference, note_form=form)
    with transaction():
        correspondence.add_note(find_case(reference), current_user, form.text.data)
    return acted(reference, _("The note is kept."))
