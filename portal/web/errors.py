"""Errors as pages with a reference for people, and as problem+json (RFC 9457) for machines."""

import logging
import secrets
from contextlib import suppress
from typing import Any

from flask import Flask, Response, g, jsonify, render_template, request
from flask_babel import gettext as _
from flask_login import AnonymousUserMixin
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable

from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.locking.faults import OutcomeUnknown
from portal.infrastructure.passwords.hashing import HashingBusy
from portal.web.audiences import Audience, current_audience
from portal.web.filters import file_size
from portal.web.incoming.uploads import TOLD_LIMIT
from portal.web.setbacks.database_away import DatabaseAway, SavingUnknown, answer_to
from portal.web.typed_forms.sent import sent_fields
from portal.web.typed_forms.stale import NotSent, OtherAccount

logger = logging.getLogger("portal.errors")

# Without 0, O, 1 and I, which people confuse when they read a reference out on the telephone.
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"

# What an error may carry for machines: the arguments of `problem` after the code.
_TOLD_TO_MACHINES = ("problem_detail", "errors", "problem_fields")

# Codes that refuse for the moment only: the error page lets the same form be sent again.
_TO_SEND_AGAIN = {429, 503}


def new_reference() -> str:
    """Return a short reference to quote, such as 7F3K-92."""
    letters = [secrets.choice(ALPHABET) for _index in range(6)]
    return "".join(letters[:4]) + "-" + "".join(letters[4:])


class AnswerLater(ServiceUnavailable):
    """The portal cannot do it for the moment; the person may try again in `retry_after` seconds."""

    @property
    def words(self) -> tuple[str, str]:
        """What happened, as title and sentence."""
        return _("A lot of people are signing in at this moment"), _(
            "We do it a few at a time, so that it works for all."
        )


def register(app: Flask) -> None:
    """Answer every error of an app in the form its audience reads."""
    app.register_error_handler(CSRFError, _on_csrf)
    app.register_error_handler(HashingBusy, _on_busy)
    app.register_error_handler(SQLAlchemyError, _on_database_error)
    app.register_error_handler(OutcomeUnknown, _on_database_error)
    app.register_error_handler(HTTPException, _on_http_error)
    app.register_error_handler(Exception, _on_fault)


def _on_csrf(error: CSRFError) -> Any:
    return _answer(error, 419)


def _on_http_error(error: HTTPException) -> Any:
    if error.response is not None or (error.code or 500) < 400:
        return error
    return _answer(error, error.code or 500)


def _on_busy(error: HashingBusy) -> Any:
    db.session.rollback()
    return _answer(AnswerLater(retry_after=error.retry_after), 503)


def _on_database_error(error: Exception) -> Any:
    """Answer 503 when the database is full, locked, restarting or away, and 500 when the fault is ours."""
    answer = answer_to(error)
    if answer is None:
        return _on_fault(error)
    _ask_nobody()
    logger.exception("the database failed", extra={"reference": g.setdefault("reference", new_reference())})
    return _answer(answer, 503)


def _on_fault(error: Exception) -> Any:
    with suppress(SQLAlchemyError):
        db.session.rollback()
    logger.exception("request failed", extra={"reference": g.setdefault("reference", new_reference())})
    return _answer(InternalServerError(), 500)


def _ask_nobody() -> None:
    """Make what follows as for somebody who is not signed in: the database cannot tell who is there."""
    with suppress(SQLAlchemyError):
        db.session.rollback()
    g.pop("portal_session", None)
    g._login_user = AnonymousUserMixin()


def _answer(error: HTTPException, code: int) -> Response:
    try:
        return _written(error, code)
    except SQLAlchemyError:
        _ask_nobody()
        return _written(error, code)


def _written(error: HTTPException, code: int) -> Response:
    reference = g.setdefault("reference", new_reference())
    if current_audience() is Audience.FEED or "application/problem+json" in request.headers.get("Accept", ""):
        response = problem(code, *(getattr(error, name, None) for name in _TOLD_TO_MACHINES))
    else:
        words = _words(code, getattr(error, "retry_after", None))
        if isinstance(error, DatabaseAway | NotSent | OtherAccount):
            words |= error.words()
        elif own_words := getattr(error, "words", None):
            words["title"], words["what"] = own_words
        is_not_sent = isinstance(error, NotSent) and error.may_send_again
        typed = sent_fields() if _may_send_again(code) or is_not_sent else []
        if typed and not isinstance(error, SavingUnknown | NotSent):
            words["saved"] += " " + _("What you typed is kept on this page, except a password or a code.")
            words["next_step"] = _("Wait a little, then use the button below.")
        page = render_template(
            "errors/error.html",
            code=code,
            reference=reference,
            typed=typed,
            to_send=is_not_sent or bool(typed),
            **words,
        )
        response = Response(page, code, mimetype="text/html")
    for name, value in error.get_headers():
        if name.lower() not in {"content-type", "content-length"}:
            response.headers[name] = value
    return response


