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
from portal.web.sessions import hash_token

PREFIX = "nkp_live_"
SCOPES = ("preferences:read", "preferences:list", "records:write")
LONGEST_LIFE = timedelta(days=365)
TOUCH_EVERY = timedelta(minutes=5)

# Every call of the feed runs this query: it is built once, and its rows are read without a mapped object.
_ROWS = ApiToken.__table__
_BY_HASH = select(
    *(_ROWS.c[name] for name in ("id", "public_id", "scopes", "expires_at", "revoked_at", "last_used_at"))
).where(_ROWS.c.token_hash == bindparam("token_hash"))


def create_token(name: str, scopes: list[str], life: timedelta = LONGEST_LIFE) -> tuple[ApiToken, str]:
    """Add a token to the current transaction and return its row with the text to hand over.

    The last six digits are a checksum, so that scanners of leaked secrets recognise a token without asking us.

    Args:
        scopes: one or more of `SCOPES`.
        life: how long the token works; a year at most, whatever is asked for.

    Raises:
        ValueError: no scope, or an unknown one.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise ValueError(f"name one or more of the scopes {', '.join(SCOPES)}; unknown: {', '.join(unknown) or 'none'}")
    body = secrets.token_hex(24)
    text = f"{PREFIX}{body}{zlib.crc32(body.encode()) % 10**6:06d}"
    row = ApiToken(
        name=name, token_hash=hash_token(text), scopes=list(scopes), expires_at=clock.now() + min(life, LONGEST_LIFE)
    )
    db.session.add(row)
    db.session.flush()
    return row, text


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
