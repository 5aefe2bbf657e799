"""What a WSGI server and the flask command load."""

from portal.app import create_app
from portal.config import Settings, SettingsFault

try:
    settings = Settings.from_environment()
except SettingsFault as fault:
    raise SystemExit(str(fault)) from None

app = create_app(settings)
