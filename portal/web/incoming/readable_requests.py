"""Refuse a request that could be read in two ways, before anything else reads it."""

from flask import Flask, abort, request


def register(app: Flask) -> None:
    """Answer 400 to two Host headers and to a plain form that is not UTF-8.

    Register it after the limits on bodies, because it reads them. Register it before the check of form tokens, because
    Werkzeug reads a form that it cannot decode as an empty one, and people would be told that their form is too old.
    """

    @app.before_request
    def refuse_unreadable() -> None:
        if "," in request.headers.get("Host", ""):  # granian joins two headers by a comma (RFC 9112, 3.2: refuse them)
            abort(400)
        if request.mimetype == "application/x-www-form-urlencoded":
            try:
                request.get_data().decode()
            except UnicodeDecodeError:
                abort(400)
