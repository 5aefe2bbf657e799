"""Whether this process serves: not before it has seen that no backup was restored without the ledger's lines.

A process that has opened goes on when the ledger breaks later, for nobody's objection may wait for it. Only a ledger
that turns out to be ahead shuts it again: then the database under it was replaced, as by the promotion of a replica
that lagged.
"""

import logging
import threading
import time

from flask import Flask
from sqlalchemy import event

from portal.infrastructure.database import db
from portal.infrastructure.installed import Installed
from portal.personal_data.ledger.standing import Standing, standing

LOOK_AGAIN_SECONDS = 1.0
WATCH_SECONDS = 5.0
PAUSE_SECONDS = 0.2
"""Between two looks at once, where many connections are new."""

logger = logging.getLogger("portal.ledger")


class Doors:
    """What one process knows of the ledger."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._is_connected_anew = threading.Event()
        self.found: Standing | None = None
        self.is_open = False

    def are_open(self) -> bool:
        """Tell whether this process may serve; while it may not, look again once a second.

        Raises:
            SQLAlchemyError: the database cannot be asked.
        """
        if not self.is_open:
            with self._lock:  # who comes at the same time waits for this look, and does not look again
                if not self.is_open and time.monotonic() - self._looked_at >= LOOK_AGAIN_SECONDS:
                    self._look()
        return self.is_open

    def is_level(self) -> bool:
        """Tell whether nothing is wrong with the ledger, also of a process that serves on; what shuts is told apart."""
        return not self.is_open or self.found is Standing.LEVEL

    def look(self) -> None:
        """Compare the database with the ledger, and open or shut."""
        with self._lock:
            self._look()

    def _look(self) -> None:
        with self._app.app_context():  # of its own, so that the transaction of a request goes on undisturbed
            found = standing()
        self._looked_at = time.monotonic()
        if found is not self.found and found is not Standing.LEVEL:
            logger.error("the ledger is %s: %s", found, found.cure)
        self.found = found
        self.is_open = found is Standing.LEVEL or (self.is_open and found is not Standing.AHEAD)

    def watch(self) -> None:
        """Go on looking, in a thread of its own, as long as the process lasts; at once when a connection is new.

        A new connection may lead to another database: to a replica that was promoted in the place of the old one.
        """
        with self._app.app_context():
            event.listen(db.engine, "connect", self._note_connection)
        threading.Thread(target=self._watch, name="ledger", daemon=True).start()

    def _note_connection(self, *_given: object) -> None:
        self._is_connected_anew.set()

    def _watch(self) -> None:
        patience = WATCH_SECONDS
        while True:
            self._is_connected_anew.wait(patience)
            self._is_connected_anew.clear()
            try:
                self.look()
                patience = WATCH_SECONDS
            except Exception:  # such as that the connection was to a server that is gone: the next one may be another
                logger.exception("the ledger could not be compared with the database; it is tried again")
                patience = LOOK_AGAIN_SECONDS
            time.sleep(PAUSE_SECONDS)


doors = Installed[Doors]("doors")


class DoorsShut(Exception):
    """The portal is shut until the ledger was replayed; the text says what to do."""


def require_open() -> None:
    """Check that the portal is open, before a command changes what people see.

    Raises:
        DoorsShut: it is not.
    """
    place = doors()
    if not place.are_open():
        found = place.found or Standing.UNREACHABLE
        raise DoorsShut(f"The ledger is {found}: {found.cure}. Until then this command does nothing.")
