"""The mails of accounts. Before an address is proven they name nobody: a stranger may have typed the name."""

from typing import Any

from portal import clock
from portal.accounts.models import Account, AccountToken
from portal.customers.addresses import mask_address
from portal.infrastructure.jobs.models import Lane
from portal.infrastructure.mail.outbox import queue_mail


def queue_confirm_address(account: Account, link: AccountToken, lane: Lane) -> None:
    queue_mail("accounts/confirm_address", account.email, account.language, lane=lane, **_link(link))


def queue_account_exists(account: Account, lane: Lane) -> None:
    """Tell the owner of an account that somebody registered with their address."""
    queue_mail("accounts/account_exists", account.email, account.language, lane=lane, **_person(account))


def queue_reset_password(account: Account, link: AccountToken, lane: Lane) -> None:
    queue_mail(
        "accounts/reset_password",
        account.email,
        account.language,
        lane=lane,
        **_link(link),
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


def queue_account_closed(account: Account) -> None:
    """Tell that the owner closed the account."""
    closed_at = clock.now().isoformat()
    queue_mail("accounts/account_closed", account.email, account.language, closed_at=closed_at, **_person(account))


def queue_account_unused(account: Account) -> None:
    """Tell that the account ends if nobody signs in until a day."""
    ends_on = clock.written(account.unused_ends_on)
    queue_mail("accounts/account_unused", account.email, account.language, ends_on=ends_on, **_person(account))


def queue_change_asked(account: Account, link: AccountToken, new_address: str) -> None:
    """Tell the present address that another one may take its place, with a link to stop it."""
    queue_mail(
        "accounts/address_change_asked",
        account.email,
        account.language,
        asked_at=clock.now().isoformat(),
        new_address=mask_address(new_address),
        **_link(link),
        **_person(account),
    )


def queue_confirm_new_address(account: Account, link: AccountToken, lane: Lane) -> None:
    """Write to an address that an account wants; a stranger may read it, so it names nobody."""
    queue_mail("accounts/confirm_new_address", str(link.email), account.language, lane=lane, **_link(link))


def queue_address_in_use(owner: Account, lane: Lane) -> None:
    """Tell the owner of an account that somebody wants to sign in to another one with their address."""
    queue_mail("accounts/address_in_use", owner.email, owner.language, lane=lane, **_person(owner))


def queue_address_changed(account: Account, former: str, link: AccountToken) -> None:
    """Tell the former address that another one has taken its place, with a link to undo it."""
    queue_mail(
        "accounts/address_changed",
        former,
        account.language,
        changed_at=clock.now().isoformat(),
        new_address=mask_address(account.email),
        **_link(link),
        **_person(account),
    )


def queue_address_moved(account: Account) -> None:
    """Tell the new address that it opens the account from now on."""
    queue_mail(
        "accounts/address_moved",
        account.email,
        account.language,
        changed_at=clock.now().isoformat(),
        **_person(account),
    )


def queue_change_undone(account: Account) -> None:
    """Tell an address that the former one has taken the account back."""
    queue_mail(
        "accounts/address_change_undone",
        account.email,
        account.language,
        undone_at=clock.now().isoformat(),
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
    """Tell that Facebook no longer opens the account, and where to choose a password if it was the only way in."""
    queue_mail(
        "accounts/facebook_unlinked",
        account.email,
        account.language,
        unlinked_at=clock.now().isoformat(),
        has_password=account.password_hash is not None,
        **_person(account),
    )


def queue_facebook_address_used(owner: Account) -> None:
    """Tell the owner of an account that somebody came through Facebook with their address, and how to link it."""
    queue_mail(
        "accounts/facebook_address_used",
        owner.email,
        owner.language,
        lane=Lane.STRANGERS,
        seen_at=clock.now().isoformat(),
        **_person(owner),
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


def queue_second_step_changed(account: Account, change: str) -> None:
    """Tell how the second step changed; `change` is a `FactorChange`."""
    queue_mail(
        "accounts/second_step_changed",
        account.email,
        account.language,
        change=change,
        changed_at=clock.now().isoformat(),
        **_person(account),
    )


def queue_recovery_code_used(account: Account, left: int) -> None:
    queue_mail(
        "accounts/recovery_code_used",
        account.email,
        account.language,
        left=left,
        used_at=clock.now().isoformat(),
        **_person(account),
    )


def _link(link: AccountToken) -> dict[str, Any]:
    return {"expires_at": link.expires_at.isoformat(), "token_purpose": link.purpose, "token_id": link.public_id}


def _person(account: Account) -> dict[str, Any]:
    customer = account.customer
    return {"customer_id": account.customer_id, "first_name": customer.given_name if customer else ""}
