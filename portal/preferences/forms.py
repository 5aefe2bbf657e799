"""The forms of the preferences: one pair of buttons for each choice, nothing marked that was not chosen."""

from enum import StrEnum
from typing import Any

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    HiddenField,
    IntegerField,
    RadioField,
    SelectChoice,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import AnyOf, Optional, StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from portal.preferences.purposes import FLAG_CODES, FLAGS
from portal.staff.customer_lookup import LONGEST_REASON, SHORTEST_REASON
from portal.web.forms import EmailAddress, LengthBetween, Needed, PortalForm, stripped

ACCEPT, REFUSE = "accept", "refuse"
LONGEST_HOW = 200


class Action(StrEnum):
    """What the page was asked to do."""

    SAVE = "save"
    REFUSE_EVERYTHING = "refuse_everything"
    ACCEPT_EVERYTHING = "accept_everything"
    PUT_BACK = "put_back"
    """Give back the e-mails that an unsubscribe link has just stopped."""


class PreferencesForm(PortalForm):
    """Every choice of the page, by its flag. `seen` tells which choices the page was drawn with."""

    action = HiddenField(validators=[AnyOf(list(Action))], default=Action.SAVE)
    seen = IntegerField(default=0, validators=[Optional()])

    @property
    def answers(self) -> dict[str, bool]:
        """What was chosen; what was left open is not in it."""
        return {flag: self[flag].data == ACCEPT for flag in FLAG_CODES if self[flag].data in (ACCEPT, REFUSE)}


for _flag in FLAG_CODES:
    _choices = [SelectChoice(ACCEPT, _l("Accept")), SelectChoice(REFUSE, _l("Refuse"))]
    setattr(PreferencesForm, _flag, RadioField(choices=_choices, validators=[Optional()]))


class AddressForm(PortalForm):
    """Whose messages to stop, for somebody without a working link."""

    email = EmailField(
        _l("Your e-mail address"),
        [Needed(_l("Enter your e-mail address.")), LengthBetween(most=254), EmailAddress()],
        filters=[stripped],
        description=_l("The address that receives our messages."),
        render_kw={"autocomplete": "email", "spellcheck": "false"},
    )


def _reason(label: Any) -> TextAreaField:
    return TextAreaField(
        label,
        [
            Needed(_l("Say why.")),
            LengthBetween(
                SHORTEST_REASON,
                LONGEST_REASON,
                _l("Say a little more: at least %(least)s characters.", least=SHORTEST_REASON),
            ),
        ],
        filters=[stripped],
        description=_l("The customer reads these words. Write nothing here that they should not know."),
        render_kw={"rows": "3"},
    )


class FindForm(PortalForm):
    """One customer to look at, with the reason that the customer will read."""

    identifier = StringField(
        _l("Reference or e-mail address"),
        [Needed(_l("Enter a reference or an e-mail address.")), LengthBetween(most=254)],
        filters=[stripped],
        description=_l("The whole of it, exactly."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    reason = _reason(_l("Why do you look at this customer’s choices?"))


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
        filters=[stripped],
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
