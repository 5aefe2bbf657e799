"""`flask staff create` in a process of its own."""

import re

from flask import Flask
from sqlalchemy import select

from portal.infrastructure.database import db
from portal.staff.models import StaffMember
from tests.support.audit_trail import events
from tests.support.browser import Browser

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


def test_running_it_again_replaces_the_link(app: Flask, run_flask) -> None:
    arguments = ("staff", "create", "nora@example.org", "--name", "Nora Petit", "--role", "officer")
    first, second = (LINK.fullmatch(run_flask(*arguments).stdout.strip()).group(1) for _run in range(2))

    assert Browser(app).get(first).status == 410
    assert Browser(app).get(second).status == 200


def test_it_refuses_what_it_cannot_use(app: Flask, run_flask, people) -> None:
    people.staff("reviewer", "nora@example.org")
    for arguments in (
        ("nora@example.org", "--name", "Nora", "--role", "officer"),
        ("no address", "--name", "Nora", "--role", "officer"),
        ("other@example.org", "--name", " ", "--role", "officer"),
        ("other@example.org", "--name", "Nora", "--role", "king"),
        ("other@example.org", "--role", "officer"),
    ):
        done = run_flask("staff", "create", *arguments, check=False)
        assert done.returncode != 0, arguments
        assert done.stdout == ""
        assert done.stderr
        assert "Traceback" not in done.stderr
