"""The base of every form. It ties hints and errors to their fields, for people who use assistive technology."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import CombinedMultiDict, MultiDict
from wtforms import EmailField, Field, PasswordField, StringField, TextAreaField
from wtforms.fields.choices import SelectFieldBase
from wtforms.form import BaseForm
from wtforms.meta import DefaultMeta
from wtforms.validators import StopValidation

from portal.infrastructure.addresses import as_pasted, parse_address
from portal.infrastructure.typed_texts import one_line, several_lines, shows_nothing
from portal.web.form_tokens import FormToken, MaskedTokens
from portal.web.typed_forms.stale import is_stale, say_stale

csrf = MaskedTokens()
View = TypeVar("View", bound=Callable[..., Any])

Message = Any
"""The text of an error: a string, or a lazy translation of one."""


def without_form_token(view: View) -> View:
    """Let a view be called without a form token. A comment above the view says what proves the caller instead."""
    csrf.exempt(view)
    return view


_CLEANED = {
    TextAreaField: several_lines,
    EmailField: lambda typed: one_line(as_pasted(typed)),
    StringField: one_line,
}


class OwnWords:
    """Replaces the form library's own error messages by ours, in both languages."""

    def gettext(self, text: str) -> str:
        if "hoice" in text or "coerced" in text:
            return str(_("Choose among the answers on the page."))
        if "integer" in text or "decimal" in text or "float" in text:
            return str(_("Write a number, in digits."))
        return text

    def ngettext(self, singular: str, plural: str, number: int) -> str:
        return self.gettext(singular)


class PortalForm(FlaskForm):  # type: ignore[misc]
    """A form whose fields tell their hint and error to assistive technology, without the browser's own checks.

    What is typed is read as `portal.infrastructure.typed_texts` says, in one line or in several; a password stays
    exactly as it was typed.
    """

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        """Check what was sent. A form that only shows again what was typed is never right."""
        is_valid = bool(super().validate(*args, **kwargs))
        if is_stale():
            say_stale()
        return is_valid and not is_stale()

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        takes_files = False
        csrf_class = FormToken

        def wrap_formdata(self, form: BaseForm, formdata: Any) -> MultiDict[str, Any] | None:
            """Return what the fields read. The library would also give files and JSON to fields that expect texts."""
            if formdata is None or isinstance(formdata, MultiDict):
                return formdata
            if not form.is_submitted():
                return None
            return CombinedMultiDict([request.files, request.form]) if self.takes_files else request.form

        def bind_field(self, form: BaseForm, unbound_field: Any, options: dict[str, Any]) -> Field:
            field = DefaultMeta.bind_field(self, form, unbound_field, options)
            if isinstance(field, StringField) and not isinstance(field, PasswordField):
                clean = next(clean for kind, clean in _CLEANED.items() if isinstance(field, kind))
                field.filters = [*field.filters, lambda value: clean(value) if isinstance(value, str) else value]
            limits = [check.most for check in field.validators if isinstance(check, LengthBetween)]
            field.longest = min(limits) if limits else None
            return field

        def get_translations(self, form: BaseForm) -> OwnWords:
            return OwnWords()

        def render_field(self, field: Field, render_kw: dict[str, Any]) -> Any:
            described = [f"{field.id}-hint"] if field.description else []
            if field.errors:
                described.append(f"{field.id}-error")
                render_kw.setdefault("aria-invalid", "true")
            if isinstance(field, TextAreaField) and field.longest:
                described.append(f"{field.id}-count")
            if described:
                render_kw.setdefault("aria-describedby", " ".join(described))
            render_kw["required"] = False
            return DefaultMeta.render_field(self, field, render_kw)


class Needed:
    """The field must hold something; the message says what to do, such as “Enter your e-mail address”."""

    def __init__(self, message: Message) -> None:
        self.message = message

    def __call__(self, form: BaseForm, field: Field) -> None:
        value = field.data
        if value is None or value is False or value == [] or (isinstance(value, str) and shows_nothing(value)):
            if isinstance(field, SelectFieldBase):
                field.errors = []  # nothing chosen is not a wrong choice
            # A value that was typed and cannot be read has an error already, which says more.
            raise StopValidation(None if field.errors else self.message)


class LengthBetween:
    """The text, counted in characters, must be neither too short nor too long."""

    def __init__(self, least: int = 0, most: int = 200) -> None:
        self.least, self.most = least, most

    def __call__(self, form: BaseForm, field: Field) -> None:
        length = len(field.data or "")
        if length > self.most:
            raise StopValidation(too_long(field, self.most, length))
        if length < self.least:
            raise StopValidation(too_short(field, self.least))


def too_long(field: Field, most: int, length: int) -> Message:
    """Return the sentence for a text of more than `most` characters."""
    limits = {"label": field.label.text, "most": most, "length": length}
    return _l("“%(label)s”: use %(most)s characters at most; there are %(length)s.", **limits)


def too_short(field: Field, least: int) -> Message:
    """Return the sentence for a text of fewer than `least` characters."""
    return _l("“%(label)s”: use at least %(least)s characters.", label=field.label.text, least=least)


def not_an_address() -> str:
    """Return the sentence for a text that cannot be an e-mail address."""
    return str(_("Write an e-mail address such as name@example.org."))


class EmailAddress:
    """The text must have the form of an e-mail address (RFC 5321); whether mail arrives is not asked."""

    def __call__(self, form: BaseForm, field: Field) -> None:
        try:
            parse_address(field.data or "")
        except ValueError:
            raise StopValidation(not_an_address()) from None


def form_page(template: str, form: PortalForm, **context: Any) -> tuple[str, int]:
    """Return a page with its form; one that was sent and refused answers 422."""
    return render_template(template, form=form, **context), 422 if form.is_submitted() else 200
