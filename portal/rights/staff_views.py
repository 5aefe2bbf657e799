"""The staff side of requests: the queue, one case, and every act on it."""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, session, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.exports.delivery import package_of_request
from portal.identity_checks.documents.viewing import begin_look, current_look, has_opened
from portal.identity_checks.models import CheckResult
from portal.identity_checks.proof.checking import AlreadyChecked
from portal.identity_checks.queries import pending_check
from portal.infrastructure.database import transaction
from portal.infrastructure.typed_texts import name_of, several_lines
from portal.legal_time.deadlines import ExtensionTooLate
from portal.lookups.access_log import CASE_WORK, LOOK_REASONS, REQUEST, log_access, reason_text
from portal.lookups.opening import find_customer, is_own_file
from portal.rights.carrying_out import answering
from portal.rights.clock.running import AlreadyExtended, days_left
from portal.rights.deciding import correspondence, decisions
from portal.rights.deciding.case_facts import CaseFacts, case_facts
from portal.rights.deciding.forms import (
    DecisionForm,
    DoubtForm,
    ExtensionForm,
    IdentityForm,
    LookForm,
    NoteForm,
    QuestionForm,
    SecondOpinionForm,
    TakeInForm,
)
from portal.rights.deciding.refusals import RefusalGround, RefusalIncomplete, RefusalNotAllowed, grounds_for
from portal.rights.filing.receiving import take_in
from portal.rights.following.history import full_history
from portal.rights.identity.review import (
    ChecklistIncomplete,
    DocumentAwaited,
    DocumentNotAllowed,
    DocumentUnseen,
    NothingToCheck,
    ask_for_document,
    review_identity,
)
from portal.rights.lifecycle import ExtensionReason, InvalidStep, Outcome, Right, Status
from portal.rights.models import Channel, RightsRequest
from portal.rights.queue.claims import (
    CaseClosed,
    HeldByAnother,
    OwnCase,
    check_not_own,
    claim,
    is_held_by,
    release,
    take_most_urgent,
)
from portal.rights.queue.listing import (
    HOLDERS,
    WHEN,
    Filters,
    ages,
    count_matching,
    find_request,
    other_requests,
    queue_page,
)
from portal.web.forms import PortalForm

blueprint = Blueprint("rights", __name__)

RIGHTS_APPLY_FROM = date(2018, 5, 25)
"""The day from which the rights can be exercised (GDPR art. 99(2)); an earlier receipt is a slip of the pen."""

_TEXTS = ("message", "text", "refused", "granted", "until", "evidence")
# These requests file themselves; what somebody writes in a Facebook message came by a social network.
BY_ITSELF = (Channel.PORTAL, Channel.FACEBOOK)
# More names than these in one message are a wall: the boxes left open stand below it.
NAMED_AT_MOST = 3


@blueprint.get("/queue")
@requires(staff(Permission.SEE_QUEUE))
def queue() -> str:
    return _queue_page(_filters(), "rights/staff/queue.html")


@blueprint.get("/my-cases")
@requires(staff(Permission.SEE_QUEUE))
def my_cases() -> str:
    return _queue_page(Filters(holder="me"), "rights/staff/my_cases.html")


def _queue_page(filters: Filters, template: str) -> str:
    arguments = _arguments(filters)
    removals = {name: url_for(".queue", **_without(arguments, name)) for name in arguments}
    return render_template(
        template, page=queue_page(filters, current_user, request.args.get("cursor")), filters=filters, ages=ages(),
        total=count_matching(filters, current_user), rights=list(Right), statuses=[s for s in Status if s.is_open],
        channels=[(item, _channel(item)) for item in Channel], whens=WHEN, holders=HOLDERS, days_left=days_left,
        arguments=arguments, removals=removals, now=clock.now(),
    )  # fmt: skip


def _without(arguments: dict[str, str], name: str) -> dict[str, Any]:
    return {other: value for other, value in arguments.items() if other != name}


