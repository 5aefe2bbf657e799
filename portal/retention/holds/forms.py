"""The forms by which an officer places a legal hold, looks at it again, and proposes to lift it."""

from datetime import date

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import StopValidation

from portal import clock
from portal.lookups.forms import NamingForm
from portal.personal_data.categories import CATEGORIES
from portal.personal_data.holds.grounds import HoldGround
from portal.personal_data.holds.placing import LONGEST
from portal.web.fields import DateField3
from portal.web.forms import LengthBetween, Needed, PortalForm


def _check_review(field: Field) -> None:
    day: date = field.data
    if not clock.today() < day <= clock.today() + LONGEST:
        raise StopValidation(_l("The review must be after today, within six months."))


class PlaceForm(NamingForm):
    identifier = StringField(
        _l("E-mail address, customer number or reference"),
        [Needed(_l("Enter an e-mail address, a customer number or a reference.")), LengthBetween(most=254)],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    category = SelectField(_l("What is kept"))
    ground = RadioField(_l("Ground of the hold"), [Needed(_l("Choose the ground of the hold."))])
    words = TextAreaField(
        _l("Why it is kept"),
        [Needed(_l("Say why, for whoever reviews the hold.")), LengthBetween(10, 500)],
        render_kw={"rows": "3"},
    )
    review_on = DateField3(
        _l("To be reviewed"), [Needed(_l("Enter the day of the review."))],
        description=_l("Within six months. A late review lifts nothing."),
    )  # fmt: skip
    is_secret = BooleanField(
        _l("The customer is not told"),
        description=_l("Only where telling would defeat the ground, such as a fraud under way. Say why above."),
    )

    def offer(self) -> None:
        """Offer categories and grounds in the reader's language, and the latest day of review to begin with."""
        language = str(get_locale())
        everything = [("", str(_l("Everything")))]
        self.category.choices = everything + [(each.value, each.label(language)) for each in CATEGORIES]
        self.ground.choices = [(ground.value, ground.label(language).capitalize()) for ground in HoldGround]

    def say_that_an_erasure_has_begun(self) -> None:
        """Write beside the customer that nothing of theirs can be held back now."""
        self["identifier"].errors = [
            str(_("An erasure of this person has begun: what it leaves can be held when it is over."))
        ]

    def validate_review_on(self, field: Field) -> None:
        _check_review(field)


class ReviewForm(PortalForm):
    review_on = DateField3(_l("Next review"), [Needed(_l("Enter the day of the review."))])

    def validate_review_on(self, field: Field) -> None:
        _check_review(field)


class LiftForm(PortalForm):
    reason = TextAreaField(
        _l("Why it can be lifted"),
        [Needed(_l("Say why the hold can be lifted.")), LengthBetween(10, 500)],
        render_kw={"rows": "3"},
    )
