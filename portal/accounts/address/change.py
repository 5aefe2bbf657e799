"""Change the sign-in address.

The customer asks after a fresh proof of who they are, and confirms by a link mailed to the new address. Nothing changes
before that. The present address gets a mail at both steps, with a link that undoes the change for 72 hours. Copies of
the data wait for as long, so that whoever took an account over leaves with nothing (ASVS 6.3.7).
"""

from typing import Any

from sqlalchemy import ColumnElement, select

from portal import clock
from portal.accounts.address.confirmation import AddressTaken, lock_accounts, take_everything
from portal.accounts.emails import queue_address_changed, queue_address_moved, queue_change_asked, queue_change_undone
from portal.accounts.facebook.linked_identities import forget_identities
from portal.accounts.links import (
    LinkUnusable,
    Purpose,
    issue_link,
    use_link,
    void_changes_to,
    void_links,
    void_ways_to_deny,
)
from portal.accounts.models import Account, AccountSession, AccountToken
from portal.accounts.second_step.factors import undo_second_step
from portal.accounts.sessions.account_sessions import end_sessions, renew_session
from portal.accounts.sessions.devices import forget_devices
from portal.accounts.sessions.freeze import FREEZE
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db
from portal.infrastructure.jobs.models import Lane
from portal.infrastructure.jobs.queue import enqueue

ASKED = declare("customer:address:change_asked")
CANCELLED = declare("customer:address:change_cancelled")
CHANGED = declare("customer:address:changed", "sessions_ended", "others_ended")
DENIED = declare("customer:address:change_denied", "was_changed", "sessions_ended")


def pending_change(account_id: int) -> AccountToken | None:
    """Return the link that the new address still has to confirm, or None."""
    return db.session.execute(select(AccountToken).where(*is_pending(account_id))).scalar_one_or_none()


