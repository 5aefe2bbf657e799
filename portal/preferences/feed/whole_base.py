"""The whole base as NDJSON or CSV: one pass over the rows in bounded memory, whatever their number.

An ORM row costs ten times its bytes, so this reads through the driver itself: a plain cursor on SQLite, `COPY` on
PostgreSQL. The text of a set of flags is made once and used again for everybody who chose the same.
"""

import re
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import orjson
from sqlalchemy import Engine

from portal.preferences.purposes import FLAG_CODES
from portal.web.csv_files import csv_bytes, csv_line

ROWS_A_CHUNK = 400
MOST_KEPT_TEXTS = 4096

CSV_HEADER = ("customer", "suppressed", "reason", "sequence", "updated_at", *FLAG_CODES, "stops")

# reference, flags, suppressed, reason or nothing, stops, sequence, instant: what a line is made of, all of it text.
Row = tuple[str, str, str, str, str, str | int, str]

_SQLITE = """SELECT reference, flags, CASE WHEN is_suppressed THEN 'true' ELSE 'false' END, coalesce(reason, ''),
stops, sequence, replace(updated_at, ' ', 'T') || 'Z' FROM preference_states"""
_POSTGRESQL = """COPY (SELECT reference, flags::text, is_suppressed::text, coalesce(reason, ''), stops::text, sequence,
to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') FROM preference_states) TO STDOUT"""
_PLACE = """SELECT coalesce((SELECT {epoch} FROM ledger_entries WHERE kind = 'epoch' ORDER BY id DESC LIMIT 1), '0'),
(SELECT coalesce(max(sequence), 0) FROM preference_states)"""
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}


def ndjson(engine: Engine) -> tuple[str, Iterator[bytes]]:
    """Return the cursor of the base, and the base as one JSON object a line, in chunks of a few hundred lines."""
    flags_of = _flags_written(lambda flags: orjson.dumps(flags).decode())
    stops_of = _remembered(lambda stops: orjson.dumps(stops).decode())

    def line(row: Row) -> str:
        reference, flags, suppressed, reason, stops, sequence, instant = row
        reason_text = f'"{reason}"' if reason else "null"
        return (
            f'{{"customer":{orjson.dumps(reference).decode()},"flags":{flags_of(flags)},"suppressed":{suppressed},'
            f'"reason":{reason_text},"stops":{stops_of(stops)},"sequence":{sequence},"updated_at":"{instant}"}}\n'
        )

    cursor, slices = _begun(engine)
    return cursor, ("".join(map(line, rows)).encode() for rows in slices)


def csv(engine: Engine, *, for_people: bool = False) -> tuple[str, Iterator[bytes]]:
    """Return the cursor of the base, and the base as CSV: the header, then chunks of lines; see `csv_bytes`."""
    cells_of = _flags_written(lambda flags: ",".join("true" if is_on else "false" for is_on in flags.values()))
    stops_of = _remembered(lambda stops: csv_line([" ".join(stops)]).rstrip("\r\n"))

    def line(row: Row) -> str:
        reference, flags, suppressed, reason, stops, sequence, instant = row
        written = f"{suppressed},{reason},{sequence},{instant},{cells_of(flags)},{stops_of(stops)}"
        return csv_line((reference,), written)

    cursor, slices = _begun(engine)
    texts = ("".join(map(line, rows)) for rows in slices)
    return cursor, csv_bytes(chain([csv_line(CSV_HEADER)], texts), for_people=for_people)


def _flags_written(write: Callable[[dict[str, bool]], str]) -> Callable[[str], str]:
    """Return what writes a stored set of flags in the declared order, with a memory. A flag declared since is off."""
    return _remembered(lambda flags: write({flag: flags.get(flag, False) for flag in FLAG_CODES}))


def _remembered(write: Callable[[Any], str]) -> Callable[[str], str]:
    """Return what writes a stored JSON text, with a memory."""
    texts: dict[str, str] = {}

    def text_of(stored: str) -> str:
        text = texts.get(stored)
        if text is None:
            if len(texts) >= MOST_KEPT_TEXTS:
                texts.clear()
            text = texts[stored] = write(orjson.loads(stored))
        return text

    return text_of


def _begun(engine: Engine) -> tuple[str, Iterator[list[Row]]]:
    """Return the cursor and the rows, from one connection.

    The cursor is read before the first row, so that no change made meanwhile is missed.
    """
    is_postgresql = engine.dialect.name == "postgresql"
    connection = engine.raw_connection()
    cursor = connection.cursor()
    cursor.execute(_PLACE.format(epoch="body ->> 'epoch'" if is_postgresql else "json_extract(body, '$.epoch')"))
    [(epoch, newest)] = cursor.fetchall()
    slices = _slices(connection, _copied(cursor) if is_postgresql else _fetched(cursor))
    next(slices)
    return f"{epoch}.{newest}", slices


def _slices(connection: Any, slices: Iterator[list[Row]]) -> Iterator[list[Row]]:
    """Yield the slices after an empty one: what was begun closes the connection at its end, read or not."""
    try:
        yield []
        yield from slices
    finally:
        connection.close()


def _fetched(cursor: Any) -> Iterator[list[Row]]:
    cursor.execute(_SQLITE)
    while rows := cursor.fetchmany(ROWS_A_CHUNK):
        yield rows


def _copied(cursor: Any) -> Iterator[list[Row]]:
    blocks: list[bytes] = []
    with cursor.copy(_POSTGRESQL) as copy:
        for block in copy:
            blocks.append(block)
            # A block may end in the middle of a row; a slice may not.
            if len(blocks) >= ROWS_A_CHUNK and block[-1] == 10:
                yield _read(blocks)
                blocks.clear()
    if blocks:
        yield _read(blocks)


def _read(blocks: list[bytes]) -> list[Row]:
    lines = b"".join(blocks).decode().rstrip("\n").split("\n")
    return [_unescaped(line.split("\t")) for line in lines]


def _unescaped(fields: list[str]) -> Any:
    """Return a row with the escapes of `COPY` undone. Only the reference can hold a character that is escaped."""
    if "\\" in fields[0]:
        fields[0] = re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), fields[0])
    return fields
