"""The forms of checking who asks. The view hands in the choices that depend on the document."""

from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, SelectMultipleField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from portal.identity_checks.proof.paper_checks import CheckItem, RejectReason
from portal.lookups.access_log import PROOF_REASONS, reason_choices
from portal.rights.deciding.forms import LONG_TEXT, CaseForm
from portal.rights.identity.review import Unconfirmed
from portal.web.forms import LengthBetween, Needed, PortalForm

# A message that names more points than this is hard to read, and the page shows the open boxes anyway.
NAMED_AT_MOST = 3


class LookForm(PortalForm):
    reason = RadioField(
        _l("Why do you open it? The customer reads this answer."),
        choices=lambda: reason_choices(get_locale()),
        validators=[Needed(_l("Say why you open the document."))],
    )


class ProofLookForm(LookForm):
    """The same, of what proves a value to correct."""

    reason = RadioField(
        _l("Why do you open it? The customer reads this answer."),
        choices=lambda: reason_choices(get_locale(), PROOF_REASONS),
        validators=[Needed(_l("Say why you open the document."))],
    )


class IdentityForm(CaseForm):
    checklist = SelectMultipleField(
        _l("Points to check"),
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
        validators=[Optional()],
    )
    result = RadioField(
        _l("Your finding"),
        choices=[
            SelectChoice("confirmed", _l("Identity confirmed")),
            SelectChoice("asked_again", _l("Ask for another document")),
            SelectChoice("rejected", _l("Identity not established")),
        ],
        validators=[Needed(_l("Choose your finding."))],
    )
    reason = SelectField(_l("Reason, if another document is needed"), validators=[Optional()])
    message = TextAreaField(
        _l("Message to the customer"), description=_l("The customer reads this text. Say what to change."),
        validators=[LengthBetween(most=LONG_TEXT)],
    )  # fmt: skip

    def offer(self, points: tuple[CheckItem, ...], reasons: tuple[RejectReason, ...]) -> None:
        """Offer the points and the reasons that fit the paper that was given."""
        language = get_locale()
        self.checklist.choices = [(point.value, point.label(language)) for point in points]
        known = [(reason.value, reason.label(language)) for reason in reasons]
        self.reason.choices = [("", _("Choose a reason")), *known]

    def validate(self, extra_validators: Any = None) -> bool:
        is_valid = bool(super().validate(extra_validators))
        if self.result.data in {"asked_again", "rejected"} and not self.reason.data:
            self.reason.errors = [_("Choose the reason.")]
            return False
        return is_valid

    def say(self, fault: Unconfirmed) -> None:
        """Write beside the fields concerned everything for which the finding cannot be recorded."""
        if fault.missing and len(fault.missing) <= NAMED_AT_MOST:
            points = ", ".join(point.label(get_locale()) for point in fault.missing)
            self.checklist.errors = [_("Still to check: %(points)s.", points=points)]
        elif fault.missing:
            self.checklist.errors = [_("Still to check: %(count)s points.", count=len(fault.missing))]
        if fault.is_awaited:
            self.result.errors = [_("The document is not whole, or waits for the scanner: you cannot confirm it yet.")]
        elif fault.is_unseen:
            self.result.errors = [_("Open the document before you confirm.")]


class DoubtForm(CaseForm):
    text = TextAreaField(
        _l("Your doubt, in words the customer will read"),
        validators=[Needed(_l("Write what raises your doubt.")), LengthBetween(most=LONG_TEXT)],
    )  # fmt: skip
