"""The pages where a customer proves who they are: the lighter way first, then a document, now or later."""

import logging

from babel.lists import format_list
from flask import Blueprint, abort, flash, g, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.access.declare import CUSTOMER, CUSTOMER_FRESH, requires
from portal.accounts.sessions.account_sessions import session_key
from portal.customers.addresses import mask_address
from portal.identity_checks.documents import uploading_views
from portal.identity_checks.documents.intake import NoLongerNeeded, take_back, unpack
from portal.identity_checks.documents.previews import PreviewDamaged, PreviewGone, open_preview, shown_to
from portal.identity_checks.documents.refusals import Refusal, too_large, try_to_take_in
from portal.identity_checks.documents.uploading import under_way
from portal.identity_checks.forms import CodeForm, PaperForm, SidesForm, doubt_sentence
from portal.identity_checks.proof import known_address
from portal.identity_checks.proof.errand_views import current_errand
from portal.identity_checks.proof.errands import Errand, errands
from portal.identity_checks.proof.paper_checks import may_be_hidden, must_show
from portal.identity_checks.proof.papers import Paper, Side
from portal.identity_checks.queries import documents_for, given_for
from portal.infrastructure.database import transaction
from portal.infrastructure.storage import StorageError
from portal.web.forms import form_page
from portal.web.headers import picture
from portal.web.incoming.rate_limits import count_try
from portal.web.incoming.uploads import BoundedFile

blueprint = Blueprint("identity_checks", __name__)
blueprint.register_blueprint(uploading_views.blueprint)
logger = logging.getLogger("portal.identity_checks")

Answer = str | tuple[str, int] | Response


@blueprint.get("/requests/identity/<code>")
@requires(CUSTOMER)
def choose(code: str) -> Answer:
    """Why we ask this person, and the ways to prove it, the lightest first."""
    errand = current_errand(code)
    if errand.is_of_value:
        return redirect(url_for(".document", code=code), 303)
    form = PaperForm(request.args) if request.args else PaperForm(formdata=None)
    if request.args and form.validate():
        return redirect(url_for(".document", code=code, paper=form.paper.data), 303)
    return render_template(
        "identity_checks/customer/choose.html",
        errand=errand,
        form=form,
        given=given_for(errand),
        address=mask_address(errand.address.email) if errand.address else None,
        has_password=current_user.password_hash is not None,
    )


@blueprint.post("/requests/identity/<code>/later")
@requires(CUSTOMER)
def later(code: str) -> Response:
    errand = current_errand(code)
    with transaction():
        if errands().hold(errand):
            errands().put_off(errand)
    return redirect(errand.next_url, 303)


@blueprint.route("/requests/identity/<code>/code", methods=["GET", "POST"])
@requires(CUSTOMER_FRESH)
def by_code(code: str) -> Answer:
    """The lighter way: password or Facebook again, which `CUSTOMER_FRESH` asks for, and a code to a known address."""
    errand = current_errand(code)
    if errand.address is None:
        return redirect(url_for(".choose", code=code), 303)
    address, form = errand.address.email, CodeForm()
    if request.method == "POST" and "send" in request.form:
        count_try([(known_address.ISSUES, f"identity-code:sent:{current_user.id}")])
        with transaction():
            known_address.send_code(current_user, current_user.customer, address)
        flash(_("The code is on its way. It works for ten minutes."), "success")
        return redirect(url_for(".by_code", code=code), 303)
    if request.method == "POST" and form.validate():
        count_try([(known_address.TRIES, f"identity-code:tried:{current_user.id}")])
        try:
            with transaction():
                known_address.use_code(current_user, current_user.customer, form.code.data, address)
                if errands().hold(errand):
                    errands().clear(errand, current_user, g.portal_session)
            flash(_("Thank you: that is enough. We ask for no document."), "success")
            return redirect(errand.next_url, 303)
        except known_address.CodeUnusable:
            form.code.errors = [_("This code is wrong or too old. Take the newest e-mail, or ask for another.")]
    return form_page(
        "identity_checks/customer/code.html",
        form,
        errand=errand,
        address=mask_address(address),
        sent=known_address.open_code(current_user.id),
    )