def is_pending(account_id: Any) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on `AccountToken` for the open link by which a new address must be confirmed.

    Args:
        account_id: a number, or a column to compare with.
    """
    return (
        AccountToken.account_id == account_id,
        AccountToken.purpose == Purpose.CHANGE_ADDRESS,
        AccountToken.ended_at.is_(None),
        AccountToken.expires_at > clock.now(),
    )


def ask_for_change(session: AccountSession, email: str, email_normalised: str, *, may_mail: bool) -> None:
    """Ask for a change of address, in the current transaction: the new address and the present one get a mail.

    The rows written are the same whether or not the new address has an account, so that the page gives nothing away.
    Only the worker looks whether it has one, and then writes to that account's owner instead.

    Args:
        may_mail: False once the new address got enough mails this hour.
    """
    account = _held(session.account_id)
    link = issue_link(account.id, Purpose.CHANGE_ADDRESS, email=email, email_normalised=email_normalised)
    record(ASKED, actor=account.subject, subject=account.subject)
    queue_change_asked(account, _way_to_deny(account), email)
    if may_mail:
        enqueue("accounts.write_to_new_address", link_id=link.id, lane=Lane.STRANGERS)


def cancel_change(session: AccountSession) -> None:
    """End a change that waits for its confirmation, in the current transaction."""
    account = _held(session.account_id)
    if pending_change(account.id):
        void_links(account.id, Purpose.CHANGE_ADDRESS)
        record(CANCELLED, actor=account.subject, subject=account.subject)


def change_address(link_id: int, *, session: AccountSession | None = None, seen_hash: str | None = None) -> None:
    """Give an account and its customer the address that a link brings, in the current transaction.

    Every other link and code of the account ends, except those that undo a change of address. Every session ends except
    the one that confirms; that one gets a new cookie.

    Args:
        session: the account's session, when the person is signed in.
        seen_hash: the hash that the typed password fitted, when they are not.

    Raises:
        LinkUnusable: the link was used, replaced or expired meanwhile, or the password changed.
        AddressTaken: another account or customer file has the address.
        SessionOver: the session was ended meanwhile.
    """
    link, email, address = _brought_by(link_id)
    account, rivals = _held_with_rivals(link.account_id, address)
    _hold_changes_to(address)
    use_link(link_id)
    if session is None and account.password_hash != seen_hash:
        raise LinkUnusable
    former, former_normalised = account.email, account.email_normalised
    _move(account, rivals, email, address)
    void_links(account.id)
    if session:
        renew_session(session)
    ended = end_sessions(account.id, except_id=session.id if session else None)
    record(CHANGED, actor=account.subject, subject=account.subject, sessions_ended=ended, others_ended=len(rivals))
    queue_address_changed(account, former, _way_to_deny(account, former, former_normalised))
    queue_address_moved(account)


def deny_change(link_id: int) -> None:
    """Give an account back to whoever reads its former address, in the current transaction.

    A change that waits ends, and one that was made is undone. Every session, known browser and way in ends, and a link
    to choose a password goes to the former address. What was added to the second step in the 72 hours before the
    denying link was made, or since, is removed.

    Raises:
        LinkUnusable: the link was used or expired meanwhile.
        AddressTaken: another account or customer file has the former address by now.
    """
    link, email, address = _brought_by(link_id)
    account, rivals = _held_with_rivals(link.account_id, address)
    use_link(link_id)
    is_changed = account.email_normalised != address
    if is_changed:
        queue_change_undone(account)
        _move(account, rivals, email, address)
    account.password_hash = None
    void_links(account.id)
    void_ways_to_deny(account.id, link_id, address)
    ended = end_sessions(account.id)
    forget_devices(account.id)
    forget_identities(account.id)
    record(DENIED, actor=account.subject, subject=account.subject, was_changed=is_changed, sessions_ended=ended)
    undo_second_step(account, link.created_at - FREEZE)
    enqueue("accounts.send_reset_link", account_id=account.id)


def _brought_by(link_id: int) -> tuple[AccountToken, str, str]:
    """Return a link with the address that it brings, as typed and normalised."""
    link = db.session.get(AccountToken, link_id)
    if link is None or link.email is None or link.email_normalised is None:
        raise LinkUnusable
    return link, link.email, link.email_normalised


def _move(account: Account, rivals: list[Account], email: str, address: str) -> None:
    """Put an account and its customer under an address that has just been proven."""
    customer = account.customer
    if customer is None or any(rival.email_confirmed_at for rival in rivals):
        raise AddressTaken
    others = select(Customer.id).where(Customer.email_normalised == address, Customer.id != customer.id)
    if db.session.execute(others).first():
        raise AddressTaken
    for rival in rivals:
        take_everything(rival)
    void_changes_to(address)
    account.email, account.email_normalised = email, address
    account.email_confirmed_at = account.email_changed_at = clock.now()
    # The customer file takes the new address too: otherwise our answers would go to a mailbox that its owner has left.
    customer.email, customer.email_normalised = email, address
    db.session.flush()


def _way_to_deny(account: Account, email: str = "", email_normalised: str = "") -> AccountToken:
    return issue_link(
        account.id,
        Purpose.DENY_CHANGE,
        email=email or account.email,
        email_normalised=email_normalised or account.email_normalised,
    )


def _held(account_id: int) -> Account:
    return db.session.execute(
        select(Account).where(Account.id == account_id).with_for_update(key_share=True)
    ).scalar_one()


def _held_with_rivals(account_id: int, address: str) -> tuple[Account, list[Account]]:
    """Lock and return an account, and the other accounts that name an address.

    Raises:
        LinkUnusable: the account has no customer, or an erased one.
    """
    held = lock_accounts(address, account_id)
    account = next(found for found in held if found.id == account_id)
    if account.customer is None or account.customer.status is CustomerStatus.ERASED:
        raise LinkUnusable
    return account, [found for found in held if found is not account]


def _hold_changes_to(address: str) -> None:
    """Lock every open change to an address, always in the same order: two accounts that want it do not deadlock."""
    is_meant = (AccountToken.email_normalised == address, AccountToken.purpose == Purpose.CHANGE_ADDRESS)
    db.session.execute(
        select(AccountToken.id).where(*is_meant).order_by(AccountToken.id).with_for_update(key_share=True)
    ).all()
