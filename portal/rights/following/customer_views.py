"""Following a request: the list, its page, words added, the withdrawal, the receipt."""

from typing import NoReturn

from flask import abort, flash, make_response, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.access.declare import CUSTOMER, requires
from portal.infrastructure.database import transaction
from portal.infrastructure.references import read_reference
from portal.personal_data.erasure.scheduling import TooLate
from portal.rights import acting
from portal.rights.clock.running import days_left
from portal.rights.customer_blueprint import blueprint
from portal.rights.erasing.standing import CAN_BE_CANCELLED, erasure_of
from portal.rights.filing import withdrawal
from portal.rights.filing.drafts import drafts_of
from portal.rights.filing.forms import LetterCodeForm, WordsForm
from portal.rights.filing.open_requests import open_requests
from portal.rights.following.answer import awaits_opening, open_answer
from portal.rights.following.destroyed import destroyed_file, say_destroyed
from portal.rights.following.receipts import receipt_of
from portal.rights.following.standing import awaited
from portal.rights.following.tracking import closed_requests, find_own
from portal.rights.following.tracking import follow as follow_request
from portal.rights.identity import posting
from portal.rights.lifecycle import CaseMoved, InvalidStep
from portal.rights.models import RightsRequest
from portal.web.incoming.rate_limits import count_try

Answer = str | tuple[str, int] | Response


@blueprint.get("/requests")
@requires(CUSTOMER)
def index() -> str:
    return render_template(
        "rights/customer/index.html",
        open_requests=open_requests(current_user.customer_id),
        drafts=drafts_of(current_user.customer_id),
        closed=closed_requests(current_user.customer_id, request.args.get("closed")),
        days_left=days_left,
        is_awaited=awaited,
    )


@blueprint.get("/requests/<reference>")
@requires(CUSTOMER)
def follow(reference: str) -> Answer:
    own = _own_request(reference)
    if own.reference != reference:
        return redirect(url_for(".follow", reference=own.reference), 303)
    if awaits_opening(own):
        with transaction():
            open_answer(_own_request(reference))
        own = _own_request(reference)
    return _follow_page(own, WordsForm(formdata=None))


def _follow_page(own: RightsRequest, form: WordsForm, code_form: LetterCodeForm | None = None) -> str:
    return render_template(
        "rights/customer/follow.html",
        tracking=follow_request(own, current_user, str(get_locale())),
        case=own,
        form=form,
        code_form=code_form or LetterCodeForm(formdata=None, prefix="letter"),
    )


@blueprint.post("/requests/<reference>/words")
@requires(CUSTOMER)
def add_words(reference: str) -> Answer:
    own, form = _own_request(reference), WordsForm()
    if not form.validate():
        return _follow_page(own, form), 422
    count_try([(withdrawal.ADDITIONS_A_DAY, f"words:{current_user.customer_id}")])
    reference = own.reference
    try:
        with transaction():
            withdrawal.add_words(current_user.customer_id, reference, form.text.data)
        flash(_("Your message is added to the request."), "success")
    except InvalidStep:
        form.text.errors = [_("This request is closed: nothing can be added any more.")]
        return _follow_page(_own_request(reference), form), 409
    return redirect(url_for(".follow", reference=reference), 303)


@blueprint.post("/requests/<reference>/letter-code")
@requires(CUSTOMER)
def letter_code(reference: str) -> Answer:
    """Take the code that a registered letter carried."""
    own, form = _own_request(reference), LetterCodeForm(prefix="letter")
    if not form.validate():
        return _follow_page(own, WordsForm(formdata=None), form), 422
    count_try([(posting.TRIES, f"identity-letter:{own.id}")])
    reference = own.reference
    try:
        with transaction():
            act = acting.of_customer(current_user.customer_id, reference)
            posting.give_back(act, form.code.data)
            act.request.version += 1
        flash(_("Thank you: we know that this request comes from you."), "success")
    except posting.WrongCode:
        form.code.errors = [_("This is not the code of our letter. Read it once more.")]
        return _follow_page(_own_request(reference), WordsForm(formdata=None), form), 422
    except CaseMoved:
        flash(_("We no longer need this code."), "info")
    return redirect(url_for(".follow", reference=reference), 303)


@blueprint.route("/requests/<reference>/withdraw", methods=["GET", "POST"])
@requires(CUSTOMER)
def withdraw(reference: str) -> Answer:
    own = _own_request(reference)
    reference = own.reference
    if request.method == "GET":
        if not own.is_open:
            return redirect(url_for(".follow", reference=reference), 303)
        return _withdraw_page(own)
    try:
        with transaction():
            withdrawal.withdraw(current_user.customer_id, reference)
        flash(_("Your request is cancelled."), "success")
    except InvalidStep:
        flash(_("This request is answered already: it can no longer be cancelled."), "info")
    except TooLate:
        return _withdraw_page(_own_request(reference)), 409
    return redirect(url_for(".follow", reference=reference), 303)


def _withdraw_page(own: RightsRequest) -> str:
    erasure = erasure_of(own.id)
    is_too_late = erasure is not None and erasure.state not in CAN_BE_CANCELLED
    return render_template(
        "rights/customer/withdraw.html", case=own, intent=own.intent, erasure=erasure, is_too_late=is_too_late
    )


@blueprint.get("/requests/<reference>/receipt")
@requires(CUSTOMER)
def receipt(reference: str) -> str:
    """What the customer may print or keep: what was asked, what was done item by item, and a hash of both."""
    own = _own_request(reference)
    return render_template("rights/customer/receipt/page.html", receipt=receipt_of(own, str(get_locale())))


def _own_request(reference: str) -> RightsRequest:
    canonical = read_reference(reference)
    found = find_own(current_user.customer_id, canonical) if canonical else None
    return found or _gone(reference)


def _gone(reference: str) -> NoReturn:
    """Answer that a file was destroyed (410), or that there is none (404)."""
    file = destroyed_file(reference, current_user.customer_id)
    if file is None:
        abort(404)
    said = say_destroyed(file, str(get_locale()))
    abort(make_response(render_template("rights/customer/destroyed.html", file=file, said=said), 410))
