"""`flask restore replay`, the last step of every restore, and `flask ledger refill`, for a ledger that was lost."""

import click
from flask.cli import AppGroup, with_appcontext

from portal.personal_data.ledger.refilling import RefillRefused, refill
from portal.personal_data.ledger.replaying import ReplayRefused, replay

restore = AppGroup("restore", help="After a backup was restored, or a replica promoted.")
ledger = AppGroup("ledger", help="What lies outside of the database and its backups.")


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


@ledger.command("refill")
@with_appcontext
def refill_ledger() -> None:
    """Write back from the database what an emptied or lost ledger lacks.

    Look for the copy of the ledger first: it alone knows what a restored database may have forgotten.
    """
    try:
        count = refill()
    except RefillRefused as refused:
        raise click.ClickException(str(refused)) from None
    click.echo(f"Written back: {count} lines." if count else "Nothing is missing.")
