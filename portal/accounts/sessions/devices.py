"""Known browsers: those from which an account was entered, told apart by a random cookie.

The cookie opens nothing. It lets a customer sign in while others try their account, and lets us tell them
when a browser is new.
"""

from sqlalchemy import delete, select, update

from portal import clock
from portal.accounts.models import Account, AccountDevice, AccountSession
from portal.infrastructure.database import db
from portal.web.sessions import hash_token


def find_device(account: Account | None, token: str) -> AccountDevice | None:
    """Return the known browser that a device cookie names for an account, or None.

    The query is the same without an account, so that the time does not tell whether there is one.
    """
    statement = select(AccountDevice).where(AccountDevice.token_hash == _hash(account, token))
    return db.session.execute(statement).scalar_one_or_none()


def remember_device(account: Account, token: str, label: str) -> tuple[AccountDevice, bool]:
    """Note in the current transaction that an account is entered from a browser; return the browser, and if it is new.

    The caller has locked the account's row, so that two sign-ins at once cannot add the browser twice, and notes the
    sign-in afterwards. An account whose browsers are all forgotten had a first one all the same.

    Args:
        token: the device cookie.
        label: browser and system in a few words, for people.
    """
    instant = clock.now()
    device = find_device(account, token)
    if device:
        device.last_seen_at, device.label = instant, label
        return device, False
    device = AccountDevice(
        account_id=account.id,
        token_hash=_hash(account, token),
        label=label,
        first_seen_at=instant,
        last_seen_at=instant,
        is_first=account.last_sign_in_at is None,
    )
    db.session.add(device)
    db.session.flush()
    return device, True


def forget_devices(account_id: int, device_ids: list[int] | None = None) -> None:
    """Forget an account's browsers in the current transaction, all or some. They count as new from then on."""
    sessions = update(AccountSession).where(AccountSession.account_id == account_id)
    devices = delete(AccountDevice).where(AccountDevice.account_id == account_id)
    if device_ids is not None:
        sessions = sessions.where(AccountSession.device_id.in_(device_ids))
        devices = devices.where(AccountDevice.id.in_(device_ids))
    db.session.execute(sessions.values(device_id=None))
    db.session.execute(devices)


def _hash(account: Account | None, token: str) -> str:
    # Everybody who uses the browser has the same cookie. It is hashed with the account, so that rows of two accounts
    # do not show that they share a browser.
    return hash_token(f"{account.public_id if account else ''}:{token}")
