"""Single-use links: confirm an address, reset a password, accept an invitation.

The database holds only an identifier. The secret half of a link is an HMAC of it under the portal's key. So nobody can
make a link from a stolen database, and a worker can write a link into a mail without the link being stored anywhere.
"""

import hashlib
import hmac
import re
import unicodedata
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from sqlalchemy import String, update
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.infrastructure.database import UtcDateTime, db
from portal.infrastructure.identifiers import new_public_id

# What a mail program wraps a long line with: a sign of quoted-printable, a line end, blanks.
_WRAPPED = re.compile(r"=?\s+")
_LINK = re.compile(r"[^0-9a-z]*([0-9a-z]+\.[0-9a-f]{64})(?:[^0-9a-z].*)?", re.DOTALL)


class OneTimeToken:
    """Columns of a table of single-use links; the concrete model adds its owner."""

    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    purpose: Mapped[str] = mapped_column(String(30))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    @property
    def is_usable(self) -> bool:
        """Whether the link was neither used nor ended, and has not expired."""
        return self.ended_at is None and clock.now() < self.expires_at


def use_up(model: Any, token_id: int) -> bool:
    """Use a token up in the current transaction; one statement decides, so that of two people at once one wins.

    Args:
        model: the table, with the columns of `OneTimeToken`.

    Returns:
        False when it was used, voided or over meanwhile.
    """
    is_usable = (model.ended_at.is_(None), model.expires_at > clock.now())
    burn = update(model).where(model.id == token_id, *is_usable).values(ended_at=clock.now()).returning(model.id)
    return db.session.execute(burn).scalar_one_or_none() is not None


def write_token(secret_key: str, purpose: str, public_id: str) -> str:
    """Return the text that goes into the link of a token: its public id and its signature."""
    return f"{public_id}.{_signature(secret_key, purpose, public_id)}"


def code_of(token: str) -> str:
    """Return the six digits that stand for the text of a token, for a person who types them."""
    return f"{int(token[-12:], 16) % 1_000_000:06}"


def read_token(secret_key: str, purpose: str, text: str) -> str | None:
    """Return the public id of a token whose signature fits this purpose, or None.

    What a mail program, a person or a chat puts around the link or wraps it with is no part of it, nor are capitals.
    """
    seen = "".join(sign for sign in unquote(text) if unicodedata.category(sign) != "Cf")
    found = _LINK.fullmatch(_WRAPPED.sub("", seen).lower())
    if found is None:
        return None
    public_id, _, signature = found[1].partition(".")
    expected = _signature(secret_key, purpose, public_id)
    return public_id if hmac.compare_digest(signature.encode(), expected.encode()) else None


def _signature(secret_key: str, purpose: str, public_id: str) -> str:
    message = f"one-time-token:{purpose}:{public_id}".encode()
    return hmac.new(secret_key.encode(), message, hashlib.sha256).hexdigest()
