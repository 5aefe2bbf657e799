"""The forms by which one item of a case is decided, its records apart, and what only words describe in parts."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, SelectMultipleField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import Optional

from portal.clock import PARIS
from portal.personal_data.outcomes import ItemOutcome
from portal.records.objections import uses_open_to_objection
from portal.rights.deciding.forms import CaseForm
from portal.rights.deciding.refusals import RefusalGround
from portal.rights.filing.forms import CheckboxesField
from portal.rights.items.deciding import Choice
from portal.rights.items.telling.wording import outcome_label
from portal.web.fields import DateField3
from portal.web.forms import LengthBetween, Needed

MOST_AT_ONCE = 100


class ItemForm(CaseForm):
    """What becomes of one item, and why."""

    outcome = RadioField(_l("What becomes of it"), validators=[Needed(_l("Choose what becomes of it."))])
    ground = SelectField(_l("Legal ground"), description=_l("For all but a yes."), validators=[Optional()])
    until_on = DateField3(
        _l("Kept until"),
        description=_l("Leave it empty where it stays as long as its reason lasts."),
    )

    def offer(self, outcomes: Iterable[ItemOutcome], may_ground: Iterable[RefusalGround]) -> None:
        """Offer what may be decided about an item, and on which grounds."""
        language = get_locale()
        self.outcome.choices = [SelectChoice(each.value, outcome_label(each, language)) for each in outcomes]
        grounds = [(ground.value, ground.label(language)) for ground in may_ground]
        self.ground.choices = [("", _("No ground")), *grounds]

    @property
    def choice(self) -> Choice:
        """What was chosen."""
        ground = RefusalGround(self.ground.data) if self.ground.data else None
        return Choice(ItemOutcome(self.outcome.data), ground, self.until_on.data)

    def say_unfit(self) -> None:
        """Write beside the ground that the outcome needs one."""
        self.ground.errors = [_("Choose the ground: the letter owes the person a reason.")]


class RecordsForm(ItemForm):
    """Records of an item that are decided apart: those that were ticked, or all of a span of days."""

    records = SelectMultipleField(_l("Records"), choices=[], validate_choice=False)
    from_on = DateField3(_l("Or all from"))
    to_on = DateField3(_l("to"))

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """The first and last instant of the days that were named; None where none was."""
        first, last = self.from_on.data, self.to_on.data
        if not first or not last:
            return None
        return _begins(first), _begins(last + timedelta(days=1)) - timedelta(microseconds=1)

    def validate(self, extra_validators: Any = None) -> bool:
        """Check also that records or a span are named, and no more than one page shows."""
        is_valid = bool(super().validate(extra_validators))
        is_span = bool(self.from_on.data or self.to_on.data)
        if is_span and (self.span is None or self.span[0] > self.span[1]):
            self.from_on.errors = [_("Name both days, the first one first.")]
        elif not is_span and not 0 < len(self.records.data or []) <= MOST_AT_ONCE:
            self.records.errors = [_("Tick the records, or name a span of days.")]
        else:
            return is_valid
        return False


def _begins(day: date) -> datetime:
    return datetime.combine(day, time(), PARIS)


class PartForm(CaseForm):
    """A part of what only words describe, to be decided apart."""

    words = StringField(
        _l("The part to decide apart"),
        description=_l("In words that the customer will read: “my date of birth”."),
        validators=[Needed(_l("Name the part.")), LengthBetween(most=200)],
    )


class UsesForm(CaseForm):
    """The uses that an objection in words is about, each to be weighed by itself."""

    purposes = CheckboxesField(
        _l("Uses that rest on our interest"),
        description=_l("They are held back from now on, and each is weighed on its own page."),
        validators=[Needed(_l("Tick at least one use."))],
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.purposes.choices = [(use.code, use.label.text(get_locale())) for use in uses_open_to_objection()]