def _arguments(filters: Filters) -> dict[str, str]:
    """Return the filters as they stand in an address: those that narrow something, and nothing else of the caller's."""
    values = {name: str(value) for name, value in vars(filters).items() if value and name != "closed"}
    return values | ({"closed": "yes"} if filters.closed else {})


def _filters() -> Filters:
    """Read the filters from the address; a value that does not exist narrows nothing."""

    def known(name: str, codes: Callable[[str], Any]) -> Any:
        try:
            return codes(request.args.get(name, ""))
        except ValueError:
            return None

    when, holder = request.args.get("when", ""), request.args.get("holder", "")
    return Filters(
        text=name_of(request.args.get("text", ""))[:200],
        right=known("right", Right),
        status=known("status", Status),
        channel=known("channel", Channel),
        when=when if when in WHEN else "",
        holder=holder if holder in HOLDERS else "",
        closed=request.args.get("closed") == "yes",
    )


@blueprint.post("/queue/next")
@requires(staff(Permission.CLAIM_REQUEST))
def take_next() -> Response:
    with transaction():
        taken = take_most_urgent(current_user)
        reference = taken.reference if taken else None
    if reference is None:
        flash(_("No case is free to work on now."), "info")
        return redirect(url_for(".queue"), 303)
    return redirect(url_for(".case", reference=reference), 303)


@blueprint.route("/requests/take-in", methods=["GET", "POST"])
@requires(staff(Permission.TAKE_IN_REQUEST))
def take_in_request() -> Any:
    form = TakeInForm()
    language = str(get_locale())
    form.right.choices = [("", ""), *((item.value, item.label(language)) for item in Right)]
    form.channel.choices = [("", ""), *((item.value, _channel(item)) for item in Channel if item not in BY_ITSELF)]
    if form.validate_on_submit() and _is_receipt_possible(form):
        received_at = min(datetime.combine(form.received_on.data, time(12), clock.PARIS), clock.now())
        with transaction():
            customer = find_customer(form.email.data)
            is_own = customer is not None and is_own_file(current_user, customer)
            if customer is not None and not is_own:
                right, channel = Right(form.right.data), Channel(form.channel.data)
                taken = take_in(
                    customer, right, channel, received_at, form.words.data, current_user,
                    is_on_behalf=form.is_on_behalf.data,
                )  # fmt: skip
                flash(_("The request is taken in. Its clock runs from the date of receipt."), "success")
                return redirect(url_for(".case", reference=taken.reference), 303)
        form.email.errors = [
            _("This is your own file: a colleague has to take the request in.")
            if is_own
            else _("We know no customer by this address or number. Check it with the person.")
        ]
    return render_template("rights/staff/take_in.html", form=form), 422 if form.is_submitted() else 200


def _is_receipt_possible(form: TakeInForm) -> bool:
    if form.received_on.data > clock.today():
        form.received_on.errors = [_("The date of receipt cannot be in the future.")]
    elif form.received_on.data < RIGHTS_APPLY_FROM:
        form.received_on.errors = [_("The date of receipt cannot be before 25 May 2018. Check the year.")]
    return not form.received_on.errors


def _channel(channel: Channel) -> str:
    return {
        Channel.PORTAL: _("Portal"), Channel.EMAIL: _("E-mail"), Channel.PHONE: _("Telephone"),
        Channel.POST: _("Post"), Channel.SOCIAL_NETWORK: _("Social network"), Channel.FACEBOOK: _("Facebook"),
    }[channel]  # fmt: skip


@blueprint.get("/requests/<reference>")
@requires(staff(Permission.SEE_REQUEST))
def case(reference: str) -> str | Response:
    with transaction():
        found = _find(reference)
        if found.reference != reference:
            return redirect(url_for(".case", reference=found.reference), 303)
        log_access(current_user, found.customer, category=REQUEST, reason=CASE_WORK, request_reference=found.reference)
    return _case_page(_find(reference))


