"""An account that nobody uses ends after the period told to people, and not without a mail thirty days before.

Signing in ends the wait. What the company holds does not change: only the ways in go, with their traces.
"""

from datetime import date, timedelta

from sqlalchemy import ColumnElement, delete, func, select

from portal import clock
from portal.accounts.emails import queue_account_unused
from portal.accounts.models import (
    Account,
    AccountDevice,
    AccountPasskey,
    AccountRecoveryCode,
    AccountSession,
    AccountToken,
    LinkedIdentity,
)
from portal.audit.recording import record
from portal.audit.tags import declare
from portal.durations import Period
from portal.infrastructure import installed
from portal.infrastructure.database import db, transaction
from portal.infrastructure.jobs.queue import JobRun, job
from portal.personal_data.keeping.clause import About, may_go

WARNED = declare("customer:account:warned", "ends_on")

NOTICE = timedelta(days=30)
_SLICE = 200
_LAST_USE = func.coalesce(Account.last_sign_in_at, Account.email_confirmed_at)


@job("accounts.warn_unused", every=timedelta(days=1), destroys=True)
def warn_unused(run: JobRun) -> None:
    """Write to the people whose account would end in thirty days, a slice at a time."""
    while _warn_some():
        run.renew()


def _warn_some() -> bool:
    with transaction() as session:
        due = select(Account).where(*_is_nearly_over(clock.today())).order_by(Account.id).limit(_SLICE)
        accounts = list(session.execute(due.with_for_update(key_share=True)).scalars())
        for account in accounts:
            account.unused_ends_on = _last_day(account)
            queue_account_unused(account)
            ends_on = account.unused_ends_on.isoformat()
            record(WARNED, actor="portal", subject=account.subject, ends_on=ends_on)
    return len(accounts) == _SLICE


def _is_nearly_over(today: date) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that the notice has to leave today. Nobody is warned while something keeps the account."""
    first_day_kept = _period().before(today + NOTICE) + timedelta(days=1)
    return (
        Account.customer_id.is_not(None), Account.unused_ends_on.is_(None),
        clock.start_of(first_day_kept) > _LAST_USE, may_go(About(Account.customer_id)),
    )  # fmt: skip


def _last_day(account: Account) -> date:
    """Return the last day of an account: the period after its last use, and a whole notice from today in any case."""
    used_on = clock.local_date(account.last_sign_in_at or account.email_confirmed_at or account.created_at)
    return max(_period().after(used_on), clock.today() + NOTICE)


def end_accounts(ids: list[int]) -> None:
    """Delete accounts with every way in, in the current transaction."""
    for model in (
        AccountSession, AccountDevice, AccountToken, AccountPasskey, AccountRecoveryCode, LinkedIdentity,
    ):  # fmt: skip
        db.session.execute(delete(model).where(model.account_id.in_(ids)))
    db.session.execute(delete(Account).where(Account.id.in_(ids)))


def _period() -> Period:
    period: Period = installed.organisation().retention.unused_account
    return period
