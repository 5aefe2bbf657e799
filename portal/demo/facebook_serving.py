"""The stand-in for Facebook beside the demonstration, unless an application at Facebook is given."""

import secrets
import socket

from portal.config import Settings


def stand_in(settings: Settings) -> tuple[socket.socket, dict[str, str]] | None:
    """Return the socket of a stand-in, and the variables by which it and the portal find each other.

    The socket listens before the process is up, so that a visitor who comes early waits instead of being refused.

    None is returned outside the demonstration, with a real application, or under https.
    """
    if not settings.is_demo or settings.facebook_app_id or settings.is_https:
        return None
    listening = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    return listening, {
        "PORTAL_FACEBOOK_APP_ID": "1000000000000001",
        "PORTAL_FACEBOOK_APP_SECRET": secrets.token_hex(16),
        "PORTAL_FACEBOOK_AUTHORIZE_URL": f"{url}/dialog/oauth",
        "PORTAL_FACEBOOK_GRAPH_URL": url,
        "PORTAL_STAND_IN_FOR": settings.public_url,
        "PORTAL_STAND_IN_SOCKET": str(listening.fileno()),
    }
