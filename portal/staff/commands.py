"""`flask staff`: the first staff member comes in by a command, because there is no default account.

So does the only administrator when they lost every factor: nobody is left who could give them a new link.
"""

import sys
from typing import NoReturn

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from portal.access.permissions import Role
from portal.customers.addresses import AddressRefused
from portal.infrastructure import installed
from portal.infrastructure.database import transaction
from portal.infrastructure.typed_texts import name_of
from portal.staff.approvals.deciding import ApprovalOver, OthersCould, TargetChanged, second_by_command
from portal.staff.approvals.kinds import CannotCarryOut
from portal.staff.desk.models import Act
from portal.staff.desk.notices import Told, tell_officers
from portal.staff.members.administration import MemberDisabled, renew_way_in_by_command
from portal.staff.members.invitation import (
    MemberExists,
    invite,
    link_of,
    mail_link,
    name_and_address,
    nobody_has_come_in,
)

staff = AppGroup("staff", help="Staff members.")


@staff.command("create")
@click.argument("email")
@click.option("--name", required=True, help="The name that colleagues see.")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--language", default="fr", show_default=True, type=click.Choice(["fr", "en"]))
def create(email: str, name: str, role: str, language: str) -> None:
    """Invite EMAIL by a mail with a link that works once, for 24 hours. The officers are told.

    While nobody has come in yet, the link is printed as well. Run it again to replace a link that was lost; a member
    who finished has no link any more.
    """
    name = name_of(name)
    if not name:
        _fail("Give the name that colleagues will see.")
    try:
        with transaction():
            is_first = nobody_has_come_in()
            invitation = invite(email, name, Role(role), actor="command", language=language)
            mail_link(invitation)
            tell_officers(Told(Act.INVITED, name_and_address(invitation.staff), invitation.staff.role))
            link = link_of(invitation, installed.settings())
    except AddressRefused:
        _fail(f"{email} is not an e-mail address.")
    except MemberExists:
        _fail(f"{email} is a staff member already; `flask staff renew` gives them a new way in.")
    else:
        click.echo(link if is_first else f"A mail with the link is on its way to {email}.")


@staff.command("renew")
@click.argument("email")
def renew(email: str) -> None:
    """Take away password, second factors and sessions of EMAIL, and mail them a link to make new ones, for 24 hours.

    For the only administrator who lost every factor; for anybody else, an administrator proposes it on the page. The
    officers are told.
    """
    try:
        with transaction():
            is_member = renew_way_in_by_command(email)
    except AddressRefused:
        _fail(f"{email} is not an e-mail address.")
    except MemberDisabled:
        _fail(f"{email} may not come in. An administrator proposes to open it again; where there is none, invite one.")
    if not is_member:
        _fail(f"{email} is no staff member; invite them with `flask staff create`.")
    click.echo(f"A mail with the link is on its way to {email}.")


@staff.command("second")
@click.argument("public_id")
@click.option("--because", required=True, help="Why, in words that the author reads.")
def second(public_id: str, because: str) -> None:
    """Second the proposal PUBLIC_ID, the end of its page's address, and carry it out.

    For a company where fewer than two members could second it. The officers are told by mail.
    """
    if not because.strip():
        _fail("Say why.")
    try:
        with transaction():
            approval = second_by_command(public_id, because.strip())
    except OthersCould:
        _fail("Two members or more could second it, or could until less than 48 hours ago: it is theirs to decide.")
    except ApprovalOver:
        _fail("It was decided before, or has ended; nothing was done.")
    except TargetChanged:
        _fail("What it would change has changed since it was proposed; nothing was done.")
    except CannotCarryOut as error:
        with force_locale("en"):
            _fail(f"It could not be carried out, and nothing was changed: {error.words}")
    if approval is None:
        _fail(f"There is no proposal {public_id}.")
    click.echo(f"Seconded and carried out: {approval.what}, {approval.target}")


def _fail(message: str) -> NoReturn:
    click.echo(message, err=True)
    sys.exit(1)
