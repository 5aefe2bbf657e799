"""How staff lift a doubt about who asks: call back, send a registered letter, propose a written reason."""

from typing import Any

from flask import redirect, url_for
from flask_babel import gettext as _
from flask_login import current_user

from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.identity_checks.proof.places import addresses_of, numbers_of
from portal.infrastructure.database import transaction
from portal.letters.models import Dispatch, DispatchState
from portal.letters.sealing import address_of
from portal.lookups.access_log import CASE_WORK, REQUEST
from portal.lookups.drawing import Look, draw_customer_page
from portal.rights import acting
from portal.rights.deciding.case_staff_views import acted, find_case, refused
from portal.rights.identity import posting
from portal.rights.identity.lifting import CallResult, call_back
from portal.rights.identity.lifting_forms import CallBackForm, LetterAnswerForm, PostedForm, ReachForm, ReasonForm
from portal.rights.identity.reasons import propose_reason
from portal.rights.models import RightsRequest
from portal.rights.staff_blueprint import blueprint
from portal.web.incoming.rate_limits import count_try


@blueprint.post("/requests/<reference>/call-back")
@requires(staff(Permission.CHECK_IDENTITY))
def call(reference: str) -> Any:
    found, form = find_case(reference), CallBackForm(prefix="call")
    form.offer(numbers_of(found.customer, found.received_at))
    if not form.validate():
        return refused(reference, call_form=form)
    result = CallResult(form.result.data)
    with transaction():
        call_back(find_case(reference), current_user, form.chosen, result, version=form.seen_version)
    return acted(reference, _said_of(result))


def _said_of(result: CallResult) -> str:
    match result:
        case CallResult.CONFIRMED:
            return _("The call is recorded, and lifts the doubts that a call can lift.")
        case CallResult.MISSED:
            return _("The call is recorded. It lifts nothing.")
        case CallResult.DENIED:
            return _("The call is recorded. The doubts remain.")


@blueprint.post("/requests/<reference>/letter")
@requires(staff(Permission.CHECK_IDENTITY))
def prepare_letter(reference: str) -> Any:
    found, form = find_case(reference), ReachForm(prefix="letter")
    form.offer(addresses_of(found.customer, found.received_at))
    if not form.validate():
        return refused(reference, letter_form=form)
    with transaction():
        posting.prepare(find_case(reference), current_user, form.chosen, version=form.seen_version)
    return redirect(url_for(".identity_letter", reference=reference), 303)


@blueprint.get("/requests/<reference>/letter")
@requires(staff(Permission.CHECK_IDENTITY))
def identity_letter(reference: str) -> Any:
    """The letter to print, with its code: until it is posted, and for nobody afterwards."""
    found = find_case(reference)
    letter = posting.open_letter(found)
    if letter is None or letter.state is not DispatchState.QUEUED:
        return acted(reference)
    look = Look(found.customer_id, REQUEST, CASE_WORK, found.reference)
    template = "rights/staff/papers/identity_letter.html"
    return draw_customer_page(template, current_user, [look], lambda: _shown(letter, found))


def _shown(letter: Dispatch, found: RightsRequest) -> dict[str, Any]:
    return {
        "case": found,
        "letter": letter,
        "address": address_of(letter).splitlines(),
        "paragraphs": posting.text_of(letter, found),
    }


@blueprint.post("/requests/<reference>/letter/posted")
@requires(staff(Permission.CHECK_IDENTITY))
def letter_posted(reference: str) -> Any:
    form = PostedForm(prefix="posted")
    if not form.validate():
        return refused(reference, posted_form=form)
    with transaction():
        posting.post(find_case(reference), current_user, form.number.data, version=form.seen_version)
    return acted(reference, _("The letter is noted as posted."))


@blueprint.post("/requests/<reference>/letter/answer")
@requires(staff(Permission.CHECK_IDENTITY))
def letter_answer(reference: str) -> Any:
    form = LetterAnswerForm(prefix="answer")
    if not form.validate():
        return refused(reference, answer_form=form)
    if form.answer.data == "code":
        count_try([(posting.TRIES, f"identity-letter:{find_case(reference).id}")])
    try:
        with transaction():
            _answer(find_case(reference), form)
    except posting.WrongCode:
        form.code.errors = [_("This is not the code of the letter.")]
        return refused(reference, answer_form=form)
    return acted(reference, _("What became of the letter is recorded."))


def _answer(found: RightsRequest, form: LetterAnswerForm) -> None:
    if form.answer.data == "returned":
        posting.come_back(found, current_user, version=form.seen_version)
    else:
        posting.give_back(acting.hold(found, current_user, form.seen_version), form.code.data)


@blueprint.post("/requests/<reference>/written-reason")
@requires(staff(Permission.LIFT_DOUBT))
def written_reason(reference: str) -> Any:
    form = ReasonForm(prefix="written")
    if not form.validate():
        return refused(reference, reason_form=form)
    with transaction():
        found = find_case(reference)
        public_id = propose_reason(found, current_user, form.reason.data, form.seen_version).public_id
    return redirect(url_for("staff.staff.approval", public_id=public_id), 303)