def _case_page(found: RightsRequest, facts: CaseFacts | None = None, **forms: PortalForm) -> str:
    facts = facts or case_facts(found, str(get_locale()))
    version = {"version": str(found.version)}
    shown: dict[str, Any] = {
        "look_form": LookForm(data={"reason": LOOK_REASONS[0]}, formdata=None, prefix="look"),
        "identity_form": IdentityForm(data=version, formdata=None),
        "decision_form": DecisionForm(data=version, formdata=None),
        "second_form": SecondOpinionForm(data=version, formdata=None),
        "question_form": QuestionForm(data=version, formdata=None, prefix="question"),
        "doubt_form": DoubtForm(data=version, formdata=None, prefix="doubt"),
        "extension_form": ExtensionForm(data=version, formdata=None, prefix="extension"),
        "note_form": NoteForm(data=version, formdata=None, prefix="note"),
    } | forms
    _fill_choices(found, facts, *shown.values())
    return render_template(
        "rights/staff/case.html", case=found, facts=facts, history=full_history(found.id), days=days_left(found),
        others=other_requests(found), is_mine=is_held_by(found, current_user), channel=_channel(found.channel),
        look=current_look(session, current_user, pending_check(found.id)), now=clock.now(),
        is_held=bool(found.holder_id and found.held_until and found.held_until > clock.now()),
        decision=decisions.latest_decision(found.id), package=package_of_request(found.id),
        form=next((form for form in forms.values() if form.errors), None) or PortalForm(), **shown,
    )  # fmt: skip


def _fill_choices(found: RightsRequest, facts: CaseFacts, *forms: PortalForm) -> None:
    """Offer in each form what this case allows."""
    language = str(get_locale())
    for form in forms:
        match form:
            case LookForm():
                form.reason.choices = [(reason, reason_text(reason, language)) for reason in LOOK_REASONS]
            case IdentityForm():
                form.checklist.choices = facts.checklist
                form.reason.choices = [("", _("Choose a reason")), *facts.reject_reasons]
            case DecisionForm():
                grounds = [(ground.value, ground.label(language)) for ground in grounds_for(found.right)]
                form.ground.choices = [("", _("No refusal")), *grounds]
            case ExtensionForm():
                form.reason.choices = [(item.value, item.label(language)) for item in ExtensionReason]


@blueprint.post("/requests/<reference>/claim")
@requires(staff(Permission.CLAIM_REQUEST))
def claim_case(reference: str) -> Any:
    return _act(reference, lambda found: claim(found, current_user, take_over=request.form.get("take_over") == "yes"))


@blueprint.post("/requests/<reference>/release")
@requires(staff(Permission.CLAIM_REQUEST))
def release_case(reference: str) -> Any:
    with transaction():
        release(_find(reference), current_user)
    flash(_("You have given the case back."), "success")
    return redirect(url_for(".queue"), 303)


@blueprint.post("/requests/<reference>/look")
@requires(staff(Permission.SEE_DOCUMENT))
def look(reference: str) -> Any:
    """Take the case, if nobody has it, and open its document for the purpose given."""
    found, form = _find(reference), LookForm(prefix="look")
    _fill_choices(found, case_facts(found, str(get_locale())), form)
    if not form.validate():
        return _refused(found, look_form=form)

    def open_document(case: RightsRequest) -> None:
        claim(case, current_user)
        check = pending_check(case.id)
        if check is None:
            raise NothingToCheck
        begin_look(session, current_user, check, form.reason.data)

    return _act(reference, open_document)


