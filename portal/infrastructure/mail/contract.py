"""What every transport of mails promises, whichever one is configured."""

from email.message import EmailMessage
from typing import Protocol


class MailRefused(Exception):
    """The mail server refused this mail for good (5xx): trying again will not help.

    The text is the reply code only, since servers repeat the address in their replies.
    """


class MailDelayed(Exception):
    """The mail may pass later: 4xx, no connection, time-out, or a fault of our own settings."""


class MailTransport(Protocol):
    def send(self, message: EmailMessage) -> None:
        """Hand the mail over. On return it was accepted, and delivering it is no longer our task.

        A second send of the same message is harmless: it carries the same Message-ID.

        Raises:
            MailRefused: it was refused for good.
            MailDelayed: it may pass later.
        """
