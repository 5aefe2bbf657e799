"""The base of every form: hints and errors tied to their fields for people who cannot see them, in one place."""

from typing import Any

from email_validator import EmailNotValidError, validate_email
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, Form
from wtforms.form import BaseForm
from wtforms.meta import DefaultMeta
from wtforms.validators import StopValidation

Message = Any


class PortalForm(FlaskForm):  # type: ignore[misc]
    """A form whose fields say their hint and error to assistive technology and never use the browser's own checks."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def render_field(self, field: Field, render_kw: dict[str, Any]) -> Any:
            described = [f"{field.id}-hint"] if field.description else []
            if field.errors:
                described.append(f"{field.id}-error")
                render_kw.setdefault("aria-invalid", "true")
            if described:
                render_kw.setdefault("aria-describedby", " ".join(described))
            render_kw["required"] = False
            return DefaultMeta.render_field(self, field, render_kw)


class Needed:
    """The field must hold something; the message names it and what to do, such as “Enter your e-mail address”."""

    def __init__(self, message: Message) -> None:
        self.message = message

    def __call__(self, form: BaseForm, field: Field) -> None:
        value = field.data
        if value is None or value is False or value == [] or (isinstance(value, str) and not value.strip()):
            # What cannot be read has a clearer message of its own.
            raise StopValidation(None if field.errors else self.message)


class LengthBetween:
    """The text, counted in characters, must be neither too short nor too long."""

    def __init__(self, least: int = 0, most: int = 200, too_short: Message = None) -> None:
        self.least, self.most, self.too_short = least, most, too_short

    def __call__(self, form: Form, field: Field) -> None:
        length = len(field.data or "")
        if length > self.most:
            raise StopValidation(_l("Use %(most)s characters at most; there are %(length)s.", most=self.most, length=length))
        if length < self.least:
            raise StopValidation(self.too_short or _l("Use at least %(least)s characters.", least=self.least))


class EmailAddress:
    """The text must have the form of an e-mail address."""

    def __call__(self, form: Form, field: Field) -> None:
        try:
            validate_email((field.data or "").strip(), check_deliverability=False)
        except EmailNotValidError:
            raise StopValidation(_l("Write an e-mail address such as name@example.org.")) from None


def stripped(value: Any) -> Any:
    """Filter for fields where blanks at both ends mean nothing; never for passwords."""
    return value.strip() if isinstance(value, str) else value
