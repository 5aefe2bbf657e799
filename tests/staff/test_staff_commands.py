"""`flask staff`: the first member comes in, and the last administrator who lost everything."""

import re

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select, update

from portal import clock
from portal.infrastructure.database import db, transaction
from portal.infrastructure.mail.models import Mail
from portal.staff.commands import staff
from portal.staff.models import StaffMember
from tests.support.acting.browser import Browser
from tests.support.acting.mailbox import Mailbox, link_in
from tests.support.acting.people import PASSWORD, People
from tests.support.acting.staff_codes import code_at
from tests.support.looking.audit_trail import events

LINK = re.compile(r"^http://localhost:8000(/staff/invitation/\S+)$")


def test_the_command_invites_and_prints_one_link(app: Flask, run_flask) -> None:
    done = run_flask("staff", "create", "Nora@Example.org", "--name", "Nora Petit", "--role", "administrator")

    link = LINK.fullmatch(done.stdout.strip())
    assert link, done.stdout
    page = Browser(app).get(link.group(1))
    assert page.h1 == "Votre compte agent"
    assert "Nora Petit" in page.text
    member = db.session.execute(select(StaffMember)).scalar_one()
    assert (member.email_normalised, member.role, member.password_hash) == (
        "nora@example.org",
        "administrator",
        None,
    )
    (event,) = events("staff:member:invited")
    assert (event.actor, event.facts) == ("command", {"role": "administrator"})


def create(app: Flask, *arguments: str) -> Result:
    return command(app, "create", *arguments)


def command(app: Flask, *arguments: str) -> Result:
    """Run it inside this process, where starting one more would cost seconds."""
    return app.test_cli_runner().invoke(staff, list(arguments))


def test_running_it_again_replaces_the_link(app: Flask) -> None:
    arguments = ("nora@example.org", "--name", "Nora Petit", "--role", "officer")
    first, second = (LINK.fullmatch(create(app, *arguments).stdout.strip()).group(1) for _run in range(2))

    assert Browser(app).get(first).status == 410
    assert Browser(app).get(second).status == 200


@pytest.mark.parametrize(
    "arguments",
    [
        ("nora@example.org", "--name", "Nora", "--role", "officer"),
        ("no address", "--name", "Nora", "--role", "officer"),
        ("other@example.org", "--name", " ", "--role", "officer"),
        ("other@example.org", "--name", "Nora", "--role", "king"),
        ("other@example.org", "--role", "officer"),
    ],
)
def test_it_refuses_what_it_cannot_use(app: Flask, people: People, arguments: tuple[str, ...]) -> None:
    people.staff("reviewer", "nora@example.org")

    done = create(app, *arguments)

    assert done.exit_code != 0
    assert done.stdout == ""
    assert done.stderr
    assert isinstance(done.exception, SystemExit)
    db.session.rollback()
    assert len(db.session.execute(select(StaffMember)).all()) == 1


def test_the_only_administrator_who_lost_every_factor_comes_in_again(
    app: Flask, people: People, mailbox: Mailbox
) -> None:
    inside = people.signed_in_staff("administrator", "nora@example.org")

    done = command(app, "renew", "Nora@Example.org")

    assert (done.exit_code, "/staff/invitation/" in done.output) == (0, False)
    link = link_in(next(mail for mail in mailbox.to("nora@example.org") if "nouvel accès" in mail["Subject"]))
    assert inside.get("/staff/members").url == "/staff/sign-in", "who holds the lost computer is out"
    before = Browser(app).get("/staff/sign-in")
    assert before.submit({"email": "nora@example.org", "password": PASSWORD}, with_field="password").status == 422
    browser = Browser(app)
    page = browser.get(link).submit({"password": "cinq mots que personne ne sait"}, with_field="password")
    secret = page.tree.select_one("code.secret").text.replace(" ", "")
    assert page.submit({"code": code_at(secret=secret)}, with_field="code").url == "/staff/recovery-codes"
    assert browser.get("/staff/members").status == 200
    (event,) = events("staff:way_in:renewed")
    assert (event.actor, event.facts) == ("command", {"sessions": 1})
    (mail,) = [
        row for row in db.session.execute(select(Mail)).scalars() if row.template == "staff/second_factor_changed"
    ]
    assert mail.to_address == "nora@example.org"


@pytest.mark.parametrize("email", ["no address", "nobody@example.org", "gone@example.org"])
def test_a_new_way_in_needs_a_member_who_may_come_in(app: Flask, people: People, email: str) -> None:
    people.staff("officer", "gone@example.org")
    with transaction():
        db.session.execute(update(StaffMember).values(disabled_at=clock.now()))

    done = command(app, "renew", email)

    assert (done.exit_code, done.stdout) == (1, "")
    assert email in done.stderr
    assert events("staff:way_in:renewed") == []