@blueprint.post("/requests/<reference>/identity")
@requires(staff(Permission.CHECK_IDENTITY))
def identity(reference: str) -> Any:
    found, form = _find(reference), IdentityForm()
    facts = case_facts(found, str(get_locale()))
    _fill_choices(found, facts, form)
    if not form.validate():
        return _refused(found, identity_form=form)
    result = CheckResult(form.result.data)
    if result is not CheckResult.CONFIRMED and not form.reason.data:
        form.reason.errors = [_("Choose the reason")]
        return _refused(found, identity_form=form)

    def review(case: RightsRequest) -> None:
        review_identity(
            case, current_user, result, version=form.seen_version, reason=form.reason.data or None,
            message=form.message.data, ticked=frozenset(form.checklist.data or ()),
            checklist=tuple(code for code, _label in facts.checklist),
            has_opened=lambda check: has_opened(session, current_user, check),
        )  # fmt: skip

    try:
        return _act(reference, review, _("Your finding is recorded. The document is being destroyed."))
    except ChecklistIncomplete as incomplete:
        labels = [label for code, label in facts.checklist if code in incomplete.missing]
        form.checklist.errors = [
            _("Still to check: %(points)s", points=", ".join(labels))
            if len(labels) <= NAMED_AT_MOST
            else _("Still to check: %(count)s points", count=len(labels))
        ]
    except DocumentAwaited:
        form.result.errors = [_("The document is not whole, or waits for the scanner: you cannot confirm it yet.")]
    except DocumentUnseen:
        form.result.errors = [_("Open the document before you confirm.")]
    return _refused(_find(reference), identity_form=form)


@blueprint.post("/requests/<reference>/doubt")
@requires(staff(Permission.CHECK_IDENTITY))
def doubt(reference: str) -> Any:
    form = DoubtForm(prefix="doubt")
    if not form.validate():
        return _refused(_find(reference), doubt_form=form)
    try:
        return _act(
            reference,
            lambda found: ask_for_document(found, current_user, form.text.data, version=form.seen_version),
            _("The customer is asked for a document."),
        )
    except DocumentNotAllowed:
        form.text.errors = [_("The law asks for no document for this right.")]
    return _refused(_find(reference), doubt_form=form)


@blueprint.post("/requests/<reference>/decision")
@requires(staff(Permission.DECIDE_REQUEST))
def decide(reference: str) -> Any:
    found, form = _find(reference), DecisionForm()
    facts = case_facts(found, str(get_locale()))
    _fill_choices(found, facts, form)
    if not form.validate():
        return _refused(found, decision_form=form)
    draft = decisions.Draft(
        outcome=Outcome(form.outcome.data),
        message=form.message.data,
        done=_done([code for code, _label in facts.categories]),
        ground=RefusalGround(form.ground.data) if form.ground.data else None,
        refused=form.refused.data, granted=form.granted.data, until=form.until.data, evidence=form.evidence.data,
    )  # fmt: skip
    try:
        return _act(
            reference,
            lambda case: decisions.decide(case, current_user, draft, form.seen_version),
            _("Your decision is recorded."),
            to_next=request.form.get("then") == "next",
        )
    except RefusalIncomplete as incomplete:
        for code, label in zip(incomplete.missing, incomplete.labels(str(get_locale())), strict=True):
            form[code].errors = [_("A refusal must also say: %(missing)s", missing=label)]
    except RefusalNotAllowed:
        form.ground.errors = [_("This ground does not answer this right.")]
    except decisions.IdentityUnsettled:
        form.outcome.errors = [_("Check the identity first, or refuse because it is not established.")]
    return _refused(found, decision_form=form)


def _done(categories: list[str]) -> dict[str, str]:
    """Read what was done in each category, as typed; a category left empty is left out."""
    typed = {code: several_lines(request.form.get(f"done-{code}", ""))[:1000] for code in categories}
    return {code: text for code, text in typed.items() if text}


@blueprint.post("/requests/<reference>/second-opinion")
@requires(staff(Permission.GIVE_SECOND_OPINION))
def second_opinion(reference: str) -> Any:
    form = SecondOpinionForm()
    if form.validate() and form.agrees.data == "no" and not form.text.data:
        form.text.errors = [_("Say why you disagree")]
    if form.errors:
        return _refused(_find(reference), second_form=form)
    try:
        return _act(
            reference,
            lambda found: decisions.second(
                found, current_user, agrees=form.agrees.data == "yes", text=form.text.data, version=form.seen_version
            ),
            _("Your opinion is recorded."),
        )
    except decisions.SamePerson:
        form.agrees.errors = [_("The second opinion must come from somebody else.")]
    except decisions.OfficerNeeded:
        form.agrees.errors = [_("On this ground the privacy officer must give the second opinion.")]
    return _refused(_find(reference), second_form=form)


