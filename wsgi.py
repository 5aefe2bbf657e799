"""What a WSGI server and the flask command load."""

import gc

from flask import Flask

from portal.app import create_app
from portal.config import Settings, SettingsFault
from portal.web.incoming.request_log import configure_logging

try:
    app = create_app(Settings.from_environment())
except SettingsFault as fault:
    raise SystemExit(str(fault)) from None

# What is loaded by now stays to the end: it is never looked through for garbage, and what comes now is, as usual.
gc.freeze()
gc.set_threshold(700, 10, 10)


def logged_app() -> Flask:
    """Return the app for a web process of its own, whose log is ours to set up; another server's is the operator's."""
    configure_logging()
    return app
