"""The log of the served portal, caught in a test."""

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from portal.web.incoming.request_log import json_formatter


@contextmanager
def served_log() -> Iterator[io.StringIO]:
    """Catch every log record of the process, from INFO on, as the lines that the served portal would write."""
    caught = io.StringIO()
    handler, root = logging.StreamHandler(caught), logging.getLogger()
    handler.setFormatter(json_formatter())
    # Leave out the log of a stand-in that a test serves in this process.
    handler.addFilter(lambda record: record.name != "werkzeug")
    level = root.level
    # First of the handlers, because those of pytest change the records that they format.
    root.handlers.insert(0, handler)
    root.setLevel(logging.INFO)
    try:
        yield caught
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
