"""A WSGI application served on loopback, for what the portal calls over a real connection."""

from threading import Thread
from typing import Any

from werkzeug.serving import make_server


class Loopback:
    """A server in a thread of its own, until it is closed. `url` is where it answers."""

    def __init__(self, application: Any) -> None:
        self._server = make_server("127.0.0.1", 0, application, threaded=True)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
