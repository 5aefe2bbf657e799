"""One web process. It serves on a socket that the supervisor opened."""

import logging
import os
import resource
import socket
import sys
import traceback

from portal.config import SettingsFault
from portal.infrastructure.lifeline import end_with_parent
from portal.infrastructure.sealing.needed_keys import refuse_without_keys

CANNOT_START = 3
"""Exit code of a process that would fail again if it were started again; why stands on standard error."""
_MOST_FILES = 16_384


def main(listener: int) -> None:
    """Serve on an open socket, given by its number, until told to stop; then finish what was begun."""
    end_with_parent()
    _allow_many_connections()
    try:
        # Imported here, because the supervisor, which is to stay small, imports this module.
        from portal.personal_data.ledger.doors import doors
        from portal.serving.server import server_for
        from wsgi import logged_app

        app = logged_app()
        with app.app_context():
            refuse_without_keys()
        doors.of(app).watch()
        server = server_for(app)
    except (SystemExit, SettingsFault) as fault:  # the settings have faults, says wsgi.py
        print(fault, file=sys.stderr)
        sys.exit(CANNOT_START)
    except Exception:
        traceback.print_exc()
        sys.exit(CANNOT_START)
    server.run(sockets=[socket.socket(fileno=listener)])
    logging.shutdown()
    os._exit(0)  # a thread that hangs beyond the time for finishing must not hold the process


def _allow_many_connections() -> None:
    """Take as many open files as the system lets us: the usual 1 024 would be used up by the first thousand clients."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_FILES if most == resource.RLIM_INFINITY else min(_MOST_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(now, wanted), most))


if __name__ == "__main__":
    main(int(sys.argv[1]))