def _may_send_again(code: int) -> bool:
    return code in _TO_SEND_AGAIN and request.method == "POST" and not request.files


def problem(
    code: int,
    detail: str | None = None,
    errors: list[dict[str, str]] | None = None,
    fields: dict[str, str] | None = None,
) -> Response:
    """Return a problem+json response.

    Args:
        code: the HTTP status.
        detail: what is wrong with this very call, in English.
        errors: one entry a fault, with `pointer` (RFC 6901) and `detail`.
        fields: what else a machine can read of it (RFC 9457, 3.2).
    """
    body: dict[str, Any] = {
        "type": f"{installed.settings().public_url}/feed/v1/problems/{code}",
        "title": PROBLEM_TITLES.get(code, "The call could not be answered"),
        "status": code,
        "request_id": g.setdefault("reference", new_reference()),
    }
    if detail:
        body["detail"] = detail
    if errors:
        body["errors"] = errors
    body |= fields or {}
    response = jsonify(body)
    response.status_code = code
    response.mimetype = "application/problem+json"
    return response


PROBLEM_TITLES = {
    400: "The request cannot be read",
    401: "A valid bearer token is needed",
    403: "The token does not carry the scope",
    404: "There is nothing at this address",
    405: "This address does not take this method",
    410: "What this names is gone",
    413: "The body is too large",
    415: "The content type is not taken here",
    422: "The content has faults",
    429: "Too many calls",
    500: "A fault on our side",
    503: "Not available for the moment",
}


def _smaller() -> str:
    if request.mimetype == "multipart/form-data":
        return str(_("Choose files of %(limit)s at most, and send them one by one.", limit=file_size(TOLD_LIMIT)))
    return str(_("Shorten what you wrote, then send it again."))


def _words(code: int, retry_after: int | None) -> dict[str, Any]:
    """Return what the error page says: what happened, what is saved, what to do now."""
    texts = {
        400: (_("We cannot read this address or form"), _("Part of what the browser sent is missing or damaged."),
              _("Nothing was changed."), _("Go back and try again.")),
        403: (_("You may not see this page"), _("Your account does not carry the right to open it."),
              _("Nothing was changed."), _("If you need it for your work, ask an administrator.")),
        404: (_("This page does not exist"), _("The address may be mistyped, or the page was removed."),
              _("Nothing was changed."), _("Check the address, or start again from the home page.")),
        405: (_("This address cannot be opened this way"), _("It only takes a form sent from its own page."),
              _("Nothing was changed."), _("Go back to the page and use its button.")),
        408: (_("Sending took too long"), _("What you sent did not arrive in time."),
              _("Nothing was saved from this last step; the earlier steps are kept."),
              _("Check your connection, then go back and send it again.")),
        409: (_("Somebody else was quicker"), _("What you were changing has changed in the meantime."),
              _("Your change was not saved."), _("Go back, reload the page, and look again.")),
        410: (_("This is no longer available"), _("It has expired or was removed."),
              _("Nothing was changed."), _("Start again from your account.")),
        413: (_("This is more than we can take at once"), _("What you sent is larger than we accept."),
              _("Nothing was saved from this last step; the earlier steps are kept."), _smaller()),
        419: (_("This form has been open for too long"), _("For your safety, a form works only in the session that opened it."),
              _("What you typed was not saved."), _("Go back, reload the page and send the form again.")),
        422: (_("We cannot use what was sent"), _("Some of the values are missing or not possible."),
              _("Nothing was changed."), _("Go back and check the form.")),
        429: (_("Too many tries"), _("To protect accounts, we limit tries over a short time."),
              _("Nothing was changed."), _("Wait a little, then try again.")),
        500: (_("A problem on our side"), _("Something did not work as it should. We keep a trace of it."),
              _("What you sent may not have been saved."), _("Try again in a few minutes, or quote the reference below when you write to us.")),
        503: (_("The service is not available for the moment"), _("Part of the portal is being worked on."),
              _("What you sent was not saved."), _("Try again in a few minutes.")),
    }  # fmt: skip
    title, what, saved, next_step = texts.get(code, texts[400 if code < 500 else 500])
    return {"title": title, "what": what, "saved": saved, "next_step": next_step, "retry_after": retry_after}
