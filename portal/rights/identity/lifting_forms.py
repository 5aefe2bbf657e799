"""The forms of the acts that lift a doubt. The numbers and addresses that may be used are handed in by the view."""

from collections.abc import Sequence

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from wtforms import Field, RadioField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import StopValidation

from portal.bilingual import long_date
from portal.identity_checks.proof.places import Place, find_place
from portal.rights.deciding.forms import CaseForm
from portal.rights.identity.lifting import CallResult
from portal.staff.approvals.forms import why_field
from portal.web.forms import LengthBetween, Needed


class ReachForm(CaseForm):
    """Choose where the person is reached, among the places that the company has held for long."""

    place = RadioField(_l("Where"), validators=[Needed(_l("Choose one of those that we hold."))])
    _offered: tuple[Place, ...] = ()

    def offer(self, places: Sequence[Place]) -> None:
        """Offer the places that may be used; one alone is chosen already."""
        self._offered = tuple(places)
        self.place.choices = [SelectChoice(place.code, _in_words(place)) for place in places]
        if len(places) == 1 and not self.is_submitted():
            self.place.data = places[0].code

    @property
    def chosen(self) -> Place:
        """The place that was chosen, of a form that is valid."""
        place = find_place(list(self._offered), self.place.data)
        assert place is not None
        return place


def _in_words(place: Place) -> str:
    since = long_date(place.since, get_locale(), weekday=False)
    return str(_l("%(place)s (since %(date)s)", place=", ".join(place.words.splitlines()), date=since))


class CallBackForm(ReachForm):
    result = RadioField(
        _l("What came of the call"),
        choices=[
            SelectChoice(CallResult.CONFIRMED, _l("The person says that they made this request")),
            SelectChoice(CallResult.MISSED, _l("The person was not reached")),
            SelectChoice(CallResult.DENIED, _l("The person says that they asked for nothing")),
        ],
        validators=[Needed(_l("Choose what came of the call."))],
    )


class PostedForm(CaseForm):
    number = StringField(
        _l("Number of the registered letter"),
        [Needed(_l("Enter the number that the post gave the letter.")), LengthBetween(most=40)],
    )


class LetterAnswerForm(CaseForm):
    """What became of a letter that was posted."""

    answer = RadioField(
        _l("What became of the letter"),
        choices=[
            SelectChoice("code", _l("The person gave its code back")),
            SelectChoice("returned", _l("The post brought it back")),
        ],
        validators=[Needed(_l("Choose what became of the letter."))],
    )
    code = StringField(_l("Code of the letter"), [LengthBetween(most=40)])

    def validate_code(self, field: Field) -> None:
        if self.answer.data == "code" and not field.data:
            raise StopValidation(_l("Enter the code of the letter."))


class ReasonForm(CaseForm):
    """The officer's reason, which a second person reads."""

    reason = why_field()
