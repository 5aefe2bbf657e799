"""Forms of the second factor, for staff and customers: what people type, and what their browser sends."""

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, PasswordField, StringField

from portal.access.passkeys import LONGEST_NAME
from portal.web.fields import CodeField
from portal.web.forms import LengthBetween, Needed, PortalForm


class CodeForm(PortalForm):
    code = CodeField(
        _l("Code"),
        [Needed(_l("Enter the code.")), LengthBetween(most=40)],
        description=_l("The six digits that your app shows now, or one of your recovery codes."),
        render_kw={"autocomplete": "one-time-code", "spellcheck": "false", "autocapitalize": "characters"},
    )


class AppCodeForm(PortalForm):
    """Takes a code of the app only, to set the app up: a recovery code would not prove that the app works."""

    code = CodeField(
        _l("Code"),
        [Needed(_l("Enter the code.")), LengthBetween(most=40)],
        description=_l("The six digits that your app shows now."),
        render_kw={"autocomplete": "one-time-code", "spellcheck": "false", "inputmode": "numeric"},
    )


class PasskeyForm(PortalForm):
    """What the browser answers for a passkey, as JSON; a script writes it (static/js/passkeys.js)."""

    credential = HiddenField()


class NewPasskeyForm(PasskeyForm):
    name = StringField(
        _l("Name of the passkey"),
        description=_l("Where it is kept, so that you recognise it later: a telephone, a computer, a security key."),
        render_kw={"autocomplete": "off", "maxlength": LONGEST_NAME},
    )


class PasswordAgainForm(PortalForm):
    password = PasswordField(
        _l("Your password"),
        [Needed(_l("Enter your password."))],
        render_kw={"autocomplete": "current-password"},
    )
