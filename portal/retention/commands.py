"""`flask purge`: remove what ran out of time, or only say how much that is."""

import click
from flask.cli import with_appcontext

from portal.retention.purge import count_expired, purge_records


@click.command("purge")
@click.option("--dry-run", is_flag=True, help="Only count what would be removed.")
@with_appcontext
def purge(dry_run: bool) -> None:
    """Remove the records whose retention has run out."""
    if dry_run:
        click.echo(f"{count_expired()} records would be removed.")
    else:
        click.echo(f"{purge_records()} records removed.")
