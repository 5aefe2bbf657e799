"""`flask restore replay`: the last step of every restore, and of every promotion of a replica."""

import click
from flask.cli import AppGroup, with_appcontext

from portal.personal_data.ledger.replaying import ReplayRefused, replay

restore = AppGroup("restore", help="After a backup was restored, or a replica promoted.")


@restore.command("replay")
@with_appcontext
def replay_ledger() -> None:
    """Carry out once more what people took back since the backup, end sessions, and open the portal.

    It may be killed and run again. Run it after every restore, also where nothing seems to be missing.
    """
    try:
        counts = replay()
    except ReplayRefused as refused:
        raise click.ClickException(str(refused)) from None
    named = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "nothing"
    click.echo(f"Carried out once more: {named}. Sessions and links have ended, and the portal opens.")
