"""`flask purge` ends what is past its time; `flask retention approve` vouches for what the portal holds back."""

import sys
from collections.abc import Mapping
from datetime import datetime

import click
from flask.cli import AppGroup, with_appcontext

from portal import clock
from portal.infrastructure.database import transaction
from portal.infrastructure.jobs.destruction import may_destroy
from portal.personal_data.expiry.approving import NothingWaits, approve_class
from portal.personal_data.expiry.endings import ending_of, endings
from portal.personal_data.expiry.loop import end_class, tally_of
from portal.personal_data.expiry.models import PurgeRun, RunState
from portal.personal_data.keeping.models import KeepReason
from portal.personal_data.ledger.open_commands import while_open
from portal.retention.clock_guard import approve_clock, goes_on_at, halted_mark
from portal.retention.holds.commands import hold, holds, lift
from portal.retention.models import ClockJump, ClockMark


@click.command("purge")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed, what is kept, and why.")
@with_appcontext
@while_open
def purge(dry_run: bool) -> None:
    """End what is past its time, class by class. The exit code is 1 when some of it has to wait."""
    if dry_run:
        _say_what_would_go()
        return
    runs = [end_class(ending) for ending in endings()]
    for run in runs:
        click.echo(_line(run))
    click.echo(f"{sum(run.removed for run in runs)} removed in all.")
    mark = halted_mark()
    if mark:
        click.echo(f"Nothing is removed: {told(mark)}", err=True)
    sys.exit(any(run.state is not RunState.RAN for run in runs))


def _say_what_would_go() -> None:
    for ending in endings():
        tally = tally_of(ending)
        click.echo(f"{ending.code}: {tally.due} would be removed{_kept(tally.kept)}")
        click.echo(f"    {ending.label.en}: {ending.term.text('en')} from {ending.starts.en}; {ending.ground.en}")


def _line(run: PurgeRun) -> str:
    if run.state is RunState.RAN:
        return f"{run.class_code}: {run.removed} removed{_kept(run.kept)}"
    if run.state is RunState.REFUSED_CLOCK:
        return f"{run.class_code}: waits for the clock"
    return f"{run.class_code}: {run.due} wait for approval{_kept(run.kept)}; flask retention approve {run.class_code}"


def _kept(kept: Mapping[str, int]) -> str:
    named = ", ".join(f"{count} by {KeepReason(reason).label('en')}" for reason, count in sorted(kept.items()))
    return f", kept {named}" if named else ""


retention = AppGroup("retention", help="What is removed when its time is over, and what is kept longer.")
for command in (hold, holds, lift):
    retention.add_command(command)


@retention.command("approve")
@click.argument("class_code", metavar="[CLASS]", required=False)
@click.option("--clock", "is_clock", is_flag=True, help="Vouch for the machine's clock as it is now.")
def approve(class_code: str | None, is_clock: bool) -> None:
    """Let removal go on that the portal holds back: of CLASS, or by the clock.

    Look first at what would go (flask purge --dry-run), or at the machine's date: what it says is past goes.
    """
    if is_clock == bool(class_code):
        raise click.UsageError("Name a class, or give --clock.")
    if class_code:
        _approve_class(class_code)
    else:
        _approve_clock()


def _approve_class(class_code: str) -> None:
    try:
        with transaction():
            due = approve_class(ending_of(class_code), "command")
    except KeyError:
        raise click.UsageError(f"There is no class {class_code}; flask purge --dry-run lists them.") from None
    except NothingWaits:
        click.echo(f"Nothing of {class_code} waits for approval.")
        return
    click.echo(f"{due} of {class_code} go with the next job of its kind, or with flask purge.")


def _approve_clock() -> None:
    may_destroy()  # a jump that no job has met yet is seen now
    with transaction():
        was_halted = approve_clock("command")
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
