"""What a part of an address (between two slashes) may hold."""

from flask import Flask
from werkzeug.routing import BaseConverter


class AddressPart(BaseConverter):
    """A part without NUL: no identifier of ours holds one, and PostgreSQL breaks on it."""

    regex = r"[^/\x00]+"
    part_isolating = True


def register(app: Flask) -> None:
    """Make `AddressPart` the default for the parts of every address. Call it before the first route is added."""
    app.url_map.converters = app.url_map.converters | {"default": AddressPart}
