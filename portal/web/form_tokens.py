"""The token of a form, in other letters in each answer; what it proves stays the same for the session.

Beside the session it names who opened the form, so that what was typed is never shown to, or sent for, anybody else.

A token that stood in every answer alike could be guessed from the lengths of compressed answers (BREACH, 2013).
"""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from flask import Flask, g, request
from flask_wtf.csrf import CSRFProtect, generate_csrf, validate_csrf
from itsdangerous import BadData, URLSafeTimedSerializer
from wtforms import Field
from wtforms.csrf.core import CSRF
from wtforms.form import BaseForm

from portal.infrastructure import installed
from portal.web.typed_forms.owners import NOBODY, owner_mark
from portal.web.typed_forms.stale import check_stale

# No token of a session holds it.
_BETWEEN = "~"


def masked_token() -> str:
    """Return the form token of this answer: a random pad, and under it the session's token and who opens the form."""
    if "masked_token" not in g:
        token = f"{generate_csrf()}{_BETWEEN}{owner_mark()}".encode()
        pad = secrets.token_bytes(len(token))
        g.masked_token = urlsafe_b64encode(pad + _under(pad, token)).decode()
    return str(g.masked_token)


def unmasked(sent: str | None) -> str | None:
    """Return the session's token of a form token that was sent, or None when it is none."""
    return _parts(sent)[0]


def opener_of_form() -> str | None:
    """Return the mark of who opened the form that was sent, by its token; None when the portal did not make that.

    A token of a session that is over tells it too.
    """
    name = next((name for name in request.form if name.endswith("csrf_token")), "")  # a form may prefix its fields
    token, opener = _parts(request.form.get(name))
    try:
        URLSafeTimedSerializer(installed.settings().secret_key, salt="wtf-csrf-token").loads(token or "")
    except BadData:
        return None
    return opener


def _parts(sent: str | None) -> tuple[str | None, str]:
    try:
        both = urlsafe_b64decode((sent or "").encode("ascii"))
        half = len(both) // 2
        token, _between, opener = _under(both[:half], both[half:]).decode("ascii").partition(_BETWEEN)
    except ValueError:
        return None, NOBODY
    return token, opener


class MaskedTokens(CSRFProtect):  # type: ignore[misc]
    """Checks the token of every form that is sent, except where a view is exempt."""

    def init_app(self, app: Flask) -> None:
        """Check the forms of an app, and offer `csrf_token()` to its templates."""
        super().init_app(app)
        app.add_template_global(masked_token, "csrf_token")
        app.context_processor(lambda: {"csrf_token": masked_token})

    def _get_csrf_token(self) -> str | None:
        return unmasked(super()._get_csrf_token())

    def _error_response(self, reason: str) -> None:
        check_stale(reason, opener_of_form())


class FormToken(CSRF):  # type: ignore[misc]
    """The token as a field of a form."""

    def generate_csrf_token(self, csrf_token_field: Field) -> str:
        """Return what the field holds."""
        return masked_token()

    def validate_csrf_token(self, form: BaseForm, field: Any) -> None:
        """Check what was sent, unless it was checked before the view.

        Raises:
            ValidationError: it is not the token of this session.
        """
        if not g.get("csrf_valid"):
            validate_csrf(unmasked(field.data))


def _under(pad: bytes, text: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(pad, text, strict=True))
