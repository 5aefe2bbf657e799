"""The forms around the preferences: asking for a link, looking at a customer, switching off at their request."""

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    SelectChoice,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from portal.lookups.forms import OpeningForm, reason_field
from portal.preferences.purposes import FLAGS
from portal.web.forms import EmailAddress, LengthBetween, Needed, PortalForm

LONGEST_HOW = 200


class AddressForm(PortalForm):
    """Whose messages to stop, for somebody without a working link."""

    email = EmailField(
        _l("Your e-mail address"),
        [Needed(_l("Enter your e-mail address.")), LengthBetween(most=254), EmailAddress()],
        description=_l("The address that receives our messages."),
        render_kw={"autocomplete": "email", "spellcheck": "false"},
    )


class FindForm(OpeningForm):
    """One customer to look at, with the reason that the customer will read."""

    identifier = StringField(
        _l("Reference or e-mail address"),
        [Needed(_l("Enter a reference or an e-mail address.")), LengthBetween(most=254)],
        description=_l("The whole of it, exactly."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    reason = reason_field(_l("Why do you look at this customer’s choices?"), _l("Say why."))


class SwitchOffForm(PortalForm):
    """What a customer asked a staff member to switch off, and how they asked. `on` are the flags that are on."""

    flags = SelectMultipleField(
        _l("What the customer accepted"),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
        validate_choice=True,
    )
    is_objection = BooleanField(_l("The customer objects to all marketing"))
    how = StringField(
        _l("How did the customer ask?"),
        [
            Needed(_l("Say how the customer asked.")),
            LengthBetween(most=LONGEST_HOW),
        ],
        description=_l("Such as: call of 20 November. The customer reads these words."),
        render_kw={"autocomplete": "off"},
    )

    def __init__(self, on: list[str]) -> None:
        super().__init__()
        language = get_locale()
        self.flags.choices = [SelectChoice(flag, FLAGS[flag].label(language)) for flag in on]

    def validate_is_objection(self, field: Field) -> None:
        if not field.data and not self.flags.data:
            raise StopValidation(_l("Choose at least one thing to switch off."))
