"""`flask staff`: the first staff member comes in by a command, for there is no default account."""

import sys
from typing import NoReturn

import click
from flask import current_app
from flask.cli import AppGroup

from portal.access.permissions import Role
from portal.customers.addresses import AddressRefused
from portal.infrastructure.database import transaction
from portal.staff.invitation import MemberExists, invite, link_of

staff = AppGroup("staff", help="Staff members.")


@staff.command("create")
@click.argument("email")
@click.option("--name", required=True, help="The name that colleagues see.")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--language", default="fr", show_default=True, type=click.Choice(["fr", "en"]))
def create(email: str, name: str, role: str, language: str) -> None:
    """Invite EMAIL and print a link that works once, for 24 hours.

    Run it again to replace a link that was lost; a member who finished has no link any more.
    """
    if not name.strip():
        _fail("Give the name that colleagues will see.")
    try:
        with transaction():
            link = link_of(
                invite(email, name.strip(), Role(role), actor="command", language=language),
                current_app.extensions["settings"],
            )
    except AddressRefused:
        _fail(f"{email} is not an e-mail address.")
    except MemberExists:
        _fail(f"{email} is a staff member already; an administrator can renew their way in.")
    else:
        click.echo(link)


def _fail(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(1)
