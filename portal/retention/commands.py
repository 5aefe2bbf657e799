"""`flask purge` removes what ran out of time; `flask retention approve` vouches for what the portal holds back."""

import sys
from datetime import datetime

import click
from flask.cli import AppGroup, with_appcontext

from portal import clock
from portal.infrastructure.database import transaction
from portal.infrastructure.jobs.destruction import may_destroy
from portal.retention.clock_guard import approve_clock, goes_on_at, halted_mark
from portal.retention.models import ClockJump, ClockMark
from portal.retention.purge import count_expired, purge_records


@click.command("purge")
@click.option("--dry-run", is_flag=True, help="Only count what would be removed.")
@with_appcontext
def purge(dry_run: bool) -> None:
    """Remove the records whose retention has run out."""
    if dry_run:
        click.echo(f"{count_expired()} records would be removed.")
        return
    if not may_destroy():
        mark = halted_mark()
        click.echo(f"Nothing is removed: {told(mark) if mark else 'the clock is not trusted'}", err=True)
        sys.exit(1)
    click.echo(f"{purge_records()} records removed.")


retention = AppGroup("retention", help="What is removed when its time is over.")


@retention.command("approve")
@click.option("--clock", "is_clock", is_flag=True, required=True, help="Vouch for the machine's clock as it is now.")
def approve(is_clock: bool) -> None:
    """Let removal go on that the portal holds back. Look at the machine's date first: what it says is past goes."""
    may_destroy()  # a jump that no job has met yet is seen now
    with transaction():
        was_halted = is_clock and approve_clock("command")
    now = _minute(clock.now())
    if was_halted:
        click.echo(f"It is {now}. What is past its time is removed again, by the next job of each kind.")
    else:
        click.echo(f"It is {now}, and the clock was trusted already.")


def told(mark: ClockMark) -> str:
    """Return in one line what the portal saw of a clock that it does not trust, and what to do."""
    what = "stepped back" if mark.cause == ClockJump.BACK else "jumped ahead, or the portal stood still"
    return (
        f"the clock {what}: trusted until {_minute(mark.highest_at)}, then {_minute(mark.halted_at)}. "
        f"Set it right and run flask retention approve --clock; else removal goes on at {_minute(goes_on_at(mark))}"
    )


def _minute(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC" if instant else "unknown"
