"""The page of one case, and what the views of every act on it share: find the case, answer after the act."""

from collections.abc import Callable
from typing import Any, NoReturn

from flask import abort, flash, make_response, redirect, render_template, request, session, url_for
from flask_babel import get_locale
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.exports.delivery import package_of_request
from portal.identity_checks.documents.viewing import current_look
from portal.identity_checks.queries import pending_check
from portal.infrastructure.database import transaction
from portal.lookups.access_log import CASE_WORK, LOOK_REASONS, PROOF_REASONS, REQUEST
from portal.lookups.drawing import Look, draw_customer_page
from portal.rights.acting import find_request
from portal.rights.clock.running import days_left
from portal.rights.deciding.case_acts import acts_on
from portal.rights.deciding.case_facts import ItemsMissing, case_facts
from portal.rights.deciding.decisions import latest_decision
from portal.rights.deciding.forms import DecisionForm, ExtensionForm, NoteForm, QuestionForm, SecondOpinionForm
from portal.rights.erasing.preview import case_preview
from portal.rights.erasing.standing import begins_at, erasure_of, waits_for_copy
from portal.rights.following.destroyed import destroyed_file, say_destroyed
from portal.rights.following.ends_told import ends_of
from portal.rights.following.history import full_history
from portal.rights.identity.forms import DoubtForm, IdentityForm, LookForm, ProofLookForm
from portal.rights.identity.lifting_forms import CallBackForm, LetterAnswerForm, PostedForm, ReachForm, ReasonForm
from portal.rights.identity.screen import ladder_of
from portal.rights.items.making import make_items
from portal.rights.lifecycle import CaseMoved
from portal.rights.models import RightsRequest
from portal.rights.queue.claims import HeldByAnother, OwnCase, check_not_own
from portal.rights.queue.listing import other_requests
from portal.rights.staff_blueprint import blueprint
from portal.web.forms import PortalForm

SHOWN_OF_HISTORY = 5
_TEXTS = (
    "message", "text", "words", "evidence", "reason", "number", "interest", "necessity", "grounds", "safeguards",
    "summary",
)  # fmt: skip


@blueprint.get("/requests/<reference>")
@requires(staff(Permission.SEE_REQUEST))
def case(reference: str) -> str | Response:
    found = find_case(reference)
    if found.reference != reference:
        return redirect(url_for(".case", reference=found.reference), 303)
    return _case_page(reference)


def find_case(reference: str) -> RightsRequest:
    """Return a case, or answer 404, and 410 once it is destroyed. For one of the member's own, answer 403 to all."""
    found = find_request(reference)
    if found is None:
        _gone(reference)
    try:
        check_not_own(found, current_user)
    except OwnCase:
        abort(403)
    return found


def _gone(reference: str) -> NoReturn:
    file = destroyed_file(reference)
    if file is None:
        abort(404)
    said = say_destroyed(file, str(get_locale()))
    abort(make_response(render_template("rights/staff/papers/destroyed.html", file=file, said=said), 410))


def refused(reference: str, **forms: PortalForm) -> tuple[str, int]:
    """Return the page of a case (422) with a refused form, as it was sent and with the faults beside its fields."""
    return _case_page(reference, **forms), 422


def acted(reference: str, message: str = "") -> Response:
    """Redirect to the case after an act, with a message on what was done."""
    if message:
        flash(message, "success")
    return redirect(url_for(".case", reference=reference), 303)


@blueprint.errorhandler(CaseMoved)
def moved(error: CaseMoved) -> Any:
    """Answer an act that was not done because the case changed: say what changed, and give back what was typed."""
    if isinstance(error, HeldByAnother):
        return render_template("rights/staff/held.html", held=error, kept=_typed()), 409
    return _draw("rights/staff/moved.html", (request.view_args or {})["reference"], _what_moved), 409


def _what_moved(found: RightsRequest) -> dict[str, Any]:
    return {"case": found, "history": full_history(found.id)[-SHOWN_OF_HISTORY:], "kept": _typed()}


