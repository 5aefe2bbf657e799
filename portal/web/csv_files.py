"""Cells of the CSV files that we hand out: a spreadsheet that opens them must show text, never run a formula."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

# A number or a telephone number may begin with a sign without being a formula.
_PLAIN_NUMBER = re.compile(r"[+-]?[\d .,()/-]*\d")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")


def safe_cell(value: Any) -> str:
    """Return a value as the text of a cell; what a spreadsheet would take for a formula gets a leading apostrophe."""
    text = "" if value is None else str(value)
    if text.startswith(_FORMULA_STARTS) and not _PLAIN_NUMBER.fullmatch(text):
        return "'" + text
    return text


def csv_lines(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Yield a CSV file line by line (RFC 4180), every cell safe to open."""
    yield _line(header)
    for row in rows:
        yield _line(row)


def _line(row: Iterable[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([safe_cell(value) for value in row])
    return buffer.getvalue()
