"""The reason of whoever proposes, and the form in which the second person answers."""

from enum import StrEnum

from flask_babel import lazy_gettext as _l
from wtforms import Field, RadioField, SelectChoice, TextAreaField
from wtforms.validators import StopValidation

from portal.web.forms import LengthBetween, Needed, PortalForm

LONGEST_WORDS = 2000


def why_field() -> TextAreaField:
    """Return the field for why something is proposed, which the second person reads."""
    return TextAreaField(
        _l("Why"),
        [Needed(_l("Say why: the second person reads it.")), LengthBetween(most=LONGEST_WORDS)],
        description=_l("Nothing is done before another member seconds it. They read this."),
    )


class ProposalForm(PortalForm):
    """Propose something that has nothing to choose."""

    reason = why_field()


class Answer(StrEnum):
    SECOND = "second"
    """Yes, and it is carried out."""
    DECLINE = "decline"
    """No, with words for the author."""


class AnswerForm(PortalForm):
    answer = RadioField(
        _l("Your answer"),
        [Needed(_l("Choose whether you second or decline."))],
        choices=[
            SelectChoice(Answer.SECOND, _l("I second it: it is carried out at once")),
            SelectChoice(Answer.DECLINE, _l("I decline it: nothing is changed")),
        ],
    )
    words = TextAreaField(
        _l("Your words"),
        [LengthBetween(most=LONGEST_WORDS)],
        description=_l("Whoever proposed it reads them. Needed when you decline."),
    )

    def validate_words(self, field: Field) -> None:
        if self.answer.data == Answer.DECLINE and not field.data:
            raise StopValidation(_l("Say why you decline."))
