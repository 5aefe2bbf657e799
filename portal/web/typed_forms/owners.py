"""Who opened a form: a mark of the account, which stands in the token of each form."""

import hashlib
import hmac

from flask_login import current_user

from portal.infrastructure import installed
from portal.web.audiences import Audience, current_audience

NOBODY = ""


def owner_mark() -> str:
    """Return the mark of who is signed in: the same in all their sessions, and no one else can make it."""
    if not (current_user and current_user.is_authenticated):
        return NOBODY
    side = Audience.STAFF if current_audience() is Audience.STAFF else Audience.CUSTOMER
    return mark_of(side, current_user.get_id())


def mark_of(side: Audience, person_id: str) -> str:
    """Return the mark of somebody by the id of their account, or of the staff member."""
    message = f"form-owner:{side}:{person_id}".encode()
    return hmac.new(installed.settings().secret_key.encode(), message, hashlib.sha256).hexdigest()[:32]
