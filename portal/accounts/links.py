"""Single-use links mailed to customers. A link's text is signed and derived from its row (docs/adr/0003)."""

from datetime import timedelta
from enum import StrEnum

from sqlalchemy import select, update

from portal import clock
from portal.accounts.models import AccountToken
from portal.infrastructure import installed
from portal.infrastructure.database import db
from portal.infrastructure.one_time_tokens import read_token, use_up


class Purpose(StrEnum):
    CONFIRM_ADDRESS = "confirm_address"
    """Proves that the person reads the address they registered with."""
    RESET_PASSWORD = "reset_password"  # noqa: S105 - a purpose
    """Lets the person choose a new password without the old one."""
    CHANGE_ADDRESS = "change_address"
    """Proves that the person reads the address that they want to sign in with from now on."""
    DENY_CHANGE = "deny_change"
    """Lets whoever reads the former address stop or undo the change, and close the account to everybody else."""


LIFE = {
    Purpose.CONFIRM_ADDRESS: timedelta(hours=48),
    Purpose.RESET_PASSWORD: timedelta(minutes=30),
    Purpose.CHANGE_ADDRESS: timedelta(hours=1),
    # As long as copies of the data wait after a change: until then nothing has left the account.
    Purpose.DENY_CHANGE: timedelta(hours=72),
}


class LinkState(StrEnum):
    USABLE = "usable"
    """Neither used, nor replaced, nor expired."""
    EXPIRED = "expired"
    """Its time is over."""
    ENDED = "ended"
    """Used, or replaced by a newer one."""
    BROKEN = "broken"
    """Not a link of ours for this purpose, or its row is gone."""

    @property
    def status(self) -> int:
        """The HTTP status of the page about a link that opens nothing."""
        return 404 if self is LinkState.BROKEN else 410


class LinkUnusable(Exception):
    """The link was used, replaced or expired between the page and its button."""


def issue_link(
    account_id: int, purpose: Purpose, *, email: str | None = None, email_normalised: str | None = None
) -> AccountToken:
    """Add a link to the current transaction and return its row. Earlier links of the same purpose stop working.

    Links of `DENY_CHANGE` do not end each other: several former addresses may each have one.

    Args:
        email: the address that the link brings, where it brings one.
        email_normalised: the form of that address that is compared.
    """
    if purpose is not Purpose.DENY_CHANGE:
        void_links(account_id, purpose)
    instant = clock.now()
    link = AccountToken(
        account_id=account_id,
        purpose=purpose,
        email=email,
        email_normalised=email_normalised,
        created_at=instant,
        expires_at=instant + LIFE[purpose],
    )
    db.session.add(link)
    db.session.flush()
    return link


def find_link(purpose: Purpose, text: str) -> tuple[LinkState, AccountToken | None]:
    """Return the state of the link whose secret is `text`, and the link unless it is broken."""
    public_id = read_token(installed.settings().secret_key, purpose, text)
    statement = select(AccountToken).where(AccountToken.public_id == public_id, AccountToken.purpose == purpose)
    link = db.session.execute(statement).scalar_one_or_none() if public_id else None
    if link is None:
        return LinkState.BROKEN, None
    if link.ended_at:
        return LinkState.ENDED, link
    return (LinkState.USABLE if link.is_usable else LinkState.EXPIRED), link


def use_link(link_id: int) -> None:
    """End a link in the current transaction.

    Raises:
        LinkUnusable: it was used, replaced or expired meanwhile.
    """
    if not use_up(AccountToken, link_id):
        raise LinkUnusable


def void_links(account_id: int, purpose: Purpose | None = None) -> None:
    """End the open links of an account in the current transaction: those of one purpose, or all but `DENY_CHANGE`.

    Links of `DENY_CHANGE` stay, or whoever took an account over would first end the links that could undo it.
    """
    statement = update(AccountToken).where(AccountToken.account_id == account_id, AccountToken.ended_at.is_(None))
    is_meant = AccountToken.purpose == purpose if purpose else AccountToken.purpose != Purpose.DENY_CHANGE
    db.session.execute(statement.where(is_meant).values(ended_at=clock.now()))


def void_ways_to_deny(account_id: int, link_id: int, email_normalised: str) -> None:
    """End `DENY_CHANGE` links of an account in the current transaction: those newer than a link, or for its address.

    The older ones belong to earlier owners. A thief who changed the address twice must not end the owner's link by
    using one of their own.

    Args:
        link_id: the link that is being used.
        email_normalised: the address that this link gives back.
    """
    is_open = (AccountToken.account_id == account_id, AccountToken.ended_at.is_(None))
    is_meant = (AccountToken.id > link_id) | (AccountToken.email_normalised == email_normalised)
    statement = update(AccountToken).where(*is_open, AccountToken.purpose == Purpose.DENY_CHANGE, is_meant)
    db.session.execute(statement.values(ended_at=clock.now()))


def void_changes_to(email_normalised: str) -> None:
    """End every open change to an address in the current transaction: somebody has just proven that it is theirs."""
    is_open = (AccountToken.ended_at.is_(None), AccountToken.purpose == Purpose.CHANGE_ADDRESS)
    statement = update(AccountToken).where(AccountToken.email_normalised == email_normalised, *is_open)
    db.session.execute(statement.values(ended_at=clock.now()))
