"""Forms of the second factor, for staff and customers: what people type, and what their browser sends."""

from collections.abc import Iterable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, HiddenField, PasswordField, StringField
from wtforms.validators import StopValidation

from portal.access.passkeys import LONGEST_NAME
from portal.infrastructure import installed
from portal.infrastructure.passwords.rules import LONGEST, PasswordFault, password_fault
from portal.web.fields import CodeField
from portal.web.forms import LengthBetween, Needed, PortalForm, too_long, too_short


def wrong_password() -> str:
    """Return the sentence for a password that is not the one asked for, on every page that asks for one alone."""
    return str(_("This password is not right. Type it again."))


def wrong_pair() -> str:
    """Return the sentence for an address and a password that open no account."""
    return str(_("This address and this password do not go together. Check both and try again."))


def wrong_code() -> str:
    """Return the sentence for a code of an app, or a recovery code, that opens nothing."""
    return str(_("This code does not fit, or it was used before. Check the time of your phone, then use the next one."))


def check_new_password(field: Field, names: Iterable[str], *, shortest: int) -> None:
    """Refuse a password that is too short, too long or easily guessed.

    Args:
        names: what somebody who guesses tries with this person, besides the name of the company.
        shortest: the fewest characters that are accepted.

    Raises:
        StopValidation: with what is wrong.
    """
    password = field.data or ""
    known = [*names, installed.organisation().name]
    fault = password_fault(password, known, shortest=shortest, is_breached=installed.breached_passwords().holds)
    if fault is PasswordFault.TOO_SHORT:
        raise StopValidation(too_short(field, shortest))
    if fault is PasswordFault.TOO_LONG:
        raise StopValidation(too_long(field, LONGEST, len(password)))
    if fault:
        raise StopValidation(_GUESSED[fault])


_GUESSED: dict[PasswordFault, Any] = {
    PasswordFault.MADE_OF_NAMES: _l(
        "Choose a password that is made neither of your name nor of your e-mail address nor of our name."
    ),
    PasswordFault.TOO_COMMON: _l("This password is among the first that others would try. Choose another one."),
    PasswordFault.BREACHED: _l("This password was stolen elsewhere and is known to thieves. Choose another one."),
}


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
        validators=[LengthBetween(most=LONGEST_NAME)],
        description=_l("Where it is kept, so that you recognise it later: a telephone, a computer, a security key."),
        render_kw={"autocomplete": "off", "maxlength": LONGEST_NAME},
    )


class PasswordAgainForm(PortalForm):
    password = PasswordField(
        _l("Your password"),
        [Needed(_l("Enter your password."))],
        render_kw={"autocomplete": "current-password"},
    )
