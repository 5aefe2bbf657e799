"""What both sides answer while somebody sets a second factor up, or proves themselves by one."""

from collections.abc import Iterable
from typing import Any

from flask import Response

from portal.access.forms import AppCodeForm, wrong_code
from portal.access.one_time_codes import new_totp_secret, provisioning_uri, qr_svg
from portal.access.passkeys import PasskeyColumns, PasskeyOwner, creation_options, request_options
from portal.infrastructure import installed
from portal.web.headers import picture
from portal.web.shown_once import forget_shown, keep_to_show, kept_to_show

_NEW_APP = "new_app"


def make_app_secret() -> None:
    """Make a secret for an app and keep it for the next page; it counts once the app has given a code for it."""
    keep_to_show(_NEW_APP, new_totp_secret())


def made_app_secret() -> str | None:
    """Return the secret that this browser is to set an app up with, if any."""
    kept = kept_to_show(_NEW_APP)
    return kept[0] if kept else None


def forget_app_secret() -> None:
    """Drop the secret: an app counts by it now."""
    forget_shown(_NEW_APP)


def app_picture(secret: str, address: str) -> Response:
    """Answer with the picture by which an app takes a secret, for who signs in with an address."""
    uri = provisioning_uri(secret, address, installed.organisation().name)
    return picture(qr_svg(uri), "image/svg+xml")


def refuse_app_code(form: AppCodeForm) -> None:
    """Say beside the field that the code is not the app's."""
    form.code.errors = [wrong_code()]


def to_make_passkey(token: Any, owner: PasskeyOwner, held: Iterable[PasskeyColumns]) -> Response:
    """Answer what a browser needs to make a passkey for a challenge; see `creation_options`."""
    return _options(creation_options(token, owner, installed.organisation().name, held))


def to_use_passkey(token: Any, held: Iterable[PasskeyColumns]) -> Response:
    """Answer what a browser needs to use one of the passkeys held for a challenge."""
    return _options(request_options(token, held))


def _options(options: str) -> Response:
    return Response(options, 201, mimetype="application/json", headers={"Cache-Control": "no-store"})
