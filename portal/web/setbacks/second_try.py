"""Let a view run once more when PostgreSQL undid its transaction so that others could go on (docs/adr/0011)."""

import copy
from collections.abc import Callable
from typing import Any

from flask import Flask, g, request, session

from portal.infrastructure.locking.second_try import run_twice

# What is read into memory as a whole. Any other body is gone once a view has read it.
_READ_WHOLE = {"", "application/x-www-form-urlencoded", "multipart/form-data"}


def register(app: Flask) -> None:
    """Have an app run each view by `run_twice`."""
    once = app.dispatch_request

    def dispatch_request() -> Any:
        if request.mimetype not in _READ_WHOLE:
            return once()
        return run_twice(once, forget=_memory())

    app.dispatch_request = dispatch_request  # type: ignore[method-assign]


def _memory() -> Callable[[], None]:
    """Return what puts form session, `g` and sent files back as they are now."""
    # By the methods of dict: a session that was read in the usual way makes the answer vary by its cookie.
    form_session = copy.deepcopy(dict(dict.items(session._get_current_object())))  # type: ignore[attr-defined]
    modified, kept = session.modified, dict(vars(g._get_current_object()))

    def put_back() -> None:
        session.clear()
        session.update(form_session)
        session.modified = modified
        own = vars(g._get_current_object())
        own.clear()
        own.update(kept)
        for _name, file in request.files.items(multi=True):
            file.stream.seek(0)

    return put_back
