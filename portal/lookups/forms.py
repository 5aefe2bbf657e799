"""The form that opens a customer's file."""

from typing import Any

from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, RadioField, StringField, TextAreaField
from wtforms.validators import StopValidation

from portal.infrastructure.references import read_reference
from portal.lookups.opening import LONGEST_REASON, SHORTEST_REASON, NotOpened
from portal.personal_data.restrictions.grounds import UseReason
from portal.personal_data.restrictions.wording import use_label
from portal.web.forms import LengthBetween, Needed, PortalForm


def reason_field(label: Any, needed: Any) -> TextAreaField:
    """Return the field for a reason that the customer will read; `needed` is the message when it is empty."""
    return TextAreaField(
        label,
        [Needed(needed), LengthBetween(SHORTEST_REASON, LONGEST_REASON)],
        description=_l("The customer reads these words. Write nothing here that they should not know."),
        render_kw={"rows": "3"},
    )


def use_reason_field() -> RadioField:
    """Return the field for why restricted data are used; it is shown only once something turns out to be restricted."""
    return RadioField(
        _l("Why may these data be used?"),
        description=_l(
            "They are on hold at the customer’s request. The law knows four reasons; the customer reads yours."
        ),
        validate_choice=False,
    )


def not_opened(why: NotOpened) -> str:
    """Return why no file is opened, for the staff member who named the customer."""
    if why is NotOpened.RESTRICTED:
        return str(_("These data are on hold. Choose one of the four reasons, or leave them alone."))
    if why is NotOpened.UNKNOWN:
        return str(_("No customer fits exactly. Check each letter, or ask for a customer number."))
    return str(_("This is your own file: a colleague has to do it."))


class NamingForm(PortalForm):
    """A form that names one customer, in its field `identifier`."""

    def say_why_not(self, why: NotOpened | None) -> None:
        """Write beside the field why the file is not opened, where the customer is the reason."""
        if why:
            self["use_reason" if why is NotOpened.RESTRICTED else "identifier"].errors = [not_opened(why)]


class OpeningForm(NamingForm):
    """A form that opens something of one customer, which may be restricted."""

    use_reason = use_reason_field()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        language = get_locale()
        self.use_reason.choices = [(reason.value, use_label(reason, language)) for reason in UseReason]

    @property
    def because(self) -> UseReason | None:
        """The reason that was chosen, or None."""
        chosen = self.use_reason.data
        return UseReason(chosen) if chosen in list(UseReason) else None

    is_held = False
    """Whether something that the form opened before is restricted."""

    @property
    def asks_use_reason(self) -> bool:
        """Whether the page shows the question."""
        return self.is_held or bool(self.use_reason.errors or self.because)


class LookupForm(OpeningForm):
    identifier = StringField(
        _l("E-mail address, customer number or reference"),
        [Needed(_l("Enter an e-mail address, a customer number or a reference.")), LengthBetween(most=254)],
        description=_l("The whole of it, exactly: there is no search by part of a name."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    reason = reason_field(_l("Why do you open this file?"), _l("Say why you open this file."))
    request_reference = StringField(
        _l("Case reference (if there is one)"),
        [LengthBetween(most=40)],
        description=_l("Such as DR-2026-00431."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )

    def say_no_such_case(self) -> None:
        """Write beside the reference that the customer has no such case."""
        self.request_reference.errors = [_("This customer has no case with this reference.")]

    def validate_request_reference(self, field: Field) -> None:
        if field.data and read_reference(field.data) is None:
            raise StopValidation(_l("Write the case reference as DR-2026-00431, or leave it empty."))
