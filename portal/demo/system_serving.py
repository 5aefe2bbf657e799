"""The stand-in for a system of the company beside the demonstration, unless secrets for real ones are set."""

import socket

from portal.config import Settings
from portal.instructions.sending.signing import new_secret
from portal.instructions.sending.stand_in import SYSTEM


def stand_in_system(settings: Settings) -> tuple[socket.socket, dict[str, str]] | None:
    """Return the socket of the stand-in, and the variables by which it and the portal find each other.

    None is returned outside the demonstration, where secrets for real systems are set, or under https.
    """
    if not settings.is_demo or settings.webhook_secrets or settings.is_https:
        return None
    listening = socket.create_server(("127.0.0.1", 0))
    return listening, {
        "PORTAL_WEBHOOK_SECRETS": f"{SYSTEM}={new_secret()}",
        "PORTAL_STAND_IN_SYSTEM": f"http://127.0.0.1:{listening.getsockname()[1]}/hooks",
        "PORTAL_STAND_IN_FOR": settings.public_url,
        "PORTAL_SYSTEM_SOCKET": str(listening.fileno()),
    }
