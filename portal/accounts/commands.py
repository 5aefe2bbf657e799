"""`flask account`: what the organisation does for a customer who lost every second step."""

import click
from flask.cli import AppGroup

from portal.accounts.entry.registration import confirmed_account
from portal.accounts.second_step.factors import has_second_step, lift_second_step
from portal.customers.addresses import AddressRefused, normalise_address
from portal.infrastructure.database import transaction

account = AppGroup("account", help="Customers’ accounts.")


@account.command("lift-second-step")
@click.argument("email")
def lift(email: str) -> None:
    """Take the app, passkeys and recovery codes of EMAIL away, after making sure of the person.

    Their sessions end, a mail tells them, and copies of their data wait for 72 hours.
    """
    try:
        address = normalise_address(email)
    except AddressRefused:
        raise click.ClickException(f"{email} is not an e-mail address.") from None
    with transaction():
        found = confirmed_account(address)
        if found is None or not has_second_step(found):
            raise click.ClickException(f"No account with a second step has the address {email}.")
        ended = lift_second_step(found)
    click.echo(f"The password alone opens this account now. {ended} sessions ended; a mail tells its owner.")
