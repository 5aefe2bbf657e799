"""Mails as the recipient gets them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select

from portal import clock
from portal.infrastructure.database import db
from portal.infrastructure.jobs.models import Job, JobStatus
from portal.infrastructure.jobs.worker import run_due_jobs, run_job
from portal.infrastructure.mail.models import Mail
from tests.support.looking.page_rules import says_its_zone


class Mailbox:
    """The folder of mails that the console transport writes, and what has them written."""

    def __init__(self, folder: Path, deliver: Callable[[], None]) -> None:
        self.folder = folder
        self.deliver = deliver

    def all(self) -> list[EmailMessage]:
        """Have what was asked for delivered, and return every mail sent so far, oldest first."""
        self.deliver()
        # Files of one moment have one time: of these, the mail that was written first into the table comes first.
        numbers = dict(db.session.execute(select(Mail.public_id, Mail.id)).all())
        db.session.rollback()

        def age(path: Path) -> tuple[int, int]:
            return path.stat().st_mtime_ns, numbers.get(path.stem.partition("@")[0], 0)

        files = sorted(self.folder.glob("*.eml"), key=age)
        mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in files]
        for mail in mails:
            assert says_its_zone(text_of(mail)), f"{mail['Subject']}: times without their zone, or with it twice"
        return mails

    def to(self, address: str) -> list[EmailMessage]:
        """Return the mails to one address, oldest first."""
        return [mail for mail in self.all() if address in mail["To"]]

    def last_to(self, address: str) -> EmailMessage:
        """Return the newest mail to an address; fails when there is none."""
        mails = self.to(address)
        assert mails, f"no mail to {address}"
        return mails[-1]


def deliver() -> None:
    """Run the jobs that were asked for; those that come by the clock as well where the test has moved it.

    At the instant of a test nothing is due by the clock yet, and to find so took longer than most tests.
    """
    if abs(clock.now() - datetime.now(UTC)) > timedelta(seconds=30):
        run_due_jobs()
    run_asked_jobs()


def run_asked_jobs() -> None:
    """Run the jobs that were asked for and what these ask for, none of those that come by the clock.

    On an empty database the forty that come by the clock take ten times as long as the one that a test asks for.
    """
    while ids := list(db.session.execute(_asked_for()).scalars()):
        db.session.rollback()
        for job_id in ids:
            run_job(job_id)
    db.session.rollback()


def _asked_for() -> Select[Any]:
    return select(Job.id).where(Job.status == JobStatus.WAITING, Job.run_at <= clock.now()).order_by(Job.run_at, Job.id)


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
