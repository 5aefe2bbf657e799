"""The security headers of every response, errors and static files included. No page relaxes the policy."""

from flask import Flask, Response, request

from portal.infrastructure import installed
from portal.web.audiences import Audience, current_audience

POLICY = "; ".join(
    [
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    ]
)
# The picture shows an identity document or a secret, so nothing may run in it and no cache may keep it.
PICTURE_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": "inline",
}
PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"


def stay_here(response: Response) -> Response:
    """Cut a 308 of the routing down to its path: its host comes from the caller's Host header, which may be false."""
    if response.status_code == 308 and response.location:
        response.location = "/" + response.location.split("/", 3)[3]
    return response


def add_headers(response: Response) -> Response:
    """Add the headers that a response does not set itself."""
    headers = response.headers
    headers.setdefault("Content-Security-Policy", POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", PERMISSIONS)
    if installed.settings().is_https:
        headers.setdefault("Strict-Transport-Security", "max-age=63072000; includeSubDomains")
    if request.endpoint == "static":
        # The address carries a hash of the content, so the file behind it never changes.
        headers["Cache-Control"] = "public, max-age=31536000, immutable" if "v" in request.args else "no-cache"
    elif "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store" if current_audience() is not Audience.PUBLIC else "private, no-store"
    return response


def picture(content: bytes, mimetype: str) -> Response:
    """Return a response with a picture that only its one reader may see."""
    return Response(content, mimetype=mimetype, headers=PICTURE_HEADERS)


def register(app: Flask) -> None:
    """Add the headers to every response of an app."""
    app.after_request(stay_here)
    app.after_request(add_headers)
