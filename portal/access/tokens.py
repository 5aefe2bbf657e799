"""Make and find the bearer tokens of machines. A token is shown once; only its hash is kept."""

import secrets
import zlib
from datetime import timedelta
from typing import Any

from flask import g
from sqlalchemy import Row, bindparam, select, update

from portal import clock
from portal.access.models import ApiToken
from portal.infrastructure.database import db, note
from portal.infrastructure.identifiers import new_public_id
from portal.web.sessions import hash_token

PREFIX = "nkp_live_"
OF_ONE_SYSTEM = "instructions:acknowledge"
"""The scope whose token is bound to one system of the company."""
SCOPES = ("preferences:read", "preferences:list", "records:write", OF_ONE_SYSTEM)
LONGEST_LIFE = timedelta(days=365)
TOUCH_EVERY = timedelta(minutes=5)

# Every call of the feed runs this query: it is built once, and its rows are read without a mapped object.
_ROWS = ApiToken.__table__
_BY_HASH = select(
    *(_ROWS.c[name] for name in ("id", "public_id", "scopes", "expires_at", "revoked_at", "last_used_at", "system"))
).where(_ROWS.c.token_hash == bindparam("token_hash"))


def create_token(
    name: str, scopes: list[str], life: timedelta = LONGEST_LIFE, *, system: str | None = None
) -> tuple[ApiToken, str]:
    """Add a token to the current transaction and return its row with the text to hand over.

    The last six digits are a checksum, so that scanners of leaked secrets recognise a token without asking us.

    Args:
        scopes: one or more of `SCOPES`.
        life: how long the token works; a year at most, whatever is asked for.
        system: the system whose instructions it answers; needed for that scope, and for no other.

    Raises:
        ValueError: no scope, an unknown one, or one that does not fit the system.
    """
    row = prepare_token(new_public_id(), name, scopes, life, system=system)
    text = hand_out(row)
    assert text, "nobody else knows this token yet"
    return row, text


def prepare_token(
    public_id: str, name: str, scopes: list[str], life: timedelta, *, system: str | None = None
) -> ApiToken:
    """Add a token to the current transaction that nobody has the text of yet, and return its row.

    Raises:
        ValueError: no scope, an unknown one, or one that does not fit the system.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise ValueError(f"name one or more of the scopes {', '.join(SCOPES)}; unknown: {', '.join(unknown) or 'none'}")
    if (OF_ONE_SYSTEM in scopes) is not bool(system):
        raise ValueError(f"name the system of a token with {OF_ONE_SYSTEM}, and of no other")
    row = ApiToken(
        public_id=public_id, name=name, token_hash=hash_token(_new_text()), scopes=list(scopes), system=system or None,
        expires_at=clock.now() + min(life, LONGEST_LIFE),
    )  # fmt: skip
    db.session.add(row)
    db.session.flush()
    return row


def hand_out(row: ApiToken) -> str | None:
    """Make the text of a token in the current transaction and return it; None when it was handed out before."""
    text = _new_text()
    unseen = update(ApiToken).where(
        ApiToken.id == row.id, ApiToken.handed_out_at.is_(None), ApiToken.revoked_at.is_(None)
    )
    made = unseen.values(token_hash=hash_token(text), handed_out_at=clock.now()).returning(ApiToken.id)
    return text if db.session.execute(made).scalar_one_or_none() is not None else None


def _new_text() -> str:
    body = secrets.token_hex(24)
    return f"{PREFIX}{body}{zlib.crc32(body.encode()) % 10**6:06d}"


def find_api_token(authorization: str) -> Row[*tuple[Any, ...]] | None:
    """Return the row of the live token that an Authorization header carries, or None.

    Its use is noted, every five minutes at most, and the row stays in `g.api_token` for the view.
    """
    scheme, _, text = authorization.partition(" ")
    if scheme.lower() != "bearer" or not text.startswith(PREFIX):
        return None
    row = db.session.connection().execute(_BY_HASH, {"token_hash": hash_token(text.strip())}).first()
    instant = clock.now()
    if row is None or row.revoked_at or row.expires_at <= instant:
        return None
    if row.last_used_at is None or instant - row.last_used_at > TOUCH_EVERY:
        note(update(ApiToken).where(ApiToken.id == row.id).values(last_used_at=instant))
    g.api_token = row
    return row
