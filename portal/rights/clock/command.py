"""`flask due`: the legal clock on the command line. It needs neither settings nor a database."""

import json
import re
from datetime import date, datetime
from typing import Any

import click

from portal.legal_time.clock_state import Pause
from portal.legal_time.deadlines import ExtensionTooLate
from portal.legal_time.explanation import explain_json
from portal.legal_time.working_days import Zone

_PAUSE = re.compile(r"(?P<start>[0-9-]+):(?P<end>[0-9-]*)")


class _Received(click.ParamType[date | datetime]):
    name = "received"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date | datetime:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value) if len(value) <= 10 else datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"“{value}” is neither a date such as 2026-03-05 nor an instant such as 2026-03-31T22:30Z")


class _Day(click.ParamType[date]):
    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)
        except ValueError:
            self.fail(f"“{value}” is not a date such as 2026-03-05")


class _PauseRange(click.ParamType[Pause]):
    name = "from:to"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Pause:
        if isinstance(value, Pause):
            return value
        parts = _PAUSE.fullmatch(value)
        if parts is None:
            self.fail(f"“{value}” is not a pause such as 2026-03-06:2026-03-16, or 2026-03-06: while it lasts")
        try:
            end = date.fromisoformat(parts["end"]) if parts["end"] else None
            return Pause(date.fromisoformat(parts["start"]), end)
        except ValueError as error:
            self.fail(f"“{value}”: {error}")


@click.command("due")
@click.argument("received", type=_Received())
@click.option(
    "--pause",
    "pauses",
    type=_PauseRange(),
    multiple=True,
    metavar="FROM:TO",
    help="A wait for the person, by its two days; leave TO out while it lasts. May be given again.",
)
@click.option("--extended", is_flag=True, help="Two months more, taking it that the notice left in time.")
@click.option("--extended-on", type=_Day(), metavar="DATE", help="Two months more, by the day the notice left.")
@click.option(
    "--zone",
    type=click.Choice([zone.value for zone in Zone]),
    default=Zone.METROPOLE.value,
    show_default=True,
    help="Whose public holidays count.",
)
@click.option("--json", "wants_json", is_flag=True, help="Print one JSON document.")
def due(
    received: date | datetime,
    pauses: tuple[Pause, ...],
    extended: bool,
    extended_on: date | None,
    zone: str,
    wants_json: bool,
) -> None:
    """Say by which day a request RECEIVED on a date, or at an instant with its zone, must be answered."""
    try:
        document = explain_json(received, pauses=pauses, extended_on=extended_on, zone=Zone(zone), extended=extended)
    except ExtensionTooLate as error:
        raise click.BadParameter(str(error), param_hint="--extended-on") from None
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    if wants_json:
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        click.echo(document["due_on"] or f"on hold since {document['paused_since']}")
        click.echo(document["explanation"]["en"])
