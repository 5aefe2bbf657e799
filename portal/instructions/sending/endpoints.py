"""Addresses that said that nobody is there any more: 410 Gone (RFC 9110, 15.5.11; Standard Webhooks 1.0)."""

from sqlalchemy import select

from portal.infrastructure.database import db
from portal.instructions.models import EndedEndpoint


def has_ended(target: str, url: str) -> bool:
    """Tell whether an address of somebody answered that nobody is there any more."""
    named = select(EndedEndpoint.id).where(EndedEndpoint.target == target, EndedEndpoint.url == url)
    return db.session.execute(named.limit(1)).first() is not None


def end(target: str, url: str) -> None:
    """Send nothing more to an address, in the current transaction."""
    if not has_ended(target, url):
        db.session.add(EndedEndpoint(target=target, url=url))
