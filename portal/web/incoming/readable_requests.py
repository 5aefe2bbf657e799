"""Refuse a request that could be read in two ways, before anything else reads it."""

from flask import Flask, abort, request

from portal.web.incoming.request_limits import MOST_FIELDS


def register(app: Flask) -> None:
    """Answer 400 to two Host headers and to a plain form that is not UTF-8, and 413 to one with too many fields.

    Register it after the limits on bodies, because it reads them. Register it before the check of form tokens, because
    Werkzeug reads a form that it cannot decode as an empty one, and people would be told that their form is too old.
    """

    @app.before_request
    def refuse_unreadable() -> None:
        if "," in request.headers.get("Host", ""):  # servers join two headers by a comma (RFC 9112, 3.2: refuse them)
            abort(400)
        if request.mimetype == "application/x-www-form-urlencoded":
            body = request.get_data()
            if body.count(b"&") >= MOST_FIELDS:
                abort(413)
            try:
                body.decode()
            except UnicodeDecodeError:
                abort(400)
