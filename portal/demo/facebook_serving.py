"""Start the stand-in for Facebook beside the demonstration, unless an application at Facebook is given."""

import os
import secrets
import socket
import subprocess
import sys

from flask import Flask

from portal.infrastructure import installed


def start_stand_in(app: Flask) -> subprocess.Popen[bytes] | None:
    """Start the stand-in as a process of its own, put its address into the app's settings, and return the process.

    None is returned, and nothing started, outside the demonstration, with a real application, or under https.
    """
    settings = installed.settings.of(app)
    if not settings.is_demo or settings.facebook_app_id or settings.is_https:
        return None
    # The socket listens before the process is up, so that a visitor who comes early waits instead of being refused.
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    found = {
        "facebook_app_id": "1000000000000001",
        "facebook_app_secret": secrets.token_hex(16),
        "facebook_authorize_url": f"{url}/dialog/oauth",
        "facebook_graph_url": url,
    }
    # The workers of the web server need the settings too. On some systems they are copies of this process, on others
    # they start afresh and read the environment.
    installed.settings.put(app, settings.model_copy(update=found))
    os.environ |= {f"PORTAL_{name.upper()}": value for name, value in found.items()}
    own = {"PORTAL_STAND_IN_FOR": settings.public_url, "PORTAL_STAND_IN_SOCKET": str(listening.fileno())}
    command = [sys.executable, "-m", "portal.demo.facebook"]
    with listening:
        return subprocess.Popen(  # noqa: S603 - our own module
            command, env=os.environ | own, pass_fds=[listening.fileno()], stderr=subprocess.DEVNULL
        )
