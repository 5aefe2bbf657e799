"""Ways in that were taken away do not come back with a backup: what the ledger is told, and what is done after one.

Sessions are not noted one by one: after a restore all of them end, with every mailed link and code.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, select, update

from portal import clock
from portal.access.one_time_codes import keep_totp_secret
from portal.accounts.models import (
    Account,
    AccountPasskey,
    AccountRecoveryCode,
    AccountSession,
    AccountToken,
    LinkedIdentity,
)
from portal.infrastructure.database import db
from portal.personal_data.ledger.entries import note
from portal.personal_data.ledger.models import EntryKind
from portal.personal_data.ledger.replaying import Body, closes_after_restore, replays

WAY = "account_way"


class Way(StrEnum):
    """What was taken away from an account."""

    PASSWORD = "password"  # noqa: S105 - a code
    "Another took its place. After a restore neither opens, and the owner makes a new one by a mailed link."
    APP = "app"
    PASSKEY = "passkey"
    CODES = "codes"
    SECOND_STEP = "second_step"


def note_way_gone(account: Account, way: Way, which: str = "") -> None:
    """Note in the current transaction that a way into an account is gone for good.

    Args:
        which: the public id of a passkey.
    """
    note(EntryKind.REVOKED, {"what": WAY, "account": account.public_id, "way": way, "which": which})


def note_unlinked(account: Account) -> None:
    """Note in the current transaction that Facebook opens an account no more."""
    note(EntryKind.UNLINKED, {"account": account.public_id})


@replays(EntryKind.REVOKED, WAY)
def _take_way(body: Body) -> None:
    account = _account(body)
    if account is None:
        return
    way = Way(body["way"])
    if way is Way.PASSWORD:
        account.password_hash = None
    if way in {Way.APP, Way.SECOND_STEP}:
        keep_totp_secret(account, None)
    if way in {Way.CODES, Way.SECOND_STEP}:
        db.session.execute(delete(AccountRecoveryCode).where(AccountRecoveryCode.account_id == account.id))
    passkeys = delete(AccountPasskey).where(AccountPasskey.account_id == account.id)
    if way is Way.PASSKEY:
        db.session.execute(passkeys.where(AccountPasskey.public_id == body["which"]))
    elif way is Way.SECOND_STEP:
        db.session.execute(passkeys)


@replays(EntryKind.UNLINKED)
def _unlink(body: Body) -> None:
    account = _account(body)
    if account is not None:
        of_account = update(LinkedIdentity).where(LinkedIdentity.account_id == account.id)
        live = of_account.where(LinkedIdentity.unlinked_at.is_(None))
        db.session.execute(live.values(unlinked_at=clock.now()))


@closes_after_restore
def _end_all() -> None:
    instant: datetime = clock.now()
    for model in (AccountSession, AccountToken):
        db.session.execute(update(model).where(model.ended_at.is_(None)).values(ended_at=instant))


def _account(body: Body) -> Account | None:
    found = select(Account).where(Account.public_id == body["account"])
    account: Account | None = db.session.execute(found).scalar_one_or_none()
    return account
