"""What a WSGI server and the flask command load."""

from flask import Flask

from portal.app import create_app
from portal.config import Settings, SettingsFault
from portal.web.incoming.request_log import configure_logging

try:
    app = create_app(Settings.from_environment())
except SettingsFault as fault:
    raise SystemExit(str(fault)) from None


def logged_app() -> Flask:
    """Return the app for a web process of its own, whose log is ours to set up; another server's is the operator's."""
    configure_logging()
    return app
