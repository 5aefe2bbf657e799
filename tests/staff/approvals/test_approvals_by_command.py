"""The shell as second person: only while fewer than two members could be, and never unseen."""

from datetime import timedelta
from email.message import EmailMessage

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import update

from portal import clock
from portal.access.permissions import Role
from portal.infrastructure.database import transaction
from portal.staff.approvals.models import ApprovalState
from portal.staff.commands import staff
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, link_in, text_of
from tests.support.acting.people import People
from tests.support.approvals import approval_now, found, proposed
from tests.support.looking.audit_trail import events

AUTHOR, ZOE, OFFICER = "author@example.org", "zoe@example.org", "officer@example.org"


def second(app: Flask, public_id: str, because: str = "Seule à bord.") -> Result:
    return app.test_cli_runner().invoke(staff, ["second", public_id, "--because", because])


def told(mailbox: Mailbox) -> list[EmailMessage]:
    """Return the mails about commands: those who sign in are written to as well."""
    return [mail for mail in mailbox.all() if "validée par une commande" in mail["Subject"]]


def test_where_the_only_officer_proposes_the_shell_seconds(app: Flask, officer: Browser, mailbox: Mailbox) -> None:
    public_id = proposed(OFFICER, ZOE)

    done = second(app, public_id)

    assert (done.exit_code, done.stderr) == (0, "")
    assert f"role_change, member:{found(ZOE).public_id}" in done.stdout
    assert found(ZOE).role == Role.REVIEWER
    approval = approval_now(public_id)
    assert (approval.state, approval.decided_by_id, approval.words) == (ApprovalState.SECONDED, None, "Seule à bord.")
    (event,) = events("staff:approval:seconded")
    assert (event.actor, event.subject) == ("command", f"staff:{found(OFFICER).public_id}")
    page = officer.get(f"/staff/approvals/{public_id}")
    assert "Une commande sur le serveur" in page.text
    assert "Seule à bord." in page.text
    (mail,) = told(mailbox)
    assert mail["To"] == OFFICER
    assert link_in(mail) == f"/staff/approvals/{public_id}"
    assert "Seule à bord." not in text_of(mail), "words that people typed stay in the portal"


def test_every_officer_who_may_come_in_is_told(app: Flask, people: People, officer: Browser, mailbox: Mailbox) -> None:
    people.staff(Role.OFFICER, "gone@example.org", disabled_at=clock.now() - timedelta(days=3))
    public_id = proposed(AUTHOR, ZOE)
    assert second(app, public_id).exit_code == 0
    assert [mail["To"] for mail in told(mailbox)] == [OFFICER]


def test_where_two_could_it_is_refused(app: Flask, people: People, officer: Browser, mailbox: Mailbox) -> None:
    people.staff(Role.OFFICER, "other@example.org")
    public_id = proposed(OFFICER, ZOE)
    done = second(app, public_id)
    assert (done.exit_code, done.stdout) == (1, "")
    assert "Two members or more could second it" in done.stderr
    assert approval_now(public_id).state is ApprovalState.PROPOSED
    assert told(mailbox) == []
    with transaction() as session:
        gone = update(StaffMember).where(StaffMember.email == "other@example.org")
        session.execute(gone.values(disabled_at=clock.now() - timedelta(days=3)))
    assert second(app, public_id).exit_code == 0


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("blank", "Say why."),
        ("unknown", "There is no proposal"),
        ("ended", "has ended; nothing was done."),
        ("changed", "has changed since it was proposed; nothing was done."),
        ("impossible", "It could not be carried out, and nothing was changed: cet accès est fermé."),
    ],
)
def test_it_says_what_it_cannot_do(app: Flask, officer: Browser, mailbox: Mailbox, what: str, said: str) -> None:
    public_id = proposed(OFFICER, ZOE)
    values = {"changed": {"role": Role.MARKETING}, "impossible": {"disabled_at": clock.now()}}.get(what)
    if values:
        with transaction() as session:
            session.execute(update(StaffMember).where(StaffMember.email == ZOE).values(**values))
    with clock.stopped_at(clock.now() + timedelta(days=14 if what == "ended" else 0)):
        done = second(app, "0" * 32 if what == "unknown" else public_id, " " if what == "blank" else "Seule à bord.")
    assert (done.exit_code, done.stdout) == (1, "")
    assert said in done.stderr
    assert approval_now(public_id).state is ApprovalState.PROPOSED
    assert found(ZOE).role == (Role.MARKETING if what == "changed" else Role.SUPPORT)
    assert told(mailbox) == []


def test_what_is_decided_is_not_decided_again(app: Flask, officer: Browser, mailbox: Mailbox) -> None:
    public_id = proposed(OFFICER, ZOE)
    assert second(app, public_id).exit_code == 0
    done = second(app, public_id)
    assert (done.exit_code, "decided before" in done.stderr) == (1, True)
    assert len(told(mailbox)) == len(events("staff:approval:seconded")) == 1
