"""The mails of accounts. Before an address is proven they name nobody: a stranger may have typed the name."""

from typing import Any

from portal import clock
from portal.accounts.models import Account, AccountToken
from portal.infrastructure.mail.outbox import queue_mail


def queue_confirm_address(account: Account, link: AccountToken) -> None:
    queue_mail(
        "accounts/confirm_address",
        account.email,
        account.language,
        expires_at=link.expires_at.isoformat(),
        token_purpose=link.purpose,
        token_id=link.public_id,
    )


def queue_account_exists(account: Account) -> None:
    """Tell the owner of an account that somebody registered with their address."""
    queue_mail("accounts/account_exists", account.email, account.language, **_person(account))


def queue_reset_password(account: Account, link: AccountToken) -> None:
    queue_mail(
        "accounts/reset_password",
        account.email,
        account.language,
        expires_at=link.expires_at.isoformat(),
        token_purpose=link.purpose,
        token_id=link.public_id,
        **_person(account),
    )


def queue_password_changed(account: Account) -> None:
    queue_mail(
        "accounts/password_changed",
        account.email,
        account.language,
        changed_at=clock.now().isoformat(),
        **_person(account),
    )


def queue_facebook_linked(account: Account) -> None:
    queue_mail(
        "accounts/facebook_linked",
        account.email,
        account.language,
        linked_at=clock.now().isoformat(),
        **_person(account),
    )


def queue_facebook_unlinked(account: Account) -> None:
    """Tell that Facebook opens the account no more, and where to choose a password if it was the last way in."""
    queue_mail(
        "accounts/facebook_unlinked",
        account.email,
        account.language,
        unlinked_at=clock.now().isoformat(),
        has_password=account.password_hash is not None,
        **_person(account),
    )


def queue_new_device(account: Account, device_label: str) -> None:
    queue_mail(
        "accounts/new_device",
        account.email,
        account.language,
        seen_at=clock.now().isoformat(),
        device=device_label,
        **_person(account),
    )


def _person(account: Account) -> dict[str, Any]:
    customer = account.customer
    return {"customer_id": account.customer_id, "first_name": customer.given_name if customer else ""}
