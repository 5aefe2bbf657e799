"""How many tries anybody has, on one page.

An attacker cannot lock a customer out: a browser from which the account was entered before has a count of its own.
Past a limit no password is hashed, so that a flood of tries costs the portal little. Addresses are counted by their
hash, whether or not they have an account, so that a limit does not tell.
"""

import hashlib
import logging
from contextlib import AbstractContextManager

from flask_babel import gettext as _

from portal.infrastructure import installed
from portal.web.errors import AnswerLater
from portal.web.incoming.networks import by_network
from portal.web.incoming.rate_limits import TooManyTries, Try, count_try, trying

TRIES = "10 per 5 minutes"
TRIES_A_DAY = "60 per day"
ALL_SIGN_INS = "1000 per 5 minutes"
ENTRIES = "30 per 5 minutes"
SECOND_STEPS = "5 per 5 minutes"
SECOND_STEPS_A_DAY = "60 per day"
CHALLENGES = "60 per 5 minutes"
ADDRESS_CHANGES = "5 per hour"
MAILS_TO_ONE_ADDRESS = "5 per hour"

logger = logging.getLogger("portal.accounts")


def try_password(address: str, device_id: int | None) -> AbstractContextManager[Try]:
    """Count one try of a password for an address while it is compared. Whoever it lets in gets it back.

    Args:
        address: normalised.
        device_id: of the browser, when it is known to this account.

    Raises:
        TooManyTries: `retry_after` says in how many seconds there are tries again.
    """
    if device_id is not None:
        return trying([(TRIES, f"sign-in:device:{device_id}")])
    everywhere = [(TRIES, f"sign-in:account:{_hidden(address)}"), (ALL_SIGN_INS, "sign-in:all")]
    return trying([*by_network(10, "5 minutes", "sign-in:network"), *everywhere])


def count_entry(account_id: int) -> None:
    """Count one right password, because each adds rows and may send a mail. Raises `TooManyTries`."""
    count_try([(ENTRIES, f"entered:{account_id}")])


def try_password_with_link(account_id: int) -> AbstractContextManager[Try]:
    """Count one try of a password by somebody who opened a mailed link of its account. Raises `TooManyTries`.

    Nobody without the link can use these tries up.
    """
    own = f"link-password:{account_id}"
    return trying([(TRIES, own), (TRIES_A_DAY, own)])


def try_password_again(account_id: int) -> AbstractContextManager[Try]:
    """Count one try of the password by somebody signed in. Raises `TooManyTries`."""
    return trying([(TRIES, f"password-again:{account_id}")])


def try_second_step(account_id: int, device_id: int | None) -> AbstractContextManager[Try]:
    """Count one try of a second step: a six-digit code is only safe while few can be tried. Raises `TooManyTries`.

    Args:
        device_id: of the browser, when it is known to the account. It has tries of its own, which others cannot use up.
    """
    own = f"second-step:{account_id}:{device_id or 'new'}"
    return trying([(SECOND_STEPS, own), (SECOND_STEPS_A_DAY, own)])


def count_challenge(account_id: int) -> None:
    """Count one challenge for a passkey of an account. Raises `TooManyTries`."""
    count_try([(CHALLENGES, f"passkey:{account_id}")])


def count_factor_change(account_id: int) -> None:
    """Count one try of changing the second step by somebody signed in. Raises `TooManyTries`."""
    count_try([(TRIES, f"second-step-change:{account_id}")])


def count_facebook_attempt() -> None:
    """Count one attempt to come in through Facebook from this network. Raises `TooManyTries`."""
    count_try(by_network(30, "5 minutes", "facebook:attempt"))


def count_address_change(account_id: int) -> None:
    """Count one change of address asked for: each writes to the present address too. Raises `TooManyTries`."""
    count_try([(ADDRESS_CHANGES, f"address-change:{account_id}")])


def count_link_asked(device_id: int | None = None) -> None:
    """Count one registration or one link asked for by this network. Raises `TooManyTries`.

    Args:
        device_id: of the browser, when it is known to the account. Neighbours cannot use up what it may ask for.
    """
    own = [(MAILS_TO_ONE_ADDRESS, f"link-asked:device:{device_id}")]
    count_try(own if device_id is not None else by_network(20, "hour", "link-asked"))


class NoMoreMails(AnswerLater):
    """So many people asked for a mail to a new address this hour that no more are sent."""

    @property
    def words(self) -> tuple[str, str]:
        """What happened, as title and sentence."""
        return (
            _("We cannot write to new addresses for the moment"),
            _("Too many such e-mails were asked for in the last hour. Yours was not sent."),
        )


def may_mail_unproven(address: str) -> bool:
    """Count one mail to an address that nobody has proven, as `may_mail` does, and against the sum of all of them.

    Raises:
        NoMoreMails: this hour's sum is used up, whatever the address.
    """
    if not may_mail(address):
        return False
    try:
        count_try([unproven_mails()])
    except TooManyTries as fault:
        logger.warning("no more mails go to unproven addresses this hour")
        raise NoMoreMails(retry_after=fault.retry_after) from None
    return True


def unproven_mails() -> tuple[str, str]:
    """Return the limit on mails to unproven addresses, and its key."""
    return f"{installed.settings().unproven_mails_an_hour} per hour", "mail:unproven"


def may_mail(address: str, device_id: int | None = None) -> bool:
    """Count one mail that a stranger makes us send to a normalised address; return False once there were enough.

    Args:
        device_id: of the browser, when it is known to the account. It has mails of its own, which others cannot use up.
    """
    key = f"mail:{_hidden(address)}" if device_id is None else f"mail:device:{device_id}"
    try:
        count_try([(MAILS_TO_ONE_ADDRESS, key)])
    except TooManyTries:
        return False
    return True


def _hidden(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()
