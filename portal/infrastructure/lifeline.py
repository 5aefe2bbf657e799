"""A child process ends with the process that started it, whatever ends that one: SIGKILL and a crash, too.

The parent keeps one end of a pipe and never writes. The kernel closes that end with the parent, and the child sees it.
"""

import os
import signal
import threading

_VARIABLE = "PORTAL_LIFELINE"


class Lifeline:
    """The parent's end. Start each child with `environment` added to its own, and `pass_fds=[childs_end]`."""

    def __init__(self) -> None:
        self.childs_end, self._own_end = os.pipe()  # not inherited: no child may keep the parent's end open
        self.environment = {_VARIABLE: str(self.childs_end)}


def end_with_parent() -> None:
    """Send SIGTERM to this process once its parent is gone. Without a lifeline, as by hand, nothing happens."""
    childs_end = os.environ.pop(_VARIABLE, None)
    if childs_end:
        threading.Thread(target=_wait_for_the_end, args=(int(childs_end),), name="lifeline", daemon=True).start()


def _wait_for_the_end(childs_end: int) -> None:
    os.read(childs_end, 1)
    os.kill(os.getpid(), signal.SIGTERM)
