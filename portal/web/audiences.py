"""The four audiences: each has its own guard, layout, session cookie and kind of error page."""

from enum import StrEnum

from flask import current_app, request


class Audience(StrEnum):
    PUBLIC = "public"
    """Anybody, in a browser."""
    CUSTOMER = "customer"
    """Signed-in customers."""
    STAFF = "staff"
    """Signed-in staff members, under /staff."""
    FEED = "feed"
    """Machines with a bearer token, under /feed and /ingest."""


def current_audience() -> Audience:
    """Return the audience of the current request: the outermost blueprint of its view; without a view, by the path."""
    if request.blueprint:
        return Audience(request.blueprints[-1])
    # A process that does not serve staff has none of their pages, not even the page that answers 404.
    if (request.path == "/staff" or request.path.startswith("/staff/")) and Audience.STAFF in current_app.blueprints:
        return Audience.STAFF
    if request.path.startswith(("/feed/", "/ingest/")):
        return Audience.FEED
    return Audience.PUBLIC
