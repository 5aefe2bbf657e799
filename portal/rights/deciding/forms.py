"""The forms of deciding. Choices that depend on the case are handed in by the view."""

from collections.abc import Iterable

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField, RadioField, SelectField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import Optional, StopValidation

from portal.rights.deciding.decisions import DecisionFault, Draft, IdentityUnsettled, NotReady, NotWeighed
from portal.rights.deciding.refusals import RefusalGround, RefusalIncomplete, RefusalNotAllowed
from portal.rights.items.deciding import Way
from portal.rights.lifecycle import ExtensionReason, SecondOpinion
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


class DecisionForm(CaseForm):
    way = RadioField(
        _l("Decision"),
        choices=[
            SelectChoice(Way.PROPOSED, _l("As decided, item by item")),
            SelectChoice(Way.REFUSED, _l("Refuse everything")),
        ],
        validators=[Needed(_l("Choose your decision."))],
    )
    message = TextAreaField(
        _l("Answer to the customer"),
        description=_l(
            "Plain words, for the person. What becomes of each item, grounds, days and remedies are added below it."
        ),
        validators=[Needed(_l("Write the answer to the customer.")), LengthBetween(most=LONG_TEXT)],
    )  # fmt: skip
    ground = SelectField(_l("Legal ground of a refusal"), validators=[Optional()])
    until_on = DateField3(
        _l("Kept until"), description=_l("Leave it empty where it stays as long as its reason lasts.")
    )
    evidence = TextAreaField(
        _l("Evidence for the ground"), description=_l("Stays inside. Some grounds must be proven."),
        validators=[LengthBetween(most=LONG_TEXT)],
    )  # fmt: skip

    def offer_grounds(self, grounds_of_all: Iterable[RefusalGround], *, may_refuse: bool = True) -> None:
        """Offer the grounds on which all of a request may be refused.

        Args:
            may_refuse: False for what nobody may refuse: then neither a ground nor a refusal is offered.
        """
        grounds = [(ground.value, ground.label(get_locale())) for ground in grounds_of_all if may_refuse]
        self.ground.choices = [("", _("No refusal")), *grounds]
        if not may_refuse:
            self.way.choices = [choice for choice in self.way.choices if choice.value == Way.PROPOSED]

    @property
    def draft(self) -> Draft:
        """What was typed."""
        return Draft(
            way=Way(self.way.data),
            message=self.message.data or "",
            ground=RefusalGround(self.ground.data) if self.ground.data else None,
            until_on=self.until_on.data,
            evidence=self.evidence.data or "",
        )

    def say(self, not_ready: NotReady) -> None:
        """Write beside the fields concerned why the decision cannot leave. What a field says already stays."""
        for fault in not_ready.faults:
            self._say(fault)

    def _say(self, fault: DecisionFault) -> None:
        match fault:
            case RefusalIncomplete():
                labels = zip(fault.missing, fault.labels(get_locale()), strict=True)
                # The reasons are the answer to the customer, which says itself that it is empty.
                for code, label in ((code, label) for code, label in labels if code in self):
                    self[code].errors = self[code].errors or [_("A refusal must also say: %(missing)s.", missing=label)]
            case RefusalNotAllowed():
                self.ground.errors = [_("This ground does not answer this right.")]
            case NotWeighed():
                names = ", ".join(fault.names)
                self.way.errors = [_("Weigh these uses first, each on its own page: %(names)s.", names=names)]
            case IdentityUnsettled():
                self.way.errors = [_("Check the identity first, or refuse because it is not established.")]


class SecondOpinionForm(CaseForm):
    agrees = RadioField(
        _l("Your opinion"),
        choices=[
            SelectChoice("yes", _l("I agree: send the answer")),
            SelectChoice("no", _l("I disagree: back to review")),
        ],
        validators=[Needed(_l("Choose your opinion."))],
    )
    text = TextAreaField(_l("Why"), validators=[LengthBetween(most=LONG_TEXT)])

    @property
    def opinion(self) -> SecondOpinion:
        return SecondOpinion.AGREES if self.agrees.data == "yes" else SecondOpinion.DISAGREES

    def validate_text(self, field: Field) -> None:
        if self.agrees.data == "no" and not field.data:
            raise StopValidation(_l("Say why you disagree."))


class QuestionForm(CaseForm):
    text = TextAreaField(
        _l("Your question to the customer"),
        validators=[Needed(_l("Write your question.")), LengthBetween(most=LONG_TEXT)],
    )  # fmt: skip


class ExtensionForm(CaseForm):
    reason = RadioField(
        _l("Reason"), choices=lambda: [(item.value, item.label(get_locale())) for item in ExtensionReason],
        validators=[Needed(_l("Choose the reason."))],
    )  # fmt: skip
    text = TextAreaField(
        _l("The facts, in words the customer will read"),
        validators=[Needed(_l("Write the facts that make two more months necessary.")), LengthBetween(most=LONG_TEXT)],
    )  # fmt: skip


class NoteForm(CaseForm):
    text = TextAreaField(
        _l("Internal note"), description=_l("Staff only. The customer does not see it."),
        validators=[Needed(_l("Write the note.")), LengthBetween(most=LONG_TEXT)],
    )  # fmt: skip
