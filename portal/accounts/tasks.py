"""What the worker does for accounts: answer a registration or a forgotten password."""

from portal.accounts.emails import (
    queue_account_exists,
    queue_address_in_use,
    queue_confirm_address,
    queue_confirm_new_address,
    queue_reset_password,
)
from portal.accounts.entry.registration import confirmed_account, is_erased
from portal.accounts.links import Purpose, issue_link
from portal.accounts.models import Account, AccountToken
from portal.infrastructure.jobs.queue import JobRun, job


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
        if account is None or account.email_confirmed_at is None or is_erased(account):
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
