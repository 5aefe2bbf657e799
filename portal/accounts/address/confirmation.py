"""Confirm an address. The first account that proves an address gets it, and the others that name it lose everything.

Somebody may have registered another person's address before that person came. They end with nothing: their password is
removed and their links end (Sudhodanan and Paverd, "Pre-hijacked accounts", 2022).
"""

from dataclasses import dataclass

from sqlalchemy import select

from portal.accounts.facebook.linked_identities import forget_identities
from portal.accounts.links import LinkUnusable, use_link, void_changes_to, void_links
from portal.accounts.models import Account, AccountToken
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.clock import now
from portal.customers.creation import create_customer
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db
from portal.personal_data.erasure.tombstones import ADDRESS, release

CONFIRMED = declare("customer:account:confirmed", "account", "is_claim", "others_ended")


class AddressTaken(Exception):
    """Another account or customer file has this address; only the organisation can sort it out."""


@dataclass(frozen=True)
class Confirmation:
    """What a confirmation did; `is_claim` when the company knew the customer before."""

    account: Account
    is_claim: bool


def confirm_address(link_id: int) -> Confirmation:
    """Confirm the address of a link's account, in the current transaction, and give the account its customer.

    A customer whom the company knows by this address is taken; otherwise a new one is created.

    Raises:
        LinkUnusable: the link was used, replaced or expired, or another account proved the address first.
        AddressTaken: the customer of the address has another account.
    """
    link = db.session.get(AccountToken, link_id)
    if link is None:
        raise LinkUnusable
    account_id, address = link.account_id, link.account.email_normalised
    rivals = lock_accounts(address)
    use_link(link_id)
    if any(rival.email_confirmed_at for rival in rivals):
        raise LinkUnusable
    account = next(rival for rival in rivals if rival.id == account_id)
    others = [rival for rival in rivals if rival is not account]
    for other in others:
        take_everything(other)
    # The person is back by their own will: no system brought them, so their address is known here again.
    release(ADDRESS, address)
    customer, is_claim = _customer_of(account)
    customer.language = account.language
    account.customer_id, account.is_claimed_by_match = customer.id, is_claim
    account.email_confirmed_at = now()
    void_links(account.id)
    void_changes_to(address)
    who = f"customer:{customer.public_id}"
    record(
        CONFIRMED,
        actor=who,
        subject=who,
        account=account.public_id,
        is_claim=is_claim,
        others_ended=len(others),
    )
    db.session.flush()
    return Confirmation(account, is_claim)


def lock_accounts(address: str, own_id: int = 0) -> list[Account]:
    """Lock and return every account of a normalised address, and one's own, by id.

    The order is always the same, so that two people at once wait for each other and do not deadlock.
    """
    is_meant = (Account.email_normalised == address) | (Account.id == own_id)
    statement = select(Account).where(is_meant).order_by(Account.id).with_for_update(key_share=True)
    return list(db.session.execute(statement.execution_options(populate_existing=True)).scalars())


def take_everything(account: Account) -> None:
    """Leave an unconfirmed account without any way in: somebody else has proven its address."""
    # The row stays until the purge. If it went now, whoever registered it would learn that the address was proven.
    account.password_hash = None
    void_links(account.id)
    forget_identities(account.id)


def _customer_of(account: Account) -> tuple[Customer, bool]:
    known = select(Customer).where(
        Customer.email_normalised == account.email_normalised, Customer.status != CustomerStatus.ERASED
    )
    customer = db.session.execute(known.with_for_update(key_share=True)).scalar_one_or_none()
    if customer is None:
        return create_customer(
            email=account.email,
            email_normalised=account.email_normalised,
            given_name=account.given_name,
            family_name=account.family_name,
            language=account.language,
        ), False
    if db.session.execute(select(Account.id).where(Account.customer_id == customer.id)).first():
        raise AddressTaken
    return customer, True
