"""`flask import`: take in a file of what the company's systems hold."""

import io
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import click
import orjson
from flask.cli import with_appcontext
from tqdm import tqdm

from portal.personal_data.ledger.open_commands import while_open
from portal.records.imports.ingest import Refusal, Tally, start_run
from portal.records.imports.stream import Line, read_lines

# How many refused lines the JSON report lists; `refused_count` counts all of them.
MOST_LISTED = 10_000


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of the summary.")
@with_appcontext
@while_open
def import_records(file: Path, as_json: bool) -> None:
    """Take in the NDJSON lines of FILE, or of standard input for “-”.

    Ends with 1 when a line was refused, with 2 when FILE cannot be read.
    """
    listed: list[Refusal] = []

    def note(refusal: Refusal) -> None:
        if len(listed) < MOST_LISTED:
            listed.append(refusal)
        if not as_json:
            place = f"{refusal.field}: " if refusal.field else ""
            tqdm.write(f"line {refusal.line}: {place}{refusal.reason}", file=sys.stderr)

    run = start_run(note)
    try:
        with _open(file) as stream, _bar(file) as bar:
            run.run(_followed(read_lines(stream), bar), actor="command", channel="command")
    except OSError as error:
        click.echo(f"{file} cannot be read: {error.strerror}.", err=True)
        sys.exit(2)
    tally = run.tally
    if as_json:
        refused = [asdict(refusal) for refusal in listed]
        report = asdict(tally) | {"refused": refused, "refused_count": tally.refused}
        click.echo(orjson.dumps(report).decode())
    else:
        _say(tally)
    sys.exit(1 if tally.refused else 0)


def _say(tally: Tally) -> None:
    counts = f"{tally.accepted} accepted, {tally.unchanged} unchanged, {tally.refused} refused"
    click.echo(f"{tally.lines} lines: {counts}.")
    if tally.archived:
        click.echo(f"{tally.archived} of the unchanged are about records in the archive, which no line changes.")
    if tally.erased:
        click.echo(f"{tally.erased} of the refused were erased at the person's request: take them off the source.")


def _open(file: Path) -> io.BufferedReader:
    return io.BufferedReader(io.FileIO(0, closefd=False)) if str(file) == "-" else file.open("rb")


def _bar(file: Path) -> "tqdm[None]":
    size = file.stat().st_size if file.is_file() else None
    return tqdm(total=size, unit="B", unit_scale=True, file=sys.stderr, disable=not sys.stderr.isatty())


def _followed(lines: Iterator[Line], bar: "tqdm[None]") -> Iterator[Line]:
    for number, content in lines:
        yield number, content
        bar.update(len(content or b"") + 1)
