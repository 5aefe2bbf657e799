"""Single-use links mailed to customers: made by the worker, found by signature, ended by one statement."""

from datetime import timedelta
from enum import StrEnum

from flask import current_app
from sqlalchemy import CursorResult, select, update

from portal import clock
from portal.accounts.models import AccountToken
from portal.infrastructure.database import db
from portal.infrastructure.one_time_tokens import read_token


class Purpose(StrEnum):
    CONFIRM_ADDRESS = "confirm_address"
    """Proves that the person reads the address they registered with."""
    RESET_PASSWORD = "reset_password"  # noqa: S105 - a purpose
    """Lets the person choose a new password without the old one."""


LIFE = {Purpose.CONFIRM_ADDRESS: timedelta(hours=48), Purpose.RESET_PASSWORD: timedelta(minutes=30)}


class LinkState(StrEnum):
    USABLE = "usable"
    """Neither used, nor replaced, nor expired."""
    EXPIRED = "expired"
    """Its time is over."""
    ENDED = "ended"
    """Used, or replaced by a newer one."""
    BROKEN = "broken"
    """Not a link of ours for this purpose, or of an account that is gone."""


class LinkUnusable(Exception):
    """The link was used, replaced or expired between the page and its button."""


def issue_link(account_id: int, purpose: Purpose) -> AccountToken:
    """Add a link to the current transaction; the earlier ones of the same purpose stop working."""
    void_links(account_id, purpose)
    instant = clock.now()
    link = AccountToken(account_id=account_id, purpose=purpose, created_at=instant, expires_at=instant + LIFE[purpose])
    db.session.add(link)
    db.session.flush()
    return link


def find_link(purpose: Purpose, text: str) -> tuple[LinkState, AccountToken | None]:
    """Return the state of the link whose secret is `text`, and the link unless it is broken."""
    public_id = read_token(current_app.extensions["settings"].secret_key, purpose, text)
    statement = select(AccountToken).where(AccountToken.public_id == public_id, AccountToken.purpose == purpose)
    link = db.session.execute(statement).scalar_one_or_none() if public_id else None
    if link is None:
        return LinkState.BROKEN, None
    if link.ended_at:
        return LinkState.ENDED, link
    return (LinkState.USABLE if link.is_usable else LinkState.EXPIRED), link


def use_link(link_id: int) -> None:
    """End a link in the current transaction. One statement decides, so that of two people at once one wins.

    Raises:
        LinkUnusable: it was used, replaced or expired meanwhile.
    """
    instant = clock.now()
    is_usable = (AccountToken.ended_at.is_(None), AccountToken.expires_at > instant)
    statement = update(AccountToken).where(AccountToken.id == link_id, *is_usable).values(ended_at=instant)
    result = db.session.execute(statement)
    if not isinstance(result, CursorResult) or result.rowcount != 1:
        raise LinkUnusable


def void_links(account_id: int, purpose: Purpose | None = None) -> None:
    """End every open link of an account, or those of one purpose, in the current transaction."""
    statement = update(AccountToken).where(AccountToken.account_id == account_id, AccountToken.ended_at.is_(None))
    if purpose:
        statement = statement.where(AccountToken.purpose == purpose)
    db.session.execute(statement.values(ended_at=clock.now()))
