"""Refuse a request that could be read in two ways, before anything else reads it."""

from typing import Any

from flask import Flask, abort, request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.formparser import FormDataParser

from portal.web.incoming.request_limits import MOST_FIELDS

Parsed = tuple[Any, MultiDict[str, str], MultiDict[str, FileStorage]]


class WholeForms(FormDataParser):
    """Reads a form whole or not at all; Werkzeug reads one with malformed parts as an empty one."""

    def parse(self, *arguments: Any, **options: Any) -> Parsed:
        """Return the stream, the fields and the files of a body.

        Raises:
            BadRequest: its parts are malformed, or one has no name (RFC 7578, 4.2).
        """
        self.silent = False
        try:
            parsed = super().parse(*arguments, **options)
        except ValueError:
            raise BadRequest from None
        names: set[str | None] = {*parsed[1], *parsed[2]}
        if None in names:
            raise BadRequest
        return parsed


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
