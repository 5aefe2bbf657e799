"""Mails as the recipient gets them."""

import re
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path


class Mailbox:
    """The folder of mails that the console transport writes."""

    def __init__(self, folder: Path, deliver: Callable[[], int]) -> None:
        self.folder = folder
        self.deliver = deliver

    def all(self) -> list[EmailMessage]:
        """Run the due jobs and return every mail sent so far, oldest first."""
        self.deliver()
        files = (
            sorted(self.folder.glob("*.eml"), key=lambda path: path.stat().st_mtime_ns) if self.folder.exists() else []
        )
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in files]

    def to(self, address: str) -> list[EmailMessage]:
        """Return the mails to one address, oldest first."""
        return [mail for mail in self.all() if address in mail["To"]]

    def last_to(self, address: str) -> EmailMessage:
        """Return the newest mail to an address; fails when there is none."""
        mails = self.to(address)
        assert mails, f"no mail to {address}"
        return mails[-1]


def text_of(mail: EmailMessage) -> str:
    """Return the plain text of a mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    return body.get_content()


def link_in(mail: EmailMessage) -> str:
    """Return the path, with query, of the first link of this portal in a mail's text."""
    found = re.search(r"http://localhost:8000(/\S+)", text_of(mail))
    assert found, "no link in the mail"
    return found.group(1)
