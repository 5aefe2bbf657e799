"""`flask demo`: fill an empty database with invented people, so that every page has something to show."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from portal.customers.models import Customer
from portal.demo.seeding import seed
from portal.infrastructure import installed
from portal.infrastructure.database import db


@click.command("demo")
@click.option(
    "--keep", is_flag=True, help="On a database that holds the demonstration already, only print the sign-ins."
)
@with_appcontext
def demo(keep: bool) -> None:
    """Make the demonstration and print its sign-ins. Refused on a database that holds anybody."""
    settings = installed.settings()
    path = settings.instance / "demo.json"
    if db.session.execute(select(Customer.id).limit(1)).first() is None:
        content = seed()
        _write_private(path, content)
    elif keep and path.exists():
        content = json.loads(path.read_text("utf-8"))
        if content["url"] != settings.public_url:  # the portal is served on another port this time
            content["url"] = settings.public_url
            _write_private(path, content)
    else:
        click.echo("The database holds people already: the demonstration is made on an empty one only.", err=True)
        sys.exit(0 if keep else 1)
    _print(content)


def _write_private(path: Path, content: dict[str, Any]) -> None:
    partial = path.with_name("demo.json.partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=2)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _print(content: dict[str, Any]) -> None:
    url = content["url"]
    click.echo(f"\nThe portal: {url}\n\nCustomers, at {url}/sign-in")
    for person in content["customers"]:
        click.echo(f"  {person['email']:<28} {person['password']}")
    click.echo(f"\nStaff, at {url}/staff/sign-in (the code comes from an authenticator app given the secret)")
    for person in content["staff"]:
        click.echo(f"  {person['email']:<28} {person['password']}  {person['totp_secret']}")
    click.echo(
        f"\nAn erasure that is carried out, with its certificate; its page needs no account:\n  {url}{content['erasure']}"
    )
    click.echo("\nThey also stand in demo.json of the instance folder, with the tokens. Ctrl-C stops the portal.\n")
