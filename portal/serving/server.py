"""The server of one web process: uvicorn, with our bounds on connections and the front before the portal."""

import logging

from flask import Flask
from uvicorn import Config, Server

from portal.serving.connection import BoundedConnection
from portal.serving.front import Front
from portal.site.probes import readiness

KEEP_ALIVE_SECONDS = 15
DRAIN_SECONDS = 20
"""How long a process that was told to stop lets what was begun go on."""


class ToldOnce(Server):
    """Finishes what was begun, however often it is told to stop: Ctrl-C reaches every process of a terminal."""

    def handle_exit(self, sig: int, frame: object) -> None:
        self.should_exit = True


def server_for(app: Flask) -> ToldOnce:
    """Return a server that `run(sockets=…)` keeps serving until a signal."""
    # Strangers send what cannot be parsed; a line for each would let them fill the log.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    return ToldOnce(
        Config(
            Front(app, readiness.of(app)), http=BoundedConnection, loop="asyncio", ws="none", lifespan="off",
            log_config=None, access_log=False, server_header=False, proxy_headers=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS, timeout_graceful_shutdown=DRAIN_SECONDS,
        )
    )  # fmt: skip
