"""What the worker does for accounts: answer a registration or a forgotten password, purge what is over."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, update

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
from portal.infrastructure.database import db
from portal.infrastructure.jobs.queue import JobRun, job
from portal.infrastructure.jobs.slices import remove_in_slices
from portal.infrastructure.mail.models import Mail, MailStatus

# Nobody needs a mail to an unproven address any more once its link is over.
STRANGERS_MAILS_KEPT_FOR = timedelta(days=30)


@job("accounts.answer_registration")
def answer_registration(run: JobRun, account_id: int) -> None:
    """Write to a registered address: send a link to confirm it, or tell that it has an account already."""
    with run.finish() as session:
        registration = session.get(Account, account_id)
        if registration is None or registration.email_confirmed_at:
            return
        owner = confirmed_account(registration.email_normalised)
        if owner:
            queue_account_exists(owner, run.lane)
        else:
            queue_confirm_address(registration, issue_link(account_id, Purpose.CONFIRM_ADDRESS), run.lane)


@job("accounts.send_reset_link")
def send_reset_link(run: JobRun, account_id: int) -> None:
    """Send the link to choose a new password, unless the address that was typed has no account."""
    with run.finish() as session:
        account = session.get(Account, account_id)
        if account is None or account.email_confirmed_at is None:
            return
        queue_reset_password(account, issue_link(account_id, Purpose.RESET_PASSWORD), run.lane)


@job("accounts.write_to_new_address")
def write_to_new_address(run: JobRun, link_id: int) -> None:
    """Write to an address that an account wants: send a link to confirm it, or warn the owner whose address it is."""
    with run.finish() as session:
        link = session.get(AccountToken, link_id)
        if link is None or not link.is_usable:
            return
        owner = confirmed_account(link.email_normalised or "")
        if owner:
            queue_address_in_use(owner, run.lane)
        else:
            queue_confirm_new_address(link.account, link, run.lane)


@job("accounts.purge", every=timedelta(days=1), destroys=True)
def purge_accounts(run: JobRun) -> None:
    """Delete registrations never confirmed, old sessions, links and browsers, links undone, mails to strangers."""
    instant = clock.now()
    log_start, mails_start = security_log_start(instant), instant - STRANGERS_MAILS_KEPT_FOR
    remove_in_slices(run, Account, *_is_never_confirmed(instant), first=_remove_what_registrations_have)
    _purge_of_accounts(run, AccountSession, AccountSession.last_used_at < log_start)
    _purge_of_accounts(run, AccountToken, AccountToken.expires_at < log_start)
    # A former address, or one that somebody mistyped, is nobody's business once its link is over.
    _purge_of_accounts(run, AccountToken, AccountToken.email.is_not(None), AccountToken.expires_at < mails_start)
    _purge_of_accounts(run, AccountDevice, AccountDevice.last_seen_at < log_start, first=_let_devices_go)
    _purge_of_accounts(run, LinkedIdentity, LinkedIdentity.unlinked_at < instant - UNLINKED_KEPT_FOR)
    # An older cookie is refused by its own age.
    remove_in_slices(run, SpentState, SpentState.spent_at < instant - ATTEMPT_LIFE)
    is_to_stranger = (Mail.customer_id.is_(None), Mail.status != MailStatus.WAITING)
    remove_in_slices(run, Mail, *is_to_stranger, Mail.created_at < mails_start)


def security_log_start(instant: datetime) -> datetime:
    """Return the instant before which traces of sign-ins are deleted, by the period that the organisation declares."""
    period: Period = installed.organisation().retention.security_log
    return period.before(instant)


def _purge_of_accounts(
    run: JobRun, model: Any, *conditions: ColumnElement[bool], first: Callable[[list[int]], None] | None = None
) -> None:
    # GDPR art. 18: restricted data may only be stored, so they are not deleted either.
    customers = (Account.id == model.account_id, Customer.id == Account.customer_id)
    is_restricted = exists().where(*customers, Customer.status == CustomerStatus.RESTRICTED)
    remove_in_slices(run, model, *conditions, ~is_restricted, first=first)


def _is_never_confirmed(instant: datetime) -> tuple[ColumnElement[bool], ...]:
    is_over = Account.created_at < instant - LIFE[Purpose.CONFIRM_ADDRESS]
    is_linked = exists().where(AccountToken.account_id == Account.id, AccountToken.expires_at > instant)
    return Account.email_confirmed_at.is_(None), is_over, ~is_linked


def _remove_what_registrations_have(ids: list[int]) -> None:
    for model in (AccountToken, LinkedIdentity):
        db.session.execute(delete(model).where(model.account_id.in_(ids)))


def _let_devices_go(ids: list[int]) -> None:
    db.session.execute(update(AccountSession).where(AccountSession.device_id.in_(ids)).values(device_id=None))
