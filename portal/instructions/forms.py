"""What somebody answers who was told by mail."""

from flask_babel import lazy_gettext as _l
from wtforms import Field, RadioField, SelectChoice, TextAreaField
from wtforms.validators import StopValidation

from portal.instructions.acknowledging import Result
from portal.web.forms import LengthBetween, Needed, PortalForm

REASONS = (
    SelectChoice(Result.NOT_HELD.value, _l("Nothing of the kind is held there")),
    SelectChoice(Result.IMPOSSIBLE.value, _l("It is impossible")),
    SelectChoice(Result.DISPROPORTIONATE.value, _l("The effort would be disproportionate")),
)
MOST = 2000


class AnswerForm(PortalForm):
    result = RadioField(
        _l("What came of it"),
        [Needed(_l("Choose what came of it."))],
        choices=[SelectChoice(Result.DONE.value, _l("It is done")), *REASONS],
    )
    words = TextAreaField(
        _l("Why, if it is not done"), [LengthBetween(most=MOST)],
        description=_l("Our privacy officer reads it. Name nobody."), render_kw={"rows": "3"},
    )  # fmt: skip

    def validate_words(self, field: Field) -> None:
        if self.result.data in {choice.value for choice in REASONS} and not (field.data or "").strip():
            raise StopValidation(_l("Say why it is not done."))
