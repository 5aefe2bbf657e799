"""Register. The answer, the rows written and the time are the same whether or not the address has an account.

The request does not look whether there is an account. The worker looks, and writes to the address: either a link to
confirm it, or that an account exists. Nobody can occupy somebody else's address: several unconfirmed accounts may name
it, and none of them opens anything.
"""

from sqlalchemy import select

from portal.accounts.models import Account
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.clock import now
from portal.customers.models import Customer, CustomerStatus
from portal.infrastructure.database import db
from portal.infrastructure.jobs.models import Lane
from portal.infrastructure.jobs.queue import enqueue

NOBODY = 0

REGISTERED = declare("customer:account:registered", "account")
LINK_ASKED = declare("customer:account:link_asked", "account")


def register(
    *,
    given_name: str,
    family_name: str,
    email: str,
    email_normalised: str,
    password_hash: str | None,
    language: str,
    may_mail: bool,
) -> Account:
    """Add an unconfirmed account to the current transaction, and ask the worker to write to its address.

    Args:
        email: as typed; `email_normalised` is the form that is compared.
        password_hash: computed before the transaction, for a known address too; None for somebody who comes through
            Facebook.
        may_mail: False once the address got enough mails this hour; everything else stays the same.
    """
    instant = now()
    account = Account(
        given_name=given_name,
        family_name=family_name,
        email=email,
        email_normalised=email_normalised,
        password_hash=password_hash,
        password_changed_at=instant if password_hash else None,
        language=language,
        created_at=instant,
    )
    db.session.add(account)
    db.session.flush()
    record(REGISTERED, actor="portal", subject="portal", account=account.public_id)
    if may_mail:
        enqueue("accounts.answer_registration", account_id=account.id, lane=Lane.STRANGERS)
    return account


def ask_for_another_link(account_id: int, *, may_mail: bool) -> None:
    """Ask the worker, in the current transaction, to write once more to a registered address."""
    account = db.session.get_one(Account, account_id)
    record(LINK_ASKED, actor="portal", subject="portal", account=account.public_id)
    if may_mail:
        enqueue("accounts.answer_registration", account_id=account.id, lane=Lane.STRANGERS)


def confirmed_account(email_normalised: str) -> Account | None:
    """Return the account of an address, or None. There is one at most."""
    statement = select(Account).where(
        Account.email_normalised == email_normalised, Account.email_confirmed_at.is_not(None)
    )
    return db.session.execute(statement).scalar_one_or_none()


def is_erased(account: Account) -> bool:
    """Tell whether the customer of an account was erased: nothing opens it any more, until its row goes too."""
    return account.customer is not None and account.customer.status is CustomerStatus.ERASED


def subject_of(account_id: int | None) -> str:
    """Return the subject of an audit event about an account: `customer:…`, or `portal` when there is no customer.

    The query is the same without an account, so that the time does not tell whether there is one.
    """
    statement = select(Customer.public_id).join(Account, Account.customer_id == Customer.id)
    public_id = db.session.execute(statement.where(Account.id == (account_id or NOBODY))).scalar_one_or_none()
    return f"customer:{public_id}" if public_id else "portal"


def newest_registration(email_normalised: str) -> Account | None:
    """Return the newest unconfirmed account of an address, or None."""
    statement = (
        select(Account)
        .where(Account.email_normalised == email_normalised, Account.email_confirmed_at.is_(None))
        .order_by(Account.id.desc())
        .limit(1)
    )
    return db.session.execute(statement).scalar_one_or_none()
