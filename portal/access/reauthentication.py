"""Fresh proof that the person at the keyboard is the one who signed in: password or factor, ten minutes ago at most."""

from datetime import datetime, timedelta

from flask import g

from portal import clock

FRESH_FOR = timedelta(minutes=10)


def is_fresh() -> bool:
    """Tell whether the current session's owner proved themselves within the last ten minutes."""
    session = g.get("portal_session")
    return session is not None and has_proved_lately(session.reauthenticated_at)


def has_proved_lately(at: datetime) -> bool:
    """Tell whether an instant, at which somebody proved themselves, was within the last ten minutes."""
    return clock.now() - at <= FRESH_FOR
