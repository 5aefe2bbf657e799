"""The staff's forms. Checks that need the database are in the use cases, not here."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    HiddenField,
    PasswordField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import StopValidation
from wtforms.widgets import CheckboxInput, ListWidget

from portal.access.forms import check_new_password
from portal.access.permissions import Role
from portal.access.tokens import OF_ONE_SYSTEM, SCOPES
from portal.organisation import Organisation
from portal.staff.approvals.forms import why_field
from portal.web.fields import NameField
from portal.web.forms import EmailAddress, LengthBetween, Needed, PortalForm

TOKEN_DAYS = (30, 90, 180, 365)
SCOPE_LABELS = {
    "preferences:read": _l("Read the preferences of the customers that it names"),
    "preferences:list": _l("Read the preferences of all customers, and their changes"),
    "records:write": _l("Send customers and their records"),
    OF_ONE_SYSTEM: _l("Read what one system has to do, and confirm it"),
}


SHORTEST = 15


def _role_field(label: Any) -> SelectField:
    return SelectField(
        label,
        coerce=Role,
        choices=lambda: [SelectChoice(role.value, role.label) for role in Role],
    )


class SignInForm(PortalForm):
    email = EmailField(
        _l("E-mail address"),
        [Needed(_l("Enter your e-mail address.")), LengthBetween(most=254)],
        render_kw={"autocomplete": "username", "spellcheck": "false"},
    )
    password = PasswordField(
        _l("Password"),
        [Needed(_l("Enter your password."))],
        render_kw={"autocomplete": "current-password"},
    )


def _new_password_field(label: Any) -> PasswordField:
    return PasswordField(
        label,
        [Needed(_l("Choose a password."))],
        description=_l("At least %(least)s characters, such as four or five words in a row.", least=SHORTEST),
        render_kw={"autocomplete": "new-password"},
    )


class NewPasswordForm(PortalForm):
    """A password to come in with. `names` are words that it must not be made of."""

    password = _new_password_field(_l("Choose a password"))

    def __init__(self, names: list[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = names

    def validate_password(self, field: Field) -> None:
        check_new_password(field, self.names, shortest=SHORTEST)


class ChangePasswordForm(NewPasswordForm):
    current = PasswordField(
        _l("Current password"),
        [Needed(_l("Enter your current password."))],
        render_kw={"autocomplete": "current-password"},
    )
    password = _new_password_field(_l("New password"))


class InviteForm(PortalForm):
    name = NameField(
        _l("Name of the person"),
        [Needed(_l("Enter the person’s name.")), LengthBetween(most=200)],
        description=_l("As colleagues know them. Customers never see it."),
        render_kw={"autocomplete": "off"},
    )
    email = EmailField(
        _l("E-mail address of the person"),
        [Needed(_l("Enter the person’s e-mail address.")), LengthBetween(most=254), EmailAddress()],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    role = _role_field(_l("Role"))
    reason = why_field()


class RoleForm(PortalForm):
    role = _role_field(_l("New role"))
    reason = why_field()


class ReviewForm(PortalForm):
    """The confirmation of a review of rights. `seen` is the digest of the list that was shown."""

    seen = HiddenField()
    is_read = BooleanField(
        _l("I have read the whole list, and everybody on it needs the role they have."),
        [Needed(_l("Read the list, change what must change, then tick the box."))],
    )


class TokenForm(PortalForm):
    name = StringField(
        _l("Name of the system"),
        [Needed(_l("Name the system that will use the token.")), LengthBetween(most=100)],
        description=_l("The system that will use it, so that you recognise it later."),
        render_kw={"autocomplete": "off"},
    )
    scopes = SelectMultipleField(
        _l("What it may do"),
        [Needed(_l("Choose at least one thing that the token may do."))],
        choices=[SelectChoice(scope, SCOPE_LABELS[scope]) for scope in SCOPES],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    system = SelectField(
        _l("Whose instructions"),
        default="",
        choices=[SelectChoice("", _l("No system"))],
        description=_l("Only for a token that confirms what a system has to do: it is bound to that one."),
    )
    days = SelectField(
        _l("How long it works"),
        coerce=int,
        default=90,
        choices=[SelectChoice(days, _l("%(days)s days", days=days)) for days in TOKEN_DAYS],
    )
    reason = why_field()

    def offer(self, organisation: Organisation, language: str) -> None:
        """Offer the systems of the organisation file, those of recipients included."""
        named = [(each.code, each.name.text(language)) for each in organisation.systems]
        named += [(each.code, each.shown_name(language)) for each in organisation.recipients]
        self.system.choices = [*self.system.choices, *(SelectChoice(code, name) for code, name in named)]

    def validate_system(self, field: Field) -> None:
        if bool(field.data) is not (OF_ONE_SYSTEM in (self.scopes.data or ())):
            raise StopValidation(_l("Choose a system for a token that confirms instructions, and for no other."))
