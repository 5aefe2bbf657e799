"""The forms of the case page. Choices that depend on the case are handed in by the view."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import Optional
from wtforms.widgets import CheckboxInput, ListWidget

from portal.rights.lifecycle import ExtensionReason, Outcome
from portal.web.fields import DateField3
from portal.web.forms import LengthBetween, Needed, PortalForm

LONG_TEXT = 4000


class CaseForm(PortalForm):
    """What every act on a case carries: the version of the case that the page showed."""

    version = HiddenField()

    @property
    def seen_version(self) -> int:
        """The version of the case that the page showed; 0, which no case has, for anything else."""
        text = self.version.data or ""
        return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


class LookForm(PortalForm):
    reason = RadioField(
        _l("Why do you open it? The customer reads this answer."),
        validators=[Needed(_l("Say why you open the document"))],
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
        validators=[Needed(_l("Choose your finding"))],
    )
    reason = SelectField(_l("Reason, if another document is needed"), validators=[Optional()])
    message = TextAreaField(
        _l("Message to the customer"), description=_l("The customer reads this text. Say what to change."),
        validators=[LengthBetween(most=LONG_TEXT)],
    )  # fmt: skip


class DecisionForm(CaseForm):
    outcome = RadioField(
        _l("Decision"),
        choices=[
            SelectChoice(Outcome.GRANTED, _l("Grant")),
            SelectChoice(Outcome.PARTIAL, _l("Grant in part")),
            SelectChoice(Outcome.REFUSED, _l("Refuse")),
        ],
        validators=[Needed(_l("Choose your decision"))],
    )
    message = TextAreaField(
        _l("Answer to the customer"),
        description=_l("Plain words: what you did, or why you refuse. Grounds and remedies are added below it."),
        validators=[Needed(_l("Write the answer to the customer")), LengthBetween(most=LONG_TEXT)],
    )  # fmt: skip
    ground = SelectField(_l("Legal ground of a refusal"), validators=[Optional()])
    refused = StringField(
        _l("What you refuse"), description=_l("For a refusal, whole or in part."),
        validators=[LengthBetween(most=500)],
    )  # fmt: skip
    granted = StringField(
        _l("What you grant"), description=_l("Write “nothing” for a whole refusal."),
        validators=[LengthBetween(most=500)],
    )  # fmt: skip
    until = StringField(
        _l("Until when"), description=_l("A date or words: “31 December 2034”, “as long as your contract runs”."),
        validators=[LengthBetween(most=200)],
    )  # fmt: skip
    evidence = TextAreaField(
        _l("Evidence for the ground"), description=_l("Stays inside. Some grounds must be proven."),
        validators=[LengthBetween(most=LONG_TEXT)],
    )  # fmt: skip


class SecondOpinionForm(CaseForm):
    agrees = RadioField(
        _l("Your opinion"),
        choices=[
            SelectChoice("yes", _l("I agree: send the answer")),
            SelectChoice("no", _l("I disagree: back to review")),
        ],
        validators=[Needed(_l("Choose your opinion"))],
    )
    text = TextAreaField(_l("Why"), validators=[LengthBetween(most=LONG_TEXT)])


class QuestionForm(CaseForm):
    text = TextAreaField(
        _l("Your question to the customer"),
        validators=[Needed(_l("Write your question")), LengthBetween(most=LONG_TEXT)],
    )  # fmt: skip


class DoubtForm(CaseForm):
    text = TextAreaField(
        _l("Your doubt, in words the customer will read"),
        validators=[Needed(_l("Write what raises your doubt")), LengthBetween(most=LONG_TEXT)],
    )  # fmt: skip


class ExtensionForm(CaseForm):
    reason = RadioField(
        _l("Reason"), choices=[SelectChoice(item, item) for item in ExtensionReason],
        validators=[Needed(_l("Choose the reason"))],
    )  # fmt: skip
    text = TextAreaField(
        _l("The facts, in words the customer will read"),
        validators=[Needed(_l("Write the facts that make two more months necessary")), LengthBetween(most=LONG_TEXT)],
    )  # fmt: skip


class NoteForm(CaseForm):
    text = TextAreaField(
        _l("Internal note"), description=_l("Staff only. The customer does not see it."),
        validators=[Needed(_l("Write the note")), LengthBetween(most=LONG_TEXT)],
    )  # fmt: skip


class TakeInForm(PortalForm):
    """A request that came by another channel, in six fields."""

    email = StringField(
        _l("Customer’s e-mail address or number"),
        validators=[Needed(_l("Enter the customer’s e-mail address or number")), LengthBetween(most=254)],
    )  # fmt: skip
    channel = SelectField(_l("How it came"), validators=[Needed(_l("Choose how it came"))])
    right = SelectField(_l("Right"), validators=[Needed(_l("Choose the right"))])
    received_on = DateField3(
        _l("Date of receipt"), description=_l("The clock starts on this day."),
        validators=[Needed(_l("Enter the date of receipt"))],
    )  # fmt: skip
    words = TextAreaField(
        _l("The customer’s own words"),
        validators=[Needed(_l("Write down what the customer said")), LengthBetween(most=LONG_TEXT)],
    )  # fmt: skip
    is_on_behalf = BooleanField(
        _l("Somebody else asks on the customer’s behalf"),
        description=_l("Check who they are, and the mandate they hold, before anything leaves."),
    )
