"""Compress what a browser waits for: static files, and pages in which nobody can mix their own text with a secret.

The length of a compressed answer tells whether a text that somebody had the browser send stands in it twice. So a
secret beside it can be guessed, letter by letter (BREACH, 2013). A page that was asked for with more than its plain
address may repeat that, and leaves as it is. The token of a form differs in each answer: `portal.web.form_tokens`.
"""

import gzip
import re

from flask import Flask, Response, request

TEXTS = {"text/css", "text/javascript", "application/json", "image/svg+xml", "text/plain"}
_COMMENT = re.compile(rb"/\*.*?\*/\s*", re.DOTALL)


def register(app: Flask) -> None:
    """Compress the answers of an app for clients that take gzip (RFC 9110, 12.5.3)."""
    packed: dict[str, bytes] = {}

    @app.after_request
    def compress(response: Response) -> Response:
        if request.endpoint == "static" and response.mimetype in TEXTS and response.status_code in {200, 304}:
            return _compress_file(response, packed)
        return _compress_page(response) if _is_plain_page(response) else response


def _is_plain_page(response: Response) -> bool:
    is_page = response.mimetype == "text/html" and response.status_code == 200 and not response.is_streamed
    return is_page and request.method in {"GET", "HEAD"} and not request.query_string


def _compress_page(response: Response) -> Response:
    response.vary.add("Accept-Encoding")
    if _is_taken():
        response.set_data(gzip.compress(response.get_data(), 6, mtime=0))
        response.content_encoding = "gzip"
    return response


def _compress_file(response: Response, packed: dict[str, bytes]) -> Response:
    """Compress a static file, once for each content that it has. The comments of a style sheet stay with its file."""
    response.vary.add("Accept-Encoding")
    tag = response.get_etag()[0]
    if not _is_taken() or tag is None:
        return response
    # Weak, because the bytes differ from those of the plain file (RFC 9110, 8.8.3.3); a 304 compares weakly.
    response.set_etag(tag, weak=True)
    if response.status_code == 200:
        response.direct_passthrough = False
        content = response.get_data()
        if tag not in packed:
            sent = _COMMENT.sub(b"", content) if response.mimetype == "text/css" else content
            packed[tag] = gzip.compress(sent, 9, mtime=0)
        response.set_data(packed[tag])
        response.content_encoding = "gzip"
    return response


def _is_taken() -> bool:
    return request.accept_encodings.quality("gzip") > 0
