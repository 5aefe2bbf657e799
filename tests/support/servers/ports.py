"""Free ports of this machine, for servers that must be told their port before they start."""

import random
import socket

# Below the ports that systems give to connections and to listeners that ask for any port (RFC 6335, 6: from 49152;
# Linux: from 32768). So nothing else takes the port before the server starts.
RANGE = range(12_000, 32_000)


def free_port() -> int:
    """Return a port of loopback that nobody listens on, another each time."""
    while True:
        port = random.choice(RANGE)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
