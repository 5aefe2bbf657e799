"""`flask staff create` in a process of its own."""

import re

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from portal.infrastructure.database import db
from portal.staff.commands import staff
from portal.staff.models import StaffMember
from tests.support.audit_trail import events
from tests.support.browser import Browser
from tests.support.people import People

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
    """Run the command inside this process, where starting one more would cost seconds."""
    return app.test_cli_runner().invoke(staff, ["create", *arguments])


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
