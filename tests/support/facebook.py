"""Accounts linked with Facebook, and the calls that Facebook signs."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal import clock
from portal.accounts.models import Account, LinkedIdentity
from portal.accounts.signed_request import write_signed_request
from portal.infrastructure.database import transaction

APP_SECRET = "the secret of a Facebook application"


def link_facebook(email: str, scoped_id: str = "218471", **facts: Any) -> None:
    """Link the newest account of an address with a number that Facebook made."""
    with transaction() as session:
        newest = select(Account.id).where(Account.email == email).order_by(Account.id.desc()).limit(1)
        account_id = session.execute(newest).scalar_one()
        session.add(LinkedIdentity(account_id=account_id, provider="facebook", scoped_id=scoped_id, **facts))


def signed_call(scoped_id: str | int = "218471", issued_at: datetime | None = None, secret: str = APP_SECRET) -> str:
    """Return what Facebook would send about somebody, signed now or at another instant."""
    seconds = int((issued_at or clock.now()).timestamp())
    payload = {"user_id": scoped_id, "algorithm": "HMAC-SHA256", "issued_at": seconds, "expires": seconds + 3600}
    return write_signed_request(payload, secret)
