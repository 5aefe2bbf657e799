"""What customers type to come in. Passwords are taken exactly as typed, and no mixture of characters is demanded."""

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import EmailField, Field, PasswordField
from wtforms.form import BaseForm
from wtforms.validators import StopValidation

from portal.access.forms import check_new_password
from portal.customers.addresses import normalise_address
from portal.web.fields import NameField
from portal.web.forms import EmailAddress, LengthBetween, Message, Needed, PortalForm

SHORTEST = 12
LONGEST_NAME = 200


class NewPassword:
    """Validator of a new password. The form's `own_names` are what the password must not be made of."""

    def __call__(self, form: "AddressKnown", field: Field) -> None:
        check_new_password(field, form.own_names, shortest=SHORTEST)


class AddressKnown(PortalForm):
    """A form with a new password. The view sets `own_names`: the address and the names of its owner."""

    own_names: Sequence[str] = ()


def _address_field(label: Any = None) -> EmailField:
    return EmailField(
        label or _l("E-mail address"),
        validators=[Needed(_l("Enter your e-mail address.")), EmailAddress()],
        render_kw={"spellcheck": "false", "autocapitalize": "none"},
    )


def _new_password_field(label: Any) -> PasswordField:
    return PasswordField(
        label,
        description=_l("At least 12 characters. Several words in a row are easy to remember."),
        validators=[Needed(_l("Choose a password.")), NewPassword()],
    )


class NeededUnless(Needed):
    """The field must hold something unless another one does: some people have one name only."""

    def __init__(self, other: str, message: Message) -> None:
        super().__init__(message)
        self.other = other

    def __call__(self, form: BaseForm, field: Field) -> None:
        if not form[self.other].data:
            super().__call__(form, field)


class RegisterForm(AddressKnown):
    given_name = NameField(
        _l("Given name"),
        validators=[NeededUnless("family_name", _l("Enter your given name.")), LengthBetween(most=LONGEST_NAME)],
        description=_l("If you have one name only, fill in one of the two."),
    )
    family_name = NameField(
        _l("Family name"),
        validators=[NeededUnless("given_name", _l("Enter your family name.")), LengthBetween(most=LONGEST_NAME)],
    )
    email = _address_field()
    password = _new_password_field(_l("Choose a password"))

    @property
    def own_names(self) -> Sequence[str]:  # type: ignore[override]
        return [self.email.data or "", self.given_name.data or "", self.family_name.data or ""]


class SignInForm(PortalForm):
    email = _address_field()
    password = PasswordField(_l("Password"), validators=[Needed(_l("Enter your password."))])


class ForgottenForm(PortalForm):
    email = _address_field()


class ResetForm(AddressKnown):
    password = _new_password_field(_l("New password"))


class ConfirmForm(PortalForm):
    """The button that confirms an address, where this browser registered it."""


class ConfirmElsewhereForm(ConfirmForm):
    """The same in any other browser, where the password chosen at registration shows who registered."""

    password = PasswordField(
        _l("Password that you chose when you created the account"),
        validators=[Needed(_l("Enter your password."))],
    )


class ChangeAddressForm(PortalForm):
    """A new address to sign in with. The view sets `own_address`, the present one."""

    own_address = ""
    email = _address_field(_l("New e-mail address"))

    def validate_email(self, field: Field) -> None:
        if normalise_address(field.data) == normalise_address(self.own_address):
            raise StopValidation(_("This is your sign-in address already. Enter another one."))


class DenyForm(PortalForm):
    """The button by which somebody says that a change was not theirs."""


class ChangePasswordForm(AddressKnown):
    current_password = PasswordField(_l("Current password"), validators=[Needed(_l("Enter your current password."))])
    new_password = _new_password_field(_l("New password"))
