"""File a request: choose, describe, check, send. A draft is saved at each step."""

from typing import Any

from flask import abort, current_app, flash, g, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.access.declare import CUSTOMER, requires
from portal.customers.addresses import mask_address
from portal.infrastructure.database import transaction
from portal.personal_data.categories import CATEGORIES
from portal.records.objections import name_with_interest, uses_of_person
from portal.rights.asked import Correct, StopUse, read_asked
from portal.rights.chosen import Use
from portal.rights.correcting.proof import proof_row
from portal.rights.customer_blueprint import blueprint
from portal.rights.erasing.preview import offer_what_is_held, preview_of_draft
from portal.rights.filing import objecting, receiving
from portal.rights.filing.beginning import NoSuchDraft
from portal.rights.filing.drafts import DraftExpired, digest_of, discard, draft_of_intent, find_draft, save_answers
from portal.rights.filing.forms import ALL, FORMS, KINDS, RECORD, SOME, DetailsForm, EraseForm, StopUseForm
from portal.rights.filing.open_requests import open_request_of, sent_request
from portal.rights.filing.progress import DraftStep, progress_of, steps_ahead
from portal.rights.intents import INTENTS, Intent, intent_of
from portal.rights.models import RequestDraft
from portal.web.filters import long_date
from portal.web.incoming.rate_limits import TooManyTries, count_try

Answer = str | tuple[str, int] | Response


@blueprint.get("/requests/new")
@requires(CUSTOMER)
def choose() -> str:
    return render_template("rights/customer/choose.html", intents=INTENTS)


@blueprint.route("/requests/new/<right>", methods=["GET", "POST"])
@requires(CUSTOMER)
def start(right: str) -> Answer:
    """Show the first page of a choice, or go on with the draft of the same choice when there is one.

    Where a request of the same kind is open, the person may add to it, or make another one all the same.
    """
    intent = intent_of(right, request.args.get("intent"))
    if intent is None:
        abort(404)
    existing = open_request_of(current_user.customer_id, intent)
    if existing is not None and request.method == "GET" and "another" not in request.args:
        return render_template("rights/customer/already_open.html", intent=intent, existing=existing)
    draft, wanted = draft_of_intent(current_user.customer_id, intent), _wanted(intent)
    if draft is not None and request.method == "GET" and not wanted.keys() & {"record", "kinds", "purposes"}:
        return redirect(url_for(".details", public_id=draft.public_id), 303)
    form = _form(intent, wanted)
    return _save(intent, form, None) if request.method == "POST" else _details_page(intent, form, None)


@blueprint.route("/requests/drafts/<public_id>", methods=["GET", "POST"])
@requires(CUSTOMER)
def details(public_id: str) -> Answer:
    draft = _own_draft(public_id)
    if draft.sent_at is not None:
        return _to_sent(draft)
    if isinstance(draft.asked, Correct) and draft.asked.names_values:
        return _to_values(draft.asked)
    intent = draft.intent
    form = _form(intent, draft.answers)
    return _save(intent, form, draft) if request.method == "POST" else _details_page(intent, form, draft)


def _to_values(asked: Correct) -> Response:
    """Lead to the form of the record whose values a draft corrects."""
    kind, number = asked.record
    return redirect(url_for(".correct_values", category=asked.category, record=number or kind, kind=kind), 303)


def _form(intent: Intent, answers: dict[str, Any]) -> DetailsForm:
    form = FORMS[intent](data=answers)
    if isinstance(form, EraseForm):
        offer_what_is_held(form, current_user.customer_id, str(get_locale()))
    if isinstance(form, StopUseForm):
        uses = uses_of_person(current_user.customer_id)
        form.offer([(use.code, name_with_interest(use, get_locale())) for use in uses])
    return form


def _save(intent: Intent, form: DetailsForm, draft: RequestDraft | None) -> Answer:
    is_valid, is_later = form.validate(), "later" in request.form
    # A page saved for later may have empty fields. What was typed and is wrong is still refused.
    if not is_valid and not (is_later and not any(field.errors and field.data for field in form)):
        return _details_page(intent, form, draft), 422
    answers = form.answers()
    asked = read_asked(intent, answers)
    if isinstance(asked, StopUse) and asked.use and asked.concerns_marketing and not is_later:
        filed = _object_to_marketing(asked.use, draft)
        if not asked.purposes:
            return filed
        # What the team has to weigh does not wait for anything else that is to stop: it is a request of its own.
        draft, answers = None, {"use": str(Use.OTHER)} | {key: answers[key] for key in answers if key != "use"}
    with transaction():
        saved = save_answers(current_user.customer, intent, answers, is_complete=is_valid)
        public_id = saved.public_id
    if is_later:
        kept_until = long_date(saved.expires_at, weekday=False)
        words = _("Your request is kept until %(date)s. You will find it here when you come back.", date=kept_until)
        flash(words, "success")
        return redirect(url_for(".index"), 303)
    saved = _own_draft(public_id)
    step = progress_of(saved, current_user, g.portal_session).missing
    return redirect(_address(step, public_id), 303)


