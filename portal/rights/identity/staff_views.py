"""How staff establish who asks: open the document, record a finding, ask for a document because of a doubt."""

from typing import Any

from flask import request, session
from flask_babel import gettext as _
from flask_login import current_user

from portal.access.declare import requires, staff
from portal.access.permissions import Permission
from portal.identity_checks.documents.viewing import begin_look, has_opened
from portal.identity_checks.models import CheckResult, IdentityCheck
from portal.identity_checks.queries import documents_of, pending_check
from portal.infrastructure.database import transaction
from portal.rights.deciding.case_staff_views import acted, find_case, refused
from portal.rights.identity import review
from portal.rights.identity.forms import DoubtForm, IdentityForm, LookForm, ProofLookForm
from portal.rights.queue.claims import claim
from portal.rights.staff_blueprint import blueprint


@blueprint.post("/requests/<reference>/look")
@requires(staff(Permission.SEE_DOCUMENT))
def look(reference: str) -> Any:
    """Take the case, unless a colleague holds it, and open its document, or its proof, for the reason given."""
    of_value = request.args.get("at") == "proof"
    form = ProofLookForm(prefix="proof") if of_value else LookForm(prefix="look")
    if not form.validate():
        return refused(reference, **{"proof_form" if of_value else "look_form": form})
    with transaction():
        found = find_case(reference)
        claim(found, current_user)
        begin_look(session, current_user, review.check_to_open(found, of_value=of_value), form.reason.data)
    return acted(reference)


@blueprint.post("/requests/<reference>/identity")
@requires(staff(Permission.CHECK_IDENTITY))
def identity(reference: str) -> Any:
    found, form = find_case(reference), IdentityForm()
    check = pending_check(found.id)
    documents = documents_of(check) if check else []
    form.offer(review.points_of(found, documents), review.reasons_of(documents))
    is_valid = form.validate()
    try:
        with transaction():
            found = find_case(reference)
            if is_valid:
                review.review_identity(found, current_user, _finding(form), form.seen_version, has_opened=_has_opened)
            elif check and form.result.data == CheckResult.CONFIRMED:
                # What else is in the way is told in the same round.
                review.check_confirmable(found, check, _ticked(form), _has_opened)
    except review.Unconfirmed as fault:
        is_valid = False
        form.say(fault)
    if not is_valid:
        return refused(reference, identity_form=form)
    return acted(reference, _("Your finding is recorded. The document is being destroyed."))


def _finding(form: IdentityForm) -> review.Finding:
    reason = form.reason.data or None
    return review.Finding(CheckResult(form.result.data), reason, form.message.data, _ticked(form))


def _ticked(form: IdentityForm) -> frozenset[str]:
    return frozenset(form.checklist.data or ())


def _has_opened(check: IdentityCheck) -> bool:
    return has_opened(session, current_user, check)


@blueprint.post("/requests/<reference>/doubt")
@requires(staff(Permission.CHECK_IDENTITY))
def doubt(reference: str) -> Any:
    form = DoubtForm(prefix="doubt")
    if not form.validate():
        return refused(reference, doubt_form=form)
    try:
        with transaction():
            review.ask_for_document(find_case(reference), current_user, form.text.data, version=form.seen_version)
    except review.DocumentNotAllowed:
        form.text.errors = [_("The law asks for no document for this right.")]
        return refused(reference, doubt_form=form)
    return acted(reference, _("The customer is asked for a document."))
