"""How large a body may be, by its type: files need room, a form of plain fields or a part of a file does not."""

from flask import Flask, request

LARGEST_PLAIN_FORM = 1024 * 1024
LARGEST_PART = 512 * 1024
"""The largest part of a file that is sent in parts, one body each (`identity_checks.documents.uploading`)."""


def register(app: Flask) -> None:
    """Bound the bodies of plain forms before anything reads them; register it before the check of form tokens."""

    @app.before_request
    def bound_plain_form() -> None:
        if request.mimetype == "application/x-www-form-urlencoded":
            request.max_content_length = LARGEST_PLAIN_FORM
        elif request.mimetype == "application/octet-stream":
            request.max_content_length = LARGEST_PART
