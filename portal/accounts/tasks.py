"""What the worker does for accounts: answer a registration or a forgotten password, purge what is over."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Exists, Select, delete, exists, select, update

from portal import clock
from portal.accounts.emails import (
    queue_account_exists,
    queue_address_in_use,
    queue_confirm_address,
    queue_confirm_new_address,
    queue_reset_password,
)
from portal.accounts.entry.registration import confirmed_account
from portal.accounts.facebook.linked_identities import UNLINKED_KEPT_FOR
from portal.accounts.links import LIFE, Purpose, issue_link
from portal.accounts.models import Account, AccountDevice, AccountSession, AccountToken, LinkedIdentity, SpentState
from portal.accounts.sessions.visitor_sessions import ATTEMPT_LIFE
from portal.customers.models import Customer, CustomerStatus
from portal.durations import Period
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import JobRun, job
from portal.infrastructure.mail.models import Mail, MailStatus

# Nobody needs a mail to an unproven address any more once its link is over.
STRANGERS_MAILS_KEPT_FOR = timedelta(days=30)
SLICE = 500


@job("accounts.answer_registration")
def answer_registration(run: JobRun, account_id: int) -> None:
    """Write to a registered address: send a link to confirm it, or tell that it has an account already."""
    with run.finish() as session:
        registration = session.get(Account, account_id)
        if registration is None or registration.email_confirmed_at:
            return
        owner = confirmed_account(registration.email_normalised)
        if owner:
            queue_account_exists(owner)
        else:
            queue_confirm_address(registration, issue_link(account_id, Purpose.CONFIRM_ADDRESS))


@job("accounts.send_reset_link")
def send_reset_link(run: JobRun, account_id: int) -> None:
    """Send the link to choose a new password, unless the address that was typed has no account."""
    with run.finish() as session:
        account = session.get(Account, account_id)
        if account is None or account.email_confirmed_at is None:
            return
        queue_reset_password(account, issue_link(account_id, Purpose.RESET_PASSWORD))


@job("accounts.write_to_new_address")
def write_to_new_address(run: JobRun, link_id: int) -> None:
    """Write to an address that an account wants: send a link to confirm it, or warn the owner whose address it is."""
    with run.finish() as session:
        link = session.get(AccountToken, link_id)
        if link is None or not link.is_usable:
            return
        owner = confirmed_account(link.email_normalised or "")
        if owner:
            queue_address_in_use(owner)
        else:
            queue_confirm_new_address(link.account, link)


@job("accounts.purge", every=timedelta(days=1))
def purge_accounts(run: JobRun) -> None:
    """Delete registrations never confirmed, old sessions, links and browsers, links undone, mails to strangers."""
    for find, remove in (
        (_never_confirmed, _delete_accounts),
        (_old_sessions, _delete_sessions),
        (_old_links, _delete_links),
        (_links_with_an_address, _delete_links),
        (_old_devices, _delete_devices),
        (_unlinked, _delete_identities),
        (_spent_states, _delete_states),
        (_mails_to_strangers, _delete_mails),
    ):
        while _purge_slice(find(clock.now()), remove):
            run.renew()


def security_log_start(instant: datetime) -> datetime:
    """Return the instant before which traces of sign-ins are deleted, by the period that the organisation declares."""
    period: Period = installed.organisation().retention.security_log
    return period.before(instant)


def _is_restricted(account_id: Any) -> Exists:
    # GDPR art. 18: restricted data may only be stored, so they are not deleted either.
    customers = (Account.id == account_id, Customer.id == Account.customer_id)
    return exists().where(*customers, Customer.status == CustomerStatus.RESTRICTED)


def _purge_slice(find: Select[Any], remove: Callable[[list[int]], None]) -> bool:
    with transaction() as session:
        ids = list(session.execute(find.limit(SLICE)).scalars())
        if ids:
            remove(ids)
    return len(ids) == SLICE


def _never_confirmed(instant: datetime) -> Select[Any]:
    over = Account.created_at < instant - LIFE[Purpose.CONFIRM_ADDRESS]
    still_linked = exists().where(AccountToken.account_id == Account.id, AccountToken.expires_at > instant)
    return select(Account.id).where(Account.email_confirmed_at.is_(None), over, ~still_linked)


def _delete_accounts(ids: list[int]) -> None:
    for model in (AccountToken, LinkedIdentity):
        db.session.execute(delete(model).where(model.account_id.in_(ids)))
    db.session.execute(delete(Account).where(Account.id.in_(ids)))


def _old_sessions(instant: datetime) -> Select[Any]:
    is_old = AccountSession.last_used_at < security_log_start(instant)
    return select(AccountSession.id).where(is_old, ~_is_restricted(AccountSession.account_id))


def _delete_sessions(ids: list[int]) -> None:
    db.session.execute(delete(AccountSession).where(AccountSession.id.in_(ids)))


def _old_links(instant: datetime) -> Select[Any]:
    is_old = AccountToken.expires_at < security_log_start(instant)
    return select(AccountToken.id).where(is_old, ~_is_restricted(AccountToken.account_id))


def _links_with_an_address(instant: datetime) -> Select[Any]:
    # A former address, or one that somebody mistyped, is nobody's business once its link is over.
    is_old = AccountToken.expires_at < instant - STRANGERS_MAILS_KEPT_FOR
    return select(AccountToken.id).where(
        AccountToken.email.is_not(None), is_old, ~_is_restricted(AccountToken.account_id)
    )


def _delete_links(ids: list[int]) -> None:
    db.session.execute(delete(AccountToken).where(AccountToken.id.in_(ids)))


def _old_devices(instant: datetime) -> Select[Any]:
    is_old = AccountDevice.last_seen_at < security_log_start(instant)
    return select(AccountDevice.id).where(is_old, ~_is_restricted(AccountDevice.account_id))


def _delete_devices(ids: list[int]) -> None:
    db.session.execute(update(AccountSession).where(AccountSession.device_id.in_(ids)).values(device_id=None))
    db.session.execute(delete(AccountDevice).where(AccountDevice.id.in_(ids)))


def _unlinked(instant: datetime) -> Select[Any]:
    is_old = LinkedIdentity.unlinked_at < instant - UNLINKED_KEPT_FOR
    return select(LinkedIdentity.id).where(is_old, ~_is_restricted(LinkedIdentity.account_id))


def _delete_identities(ids: list[int]) -> None:
    db.session.execute(delete(LinkedIdentity).where(LinkedIdentity.id.in_(ids)))


def _spent_states(instant: datetime) -> Select[Any]:
    # The cookie of an older attempt is refused for its age, so its state need not be remembered.
    return select(SpentState.id).where(SpentState.spent_at < instant - ATTEMPT_LIFE)


def _delete_states(ids: list[int]) -> None:
    db.session.execute(delete(SpentState).where(SpentState.id.in_(ids)))


def _mails_to_strangers(instant: datetime) -> Select[Any]:
    is_old = Mail.created_at < instant - STRANGERS_MAILS_KEPT_FOR
    return select(Mail.id).where(Mail.customer_id.is_(None), Mail.status != MailStatus.WAITING, is_old)


def _delete_mails(ids: list[int]) -> None:
    db.session.execute(delete(Mail).where(Mail.id.in_(ids)))
