"""Fresh proof that the person at the keyboard is the one who signed in: password or factor, ten minutes ago at most."""

from datetime import timedelta

from flask import g

from portal import clock

FRESH_FOR = timedelta(minutes=10)


def is_fresh() -> bool:
    """Tell whether the current session's owner proved themselves within the last ten minutes."""
    session = g.get("portal_session")
    return session is not None and clock.now() - session.reauthenticated_at <= FRESH_FOR