def _typed() -> list[str]:
    """Return the texts of a form whose act was not done, so that nobody has to write them again."""
    return [text for name, text in request.form.items() if name.endswith(_TEXTS) if text]


def _case_page(reference: str, **forms: PortalForm) -> str:
    try:
        return _draw("rights/staff/case.html", reference, lambda found: _what_the_case_shows(found, forms))
    except ItemsMissing:
        with transaction():
            make_items(find_case(reference))
    return _draw("rights/staff/case.html", reference, lambda found: _what_the_case_shows(found, forms))


def _draw(template: str, reference: str, read: Callable[[RightsRequest], dict[str, Any]]) -> str:
    found = find_case(reference)
    look = Look(found.customer_id, REQUEST, CASE_WORK, found.reference)
    return draw_customer_page(template, current_user, [look], lambda: read(find_case(reference)))


def _what_the_case_shows(found: RightsRequest, forms: dict[str, PortalForm]) -> dict[str, Any]:
    decision, package, erasure = latest_decision(found.id), package_of_request(found.id), erasure_of(found.id)
    facts = case_facts(found, decision, str(get_locale()))
    look = current_look(session, current_user, pending_check(found.id))
    proof_look = current_look(session, current_user, pending_check(found.id, of_value=True)) if facts.proof else None
    shown = _blank_forms(found) | forms
    shown["identity_form"].offer(facts.points, facts.reject_reasons)
    shown["decision_form"].offer_grounds(facts.grounds, may_refuse=not found.asked.concerns_marketing)
    ladder = ladder_of(found, current_user, str(get_locale()))
    shown["call_form"].offer(ladder.numbers)
    shown["letter_form"].offer(ladder.addresses)
    return shown | {
        "case": found,
        "facts": facts,
        "acts": acts_on(
            found,
            current_user,
            facts,
            look=look,
            proof_look=proof_look,
            decision=decision,
            package=package,
            erasure=erasure,
        ),
        "erasure": erasure,
        "erasure_waits_for_copy": erasure is not None and waits_for_copy(erasure),
        "erasure_begins_at": begins_at(erasure) if erasure else None,
        "erasure_preview": case_preview(found, str(get_locale())),
        "history": full_history(found.id),
        "days": days_left(found),
        "others": other_requests(found),
        "ladder": ladder,
        "channel": found.channel.label(get_locale()),
        "decision": decision,
        "ends": ends_of(found, str(get_locale())),
        "now": clock.now(),
        "form": next((form for form in forms.values() if form.errors), None) or PortalForm(),
    }


def _blank_forms(found: RightsRequest) -> dict[str, Any]:
    version = {"version": str(found.version)}
    return {
        "look_form": LookForm(data={"reason": LOOK_REASONS[0]}, formdata=None, prefix="look"),
        "proof_form": ProofLookForm(data={"reason": PROOF_REASONS[0]}, formdata=None, prefix="proof"),
        "identity_form": IdentityForm(data=version, formdata=None),
        "decision_form": DecisionForm(data=version, formdata=None),
        "second_form": SecondOpinionForm(data=version, formdata=None),
        "question_form": QuestionForm(data=version, formdata=None, prefix="question"),
        "doubt_form": DoubtForm(data=version, formdata=None, prefix="doubt"),
        "call_form": CallBackForm(data=version, formdata=None, prefix="call"),
        "letter_form": ReachForm(data=version, formdata=None, prefix="letter"),
        "posted_form": PostedForm(data=version, formdata=None, prefix="posted"),
        "answer_form": LetterAnswerForm(data=version, formdata=None, prefix="answer"),
        "reason_form": ReasonForm(data=version, formdata=None, prefix="written"),
        "extension_form": ExtensionForm(data=version, formdata=None, prefix="extension"),
        "note_form": NoteForm(data=version, formdata=None, prefix="note"),
    }
