"""A form that was opened in a session that is over. It is shown again with what was typed, and nothing is done.

Its token tells that the portal made it and for whom. Cookies that no other site can make a browser send, or the
browser's own word (Fetch Metadata, `Sec-Fetch-Site`), tell that it comes from our page.
"""

from typing import Any

from flask import Flask, Response, flash, g, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError

from portal.infrastructure.database import WritingShut
from portal.web.sessions import CUSTOMER_RULES, STAFF_RULES, cookie_name
from portal.web.typed_forms.owners import owner_mark
from portal.web.typed_forms.sent import sent_files


class NotSent(CSRFError):  # type: ignore[misc]
    """A form whose page cannot show again what was typed. The answer holds it, with a button to send it."""

    may_send_again = True

    def words(self) -> dict[str, Any]:
        """What the page of the error says."""
        return {
            "title": _("Your form has not been sent yet"),
            "what": _("You signed in or out since you opened it, or your session ended."),
            "saved": _("Nothing has been done. What you typed is kept on this page, except a password or a code."),
            "next_step": _("Check that it is still what you want, then use the button below."),
        }


class CookiesMissing(NotSent):
    """The browser sent none of our cookies: it blocks them, or deleted them."""

    @property
    def may_send_again(self) -> bool:  # type: ignore[override]
        """Whether our own page sent it; only the browser can tell here."""
        return request.headers.get("Sec-Fetch-Site") == "same-origin"

    def words(self) -> dict[str, Any]:
        """What the page of the error says."""
        kept = _("Nothing has been done. What you typed is kept on this page, except a password or a code.")
        lost = _("Nothing has been done. What you typed is still on the page before this one.")
        return {
            "title": _("Your browser blocks our cookies, or has deleted them"),
            "what": _("Without them we cannot tell your form from one that another site sends in your name."),
            "saved": kept if self.may_send_again else lost,
            "next_step": _("Allow cookies for this site in the settings of your browser, then send the form again."),
        }


class OtherAccount(CSRFError):  # type: ignore[misc]
    """Somebody else is signed in than who opened the form. Its answer leads back to it, through signing out.

    Attributes:
        address: where who opened the form finds it again, or the nearest page where nothing was kept.
    """

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address

    def words(self) -> dict[str, Any]:
        """What the page of the error says."""
        return {
            "title": _("Another account is signed in now"),
            "what": _("This form was opened with another account. We do not send it in the name of this one."),
            "saved": _(
                "Nothing has been done. What you typed is kept for an hour, for the account that opened the form."
            ),
            "next_step": _("Sign in with that account: the form comes back with what you typed."),
            "sign_out_to": self.address,
        }


def check_stale(reason: str, opener: str | None) -> None:
    """Let a form without a valid token go on, if it is ours, as one that only shows again what was typed.

    Args:
        reason: why its token is not valid.
        opener: the mark of who opened it, `NOBODY` for a visitor, or None if the portal did not make the token.

    Raises:
        CSRFError: the form is not ours, or another site sent it.
    """
    if opener is None:
        raise CSRFError(reason)
    if not _has_our_cookies():
        raise CookiesMissing(reason)
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        raise CSRFError(reason)
    present = owner_mark()
    g.is_anothers = bool(opener and present and opener != present)
    take_as_stale(sent_files())


def take_as_stale(files: list[str]) -> None:
    """Have the current request only show what was typed.

    Args:
        files: the names of the files that have to be chosen again.
    """
    g.is_stale, g.csrf_valid, g.files_to_choose = True, True, files


def is_stale() -> bool:
    """Tell whether the current request only shows again what was typed."""
    return bool(g.get("is_stale"))


def say_stale() -> None:
    """Say at the top of the page that nothing was sent, and which files have to be chosen again."""
    if g.get("is_stale_said"):
        return
    g.is_stale_said = True
    words = _(
        "You signed in or out since you opened this form, or your session ended. Nothing has been sent yet: check what "
        "you typed, then send it."
    )
    if g.files_to_choose:
        words += " " + _("Choose these files again: %(names)s.", names=", ".join(g.files_to_choose))
    flash(words, "warning")


def register(app: Flask) -> None:
    """Answer a form that cannot be shown again with what was typed and a button, and mark every stale answer."""

    @app.errorhandler(WritingShut)
    def not_sent(_fault: WritingShut) -> Any:
        return app.handle_user_exception(NotSent())

    @app.after_request
    def mark(response: Response) -> Response:
        if is_stale() and response.status_code in {200, 422}:
            response.status_code = 200 if g.get("is_resumed") else 419
        return response


def _has_our_cookies() -> bool:
    names = {
        cookie_name(CUSTOMER_RULES.cookie),
        cookie_name(STAFF_RULES.cookie),
        cookie_name("form"),
        cookie_name("staff_form"),
    }
    return any(name in request.cookies for name in names)