@blueprint.post("/requests/<reference>/question")
@requires(staff(Permission.DECIDE_REQUEST))
def ask(reference: str) -> Any:
    form = QuestionForm(prefix="question")
    if not form.validate():
        return _refused(_find(reference), question_form=form)
    return _act(
        reference,
        lambda found: correspondence.ask_clarification(found, current_user, form.text.data, form.seen_version),
        _("Your question is sent."),
    )


@blueprint.post("/requests/<reference>/extension")
@requires(staff(Permission.DECIDE_REQUEST))
def extend(reference: str) -> Any:
    found, form = _find(reference), ExtensionForm(prefix="extension")
    _fill_choices(found, case_facts(found, str(get_locale())), form)
    if not form.validate():
        return _refused(found, extension_form=form)
    reason = ExtensionReason(form.reason.data)
    try:
        return _act(
            reference,
            lambda case: correspondence.extend(case, current_user, reason, form.text.data, form.seen_version),
            _("Two more months are taken, and the customer is told why."),
        )
    except AlreadyExtended:
        form.reason.errors = [_("The period was extended once; it cannot be again.")]
    except ExtensionTooLate:
        form.reason.errors = [_("It is too late: the customer had to be told within the first month.")]
    return _refused(found, extension_form=form)


@blueprint.post("/requests/<reference>/copy")
@requires(staff(Permission.DECIDE_REQUEST))
def prepare_again(reference: str) -> Any:
    message = _("The copy is being made again.")
    return _act(reference, lambda found: answering.prepare_again(found, current_user), message)


@blueprint.post("/requests/<reference>/note")
@requires(staff(Permission.SEE_REQUEST))
def note(reference: str) -> Any:
    form = NoteForm(prefix="note")
    if not form.validate():
        return _refused(_find(reference), note_form=form)
    return _act(
        reference, lambda found: correspondence.add_note(found, current_user, form.text.data), _("The note is kept.")
    )


def _act(reference: str, act: Callable[[RightsRequest], Any], message: str = "", to_next: bool = False) -> Any:
    """Run one act on a case in its own transaction, and show the case, the next one, or what stood in the way."""
    next_reference = reference
    try:
        with transaction():
            act(_find(reference))
        if to_next:
            with transaction():
                taken = take_most_urgent(current_user)
                next_reference = taken.reference if taken else ""
    except (decisions.StaleCase, CaseClosed, InvalidStep, NothingToCheck, AlreadyChecked):
        found = _find(reference)
        history = full_history(found.id)[-5:]
        return render_template("rights/staff/stale.html", case=found, history=history, kept=_typed()), 409
    except HeldByAnother as held:
        return render_template("rights/staff/held.html", case=_find(reference), held=held, kept=_typed()), 409
    if message:
        flash(message, "success")
    if to_next and not next_reference:
        return redirect(url_for(".queue"), 303)
    return redirect(url_for(".case", reference=next_reference), 303)


def _typed() -> list[str]:
    """Return the texts of a form whose act was not done, so that nobody has to write them again."""
    return [text for name, text in request.form.items() if name.endswith(_TEXTS) or name.startswith("done-") if text]


def _refused(found: RightsRequest, **forms: PortalForm) -> tuple[str, int]:
    return _case_page(found, **forms), 422


def _find(reference: str) -> RightsRequest:
    """Return a case; nobody sees one of their own, whatever their role."""
    found = find_request(reference)
    if found is None:
        abort(404)
    try:
        check_not_own(found, current_user)
    except OwnCase:
        abort(403)
    return found