@blueprint.route("/requests/identity/<code>/document", methods=["GET", "POST"])
@requires(CUSTOMER)
def document(code: str) -> Answer:
    """One field for each side of the chosen paper. A good side is kept, also when the other one is refused."""
    errand = current_errand(code)
    paper = _paper(errand)
    if paper is None:
        return redirect(url_for(".choose", code=code, asked="yes"), 303)
    form = SidesForm(paper, _arrived(errand, paper))
    if request.method == "GET":
        return _document_page(errand, paper, form)
    status = 422
    if form.validate():
        status = _take_in_all(errand, paper, form)
    if form.errors:
        return _document_page(errand, paper, form.renewed(_arrived(errand, paper))), status
    return _after_sides(errand, paper, list(form.sent))


@blueprint.get("/requests/identity/<code>/document/<public_id>/<int:page>")
@requires(CUSTOMER)
def preview(code: str, public_id: str, page: int) -> Response:
    """One page of a document that arrived, as rebuilt pixels, for the session that sent it, until it is submitted."""
    errand = current_errand(code)
    rows = documents_for(errand)
    row = next((row for row in rows if row.public_id == public_id), None)
    if row is None or not 1 <= page <= row.pages:
        abort(404)
    try:
        pages = unpack(open_preview(row, session_key()))
    except PreviewGone:
        abort(404)
    except StorageError:
        abort(503)
    except PreviewDamaged:
        logger.error("a stored preview of an identity document is not what was sealed")
        abort(500)
    return picture(pages[page - 1], "image/jpeg")


@blueprint.post("/requests/identity/<code>/document/<public_id>/remove")
@requires(CUSTOMER)
def remove(code: str, public_id: str) -> Response:
    errand = current_errand(code)
    paper = given_for(errand).paper
    try:
        with transaction():
            was_there = take_back(errand, public_id)
    except NoLongerNeeded:
        return redirect(errand.next_url, 303)
    if not was_there:
        abort(404)
    flash(_("This side is destroyed."), "success")
    return redirect(url_for(".document", code=code, paper=paper), 303)


def _take_in_all(errand: Errand, paper: Paper, form: SidesForm) -> int:
    """Take in each side that was sent and note on the form what is wrong; return the status for a page with errors."""
    status = 422
    for side, file in form.sent.items():
        try:
            refusal = _refusal_of(errand, paper, side, file)
        except NoLongerNeeded:
            break
        if refusal is not None:
            form.refuse(side, refusal.sentence)
            status = max(status, refusal.status)
    return status


def _refusal_of(errand: Errand, paper: Paper, side: Side, file: BoundedFile) -> Refusal | None:
    if file.is_too_large:
        return too_large(errand, paper, side, file.received)
    return try_to_take_in(errand, paper, side, file.getvalue(), session_key())


def _after_sides(errand: Errand, paper: Paper, sent: list[Side]) -> Response:
    arrived = given_for(errand)
    if arrived.is_complete:
        # A complete document of a request that was sent goes to its reviewer at once: nothing can be replaced.
        may_replace = errand.draft_id is not None
        doubts = [doubt_sentence(side) for side in arrived.sides if may_replace and side.side in sent and side.doubt]
        message = _("Your document has arrived. It is destroyed as soon as it is checked.")
        flash(" ".join([message, *doubts]), "warning" if doubts else "success")
        return redirect(errand.next_url, 303)
    if errands().find(current_user, g.portal_session, errand.code) is None:
        flash(_("We no longer need this document. It was not kept."), "info")
        return redirect(errand.next_url, 303)
    flash(_("This side has arrived. One more to go."), "success")
    return redirect(url_for(".document", code=errand.code, paper=paper), 303)


def _document_page(errand: Errand, paper: Paper, form: SidesForm) -> str:
    language, has_birth_date = str(get_locale()), current_user.customer.birth is not None
    rows = documents_for(errand)
    return render_template(
        "identity_checks/customer/document.html",
        errand=errand,
        paper=paper,
        form=form,
        given=given_for(errand),
        previews=shown_to(rows, session_key()),
        under_way=under_way(errand, paper, session_key()),
        may_be_hidden=format_list(may_be_hidden(paper, language), locale=language),
        doubts={side.side: doubt_sentence(side) for side in given_for(errand).sides if side.doubt},
        must_show=format_list(must_show(language, compares_birth_date=has_birth_date), locale=language),
        language=language,
    )


def _paper(errand: Errand) -> Paper | None:
    """Return the paper that the address of the page names, else the one of which a side has arrived."""
    if len(errand.papers) == 1:
        return errand.papers[0]
    chosen = request.args.get("paper")
    return Paper(chosen) if chosen in errand.papers else given_for(errand).paper


def _arrived(errand: Errand, paper: Paper) -> set[Side]:
    arrived = given_for(errand)
    return {side.side for side in arrived.sides} if arrived.paper is paper else set()
