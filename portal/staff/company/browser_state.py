"""The cookie that a browser carries on its way to the company's sign-on and back.

The staff's other cookies are Strict, so a browser that comes back from another site does not send them. This one is Lax
for that reason. It is sealed, and good for one return.
"""

import hmac
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from flask import request
from werkzeug.wrappers import Response

from portal import clock
from portal.infrastructure import installed
from portal.infrastructure.identifiers import new_token
from portal.infrastructure.sealing.keys import KeyBroken, KeyMissing
from portal.infrastructure.sealing.streams import SealBroken
from portal.infrastructure.sealing.texts import open_text, seal_text
from portal.web.incoming.rate_limits import TooManyTries, count_try
from portal.web.sessions import cookie_name, hash_token

COOKIE = "staff_company"
ATTEMPT_LIFE = timedelta(minutes=10)


@dataclass(frozen=True)
class Attempt:
    """A way to the company's sign-on and back, begun in this browser."""

    state: str
    nonce: str
    verifier: str
    begun_at: str
    next: str
    proves: str
    """The public id of a signed-in member who is to prove themselves again; empty at a sign-in."""


def begin_attempt(wanted: str, proves: str = "") -> Attempt:
    """Return a new attempt, to be kept in the browser by `keep_attempt`.

    Args:
        wanted: the page to go on to.
        proves: the public id of a member signed in who is to prove themselves again.
    """
    return Attempt(new_token(), new_token(), new_token(), clock.now().isoformat(), wanted, proves)


def keep_attempt(response: Response, attempt: Attempt) -> None:
    """Keep an attempt in the browser's cookie; it replaces one begun before."""
    response.set_cookie(
        cookie_name(COOKIE), seal_text(json.dumps(asdict(attempt)), COOKIE),
        max_age=int(ATTEMPT_LIFE.total_seconds()), httponly=True, samesite="Lax", path="/",
        secure=installed.settings().is_https,
    )  # fmt: skip


def drop_attempt(response: Response) -> None:
    """Take the attempt out of the browser."""
    is_https = installed.settings().is_https
    response.delete_cookie(cookie_name(COOKIE), path="/", secure=is_https, httponly=True, samesite="Lax")


def returned_attempt(state: str) -> Attempt | None:
    """Return the attempt that a return belongs to; None unless this browser began it lately and returns the first time.

    Somebody may have kept a copy of the cookie. So each state is counted, and is taken once only.
    """
    try:
        kept = Attempt(**json.loads(open_text(request.cookies.get(cookie_name(COOKIE), ""), COOKIE)))
    except (KeyBroken, KeyMissing, SealBroken, ValueError, TypeError):
        return None
    is_late = clock.now() - datetime.fromisoformat(kept.begun_at) > ATTEMPT_LIFE
    if is_late or not hmac.compare_digest(state.encode(), kept.state.encode()):
        return None
    try:
        count_try([("1 per 15 minutes", f"staff-company:state:{hash_token(state)}")], needs_shared=True)
    except TooManyTries:
        return None
    return kept
