"""How large a body may be, by where it goes and its type: files need room, a form of plain fields does not."""

from flask import Flask, abort, request

LARGEST_BODY = 25 * 1024 * 1024
LARGEST_PLAIN_FORM = 1024 * 1024
LARGEST_PART = 512 * 1024
"""The largest part of a file that is sent in parts, one body each (`identity_checks.documents.uploading`)."""
MOST_FIELDS = 1000

REFUSAL = "portal.refusal"
"""Where the WSGI environment carries the status of a request whose body the server did not take: 408 or 413."""

# Where whole files, lines of records and long lists of customers come in. Elsewhere nobody has so much to say.
_TAKE_LARGE_BODIES = ("/requests/identity/", "/ingest/", "/feed/")


def largest_body(path: str, content_type: str) -> int:
    """Return how many bytes the body of a request may have."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/octet-stream":
        return LARGEST_PART
    if kind == "application/x-www-form-urlencoded" or not path.startswith(_TAKE_LARGE_BODIES):
        return LARGEST_PLAIN_FORM
    return LARGEST_BODY


def register(app: Flask) -> None:
    """Bound bodies and fields before anything reads them; register it before the check of form tokens."""

    @app.before_request
    def bound_body() -> None:
        if request.environ.get(REFUSAL):
            abort(request.environ[REFUSAL])
        request.max_content_length = largest_body(request.path, request.content_type or "")
        if request.query_string.count(b"&") >= MOST_FIELDS:
            abort(400)