def _details_page(intent: Intent, form: DetailsForm, draft: RequestDraft | None) -> str:
    if draft is None or intent is Intent.CORRECT:
        steps = steps_ahead(intent, current_user, g.portal_session)
    else:
        steps = len(progress_of(draft, current_user, g.portal_session).steps)
    return render_template("rights/customer/details.html", intent=intent, form=form, draft=draft, steps=steps)


@blueprint.post("/requests/drafts/<public_id>/discard")
@requires(CUSTOMER)
def discard_draft(public_id: str) -> Response:
    with transaction():
        draft = _own_draft(public_id)
        if draft.sent_at is None:
            discard(draft)
    flash(_("The draft is deleted."), "success")
    return redirect(url_for(".index"), 303)


@blueprint.get("/requests/drafts/<public_id>/check")
@requires(CUSTOMER)
def check(public_id: str) -> Answer:
    draft = _own_draft(public_id)
    if draft.sent_at is not None:
        return _to_sent(draft)
    progress = progress_of(draft, current_user, g.portal_session)
    if progress.missing is not DraftStep.CHECK:
        return _to_missing(progress.missing, public_id)
    intent = draft.intent
    return render_template(
        "rights/customer/check.html", intent=intent, draft=draft, progress=progress,
        rows=draft.asked.in_words(get_locale()), shown=digest_of(draft), proof=proof_row(draft),
        preview=preview_of_draft(draft, str(get_locale())),
        address=mask_address(current_user.customer.email or ""),
    )  # fmt: skip


@blueprint.post("/requests/drafts/<public_id>/send")
@requires(CUSTOMER)
def send(public_id: str) -> Any:
    try:
        if _own_draft(public_id).sent_at is None:
            count_try([(receiving.FILINGS_A_DAY, f"filing:{current_user.customer_id}")])
        with transaction():
            shown = request.form.get("shown")
            reference = receiving.file_request(current_user, g.portal_session, public_id, shown).reference
    except receiving.StepMissing as missing:
        return _to_missing(missing.step, public_id)
    except receiving.DraftChanged:
        flash(_("Your request changed in another window: read it once more, then send it."), "info")
        return redirect(url_for(".check", public_id=public_id), 303)
    except TooManyTries as wait:
        return _wait_page(public_id, wait)
    except NoSuchDraft:
        abort(404)
    flash(_("Your request is sent."), "success")
    return redirect(url_for(".follow", reference=reference), 303)


def _wait_page(public_id: str, wait: TooManyTries) -> Response:
    """Say from when the draft can be sent, and how to send it at once by post or by mail."""
    page = render_template("rights/customer/wait.html", draft=_own_draft(public_id), opens_at=wait.opens_at)
    return current_app.make_response((page, 429, {"Retry-After": str(wait.retry_after)}))


@blueprint.get("/requests/drafts/<public_id>/letter")
@requires(CUSTOMER)
def letter(public_id: str) -> Answer:
    """Show the draft as a letter to print, for those who would rather send it by post."""
    draft = _own_draft(public_id)
    if draft.sent_at is not None:
        return _to_sent(draft)
    return render_template("rights/customer/letter.html", draft=draft, rows=draft.asked.in_words(get_locale()))


@blueprint.post("/requests/new/objection/marketing")
@requires(CUSTOMER)
def object_to_marketing() -> Response:
    """Stop all advertising at once: one click, no reason, no identity."""
    return _object_to_marketing(Use.MARKETING, None)


def _object_to_marketing(use: Use, draft: RequestDraft | None) -> Response:
    public_id = draft.public_id if draft else None
    with transaction():
        reference = objecting.object_to_marketing(current_user, use).reference
        if public_id:
            discard(_own_draft(public_id))
    flash(_("Your objection is recorded: your choices on advertising are off here."), "success")
    return redirect(url_for(".follow", reference=reference), 303)


def _wanted(intent: Intent) -> dict[str, Any]:
    """Return the first values of the form: the categories that the address names, where it names any."""
    if intent is Intent.ERASE and "record" in request.args:
        return {"scope": RECORD, "record": [request.args.get("kind", ""), request.args["record"]]}
    if intent is Intent.ERASE and "kinds" in request.args:
        return {"scope": KINDS, "kinds": request.args["kinds"].split(",")}
    if intent is Intent.STOP_USE and "purpose" in request.args:
        return {"use": str(Use.OTHER), "purposes": [request.args["purpose"]]}
    codes = [code for code in ",".join(request.args.getlist("categories")).split(",") if code in CATEGORIES]
    if codes:
        return {"scope": SOME, "categories": codes, "category": codes[0]}
    return {} if intent is Intent.ERASE else {"scope": ALL}


def _own_draft(public_id: str) -> RequestDraft:
    try:
        draft = find_draft(current_user.customer_id, public_id)
    except DraftExpired:
        abort(410)
    return draft or abort(404)


def _to_sent(draft: RequestDraft) -> Response:
    return redirect(url_for(".follow", reference=sent_request(draft).reference), 303)


def _to_missing(step: DraftStep, public_id: str) -> Response:
    flash(_("This step comes before sending."), "info")
    return redirect(_address(step, public_id), 303)


def _address(step: DraftStep, public_id: str) -> str:
    if step is DraftStep.IDENTITY:
        return url_for("customer.identity_checks.choose", code=public_id)
    return url_for(".details" if step is DraftStep.DETAILS else ".check", public_id=public_id)
