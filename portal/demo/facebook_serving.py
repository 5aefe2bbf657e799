"""Start the stand-in for Facebook beside the demonstration, unless an application at Facebook is given."""

import os
import secrets
import socket
import subprocess
import sys

from flask import Flask

from portal.infrastructure import installed


def start_stand_in(app: Flask) -> subprocess.Popen[bytes] | None:
    """Start it in a process of its own and tell the app where it is; None where it is not wanted."""
    settings = installed.settings.of(app)
    if not settings.is_demo or settings.facebook_app_id or settings.is_https:
        return None
    # It listens before its process is up, so that whoever comes early waits and is not turned away.
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    found = {
        "facebook_app_id": "1000000000000001",
        "facebook_app_secret": secrets.token_hex(16),
        "facebook_authorize_url": f"{url}/dialog/oauth",
        "facebook_graph_url": url,
    }
    # A worker is a copy of this process on some systems, and on others reads the environment anew.
    installed.settings.put(app, settings.model_copy(update=found))
    os.environ |= {f"PORTAL_{name.upper()}": value for name, value in found.items()}
    own = {"PORTAL_STAND_IN_FOR": settings.public_url, "PORTAL_STAND_IN_SOCKET": str(listening.fileno())}
    command = [sys.executable, "-m", "portal.demo.facebook"]
    with listening:
        return subprocess.Popen(  # noqa: S603 - our own module
            command, env=os.environ | own, pass_fds=[listening.fileno()], stderr=subprocess.DEVNULL
        )
