"""What a browser carries before anybody signs in.

The form's cookie holds a registration that waits for its confirmation, a sign-in that waits for its second step, and an
attempt at Facebook. The device cookie is apart.
"""

import hmac
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from flask import g, request, session
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from werkzeug.wrappers import Response as AnyResponse

from portal import clock
from portal.accounts.models import Account, SpentState
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.identifiers import new_token
from portal.web.sessions import CUSTOMER_RULES, cookie_name, hash_token

AWAITED, REGISTERED_HERE, AT_FACEBOOK = "awaited_registration", "registered_here", "at_facebook"
SECOND_STEP, CHALLENGE = "second_step", "passkey"
ATTEMPT_LIFE = timedelta(minutes=15)
DEVICE_COOKIE = "device"
# Browsers keep no cookie for longer than 400 days.
DEVICE_COOKIE_LIFE = timedelta(days=365)


def await_registration(public_id: str, *, is_password_known: bool = False) -> None:
    """Note by its public id which registration this browser waits for.

    Args:
        is_password_known: whether the password of the registration was typed in this browser. Then the person who opens
            the mailed link here is the one who registered.
    """
    session[AWAITED] = public_id
    if is_password_known:
        session[REGISTERED_HERE] = public_id


def awaited_registration() -> Account | None:
    """Return the registration that this browser waits for, or None once it is confirmed or gone."""
    public_id = session.get(AWAITED)
    statement = select(Account).where(Account.public_id == public_id, Account.email_confirmed_at.is_(None))
    return db.session.execute(statement).scalar_one_or_none() if public_id else None


def is_password_known_of(account: Account) -> bool:
    """Tell whether the password of a registration was typed in this browser."""
    return bool(session.get(REGISTERED_HERE) == account.public_id)


class Errand(StrEnum):
    """What somebody goes to Facebook for."""

    SIGN_IN = "sign_in"
    """To come in."""
    LINK = "link"
    """To let Facebook open the account that they are signed in to."""
    PROVE = "prove"
    """To prove again that they are the person who signed in."""
    OPEN_ANEW = "open_anew"
    """To open a new account, though they were erased here."""


@dataclass(frozen=True)
class FacebookAttempt:
    """A way to Facebook and back, begun in this browser and good for one return.

    Attributes:
        account: public id of the account to link or to prove oneself for; empty to sign in.
        next: the page to go to afterwards; empty for the dashboard.
    """

    state: str
    verifier: str
    begun_at: str
    next: str
    errand: str
    account: str


def begin_facebook(wanted: str, errand: Errand = Errand.SIGN_IN, account: str = "") -> FacebookAttempt:
    """Begin an attempt in this browser and return it. It replaces one begun before."""
    attempt = FacebookAttempt(new_token(), new_token(), clock.now().isoformat(), wanted, errand, account)
    session[AT_FACEBOOK] = asdict(attempt)
    return attempt


def end_facebook(state: str) -> FacebookAttempt | None:
    """End the attempt of this browser and return it; None when the state is of another attempt, too old or used.

    The cookie forgets the attempt, but somebody may have kept a copy of the cookie: the database remembers used states.
    """
    kept = session.pop(AT_FACEBOOK, None)
    if kept is None:
        return None
    attempt = FacebookAttempt(**kept)
    is_late = clock.now() - datetime.fromisoformat(attempt.begun_at) > ATTEMPT_LIFE
    is_its_own = hmac.compare_digest(state.encode(), attempt.state.encode())
    return attempt if is_its_own and not is_late and _spend(state) else None


def _spend(state: str) -> bool:
    """Note that a state came back; return False when it had before. Of two returns at once only one gets True."""
    with transaction() as database:
        insert = postgresql.insert if db.engine.dialect.name == "postgresql" else sqlite.insert
        statement = insert(SpentState).values(state_hash=hash_token(state), spent_at=clock.now())
        new = statement.on_conflict_do_nothing(index_elements=["state_hash"]).returning(SpentState.id)
        return database.execute(new).scalar_one_or_none() is not None


def await_step(public_id: str) -> None:
    """Note by its public id which sign-in waits for a second step from this browser."""
    session[SECOND_STEP] = public_id


def awaited_step() -> str | None:
    """Return the public id of the sign-in that waits for a second step from this browser, or None."""
    return session.get(SECOND_STEP)


def forget_step() -> None:
    """Forget the sign-in that waited for a second step."""
    session.pop(SECOND_STEP, None)


def keep_challenge(public_id: str) -> None:
    """Tie the challenge of a passkey to this browser, by its public id."""
    session[CHALLENGE] = public_id


def take_challenge() -> str | None:
    """Return the public id of this browser's challenge, or None, and forget it: it is good for one answer."""
    return session.pop(CHALLENGE, None)


def is_session_over() -> bool:
    """Tell whether the browser still carries the cookie of a session that has ended."""
    return cookie_name(CUSTOMER_RULES.cookie) in request.cookies


def device_token() -> str:
    """Return the value of the browser's device cookie, or a new one for `keep_device` to set."""
    if "device_token" not in g:
        g.device_token = request.cookies.get(cookie_name(DEVICE_COOKIE)) or new_token()
    return str(g.device_token)


def keep_device(response: AnyResponse) -> AnyResponse:
    """Set the device cookie in the response to a browser from which an account was just entered."""
    response.set_cookie(
        cookie_name(DEVICE_COOKIE),
        device_token(),
        max_age=int(DEVICE_COOKIE_LIFE.total_seconds()),
        httponly=True,
        samesite="Lax",
        path="/",
        secure=installed.settings().is_https,
    )
    return response
