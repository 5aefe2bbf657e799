"""Write every CSV file that the portal hands out, to people and to programs (RFC 4180, UTF-8).

A spreadsheet that opens one must show text, never run a formula, and read accents correctly.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response

from portal.infrastructure.typed_texts import UNSEEN

# A number, an amount or a telephone number may begin with a sign; one that holds another sign or a slash is computed.
_SPACES = " \xa0\u202f"
_PLAIN_NUMBER = re.compile(rf"[{_SPACES}]*[+\u2212-][0-9][0-9.,{_SPACES}]*(\(0\)[0-9.,{_SPACES}]*)?[€%]?[{_SPACES}]*")
# As they are typed, in full width, and small; some spreadsheets read them alike.
_SIGNS = "=+@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b\u2212-"
_CONTROLS = ("\t", "\r", "\n", "\0")
_MAY_BE_FORMULA = re.compile(rf"[{_SIGNS}]|^[\t\r\n\0]")
# Where a cell may begin. A spreadsheet that expects semicolons does not see our quotes, which follow a comma.
_BEGINNING = re.compile(r"(^|[;\t\r\n\v\f\x85\u2028\u2029])([^;\t\r\n\v\f\x85\u2028\u2029]*)")
# Nearly every line: its cells begin with a letter or a digit, or are empty; nothing in them separates or needs quotes.
_BETWEEN = "\x1f"
_PLAIN_CELL = r'(?:[0-9A-Za-z][^",;\x1f\0\t\r\n\v\f\x85\u2028\u2029]*)?'
_PLAIN_LINE = re.compile(f"{_PLAIN_CELL}(?:{_BETWEEN}{_PLAIN_CELL})*")
_NEEDS_QUOTES = re.compile(r'[",\r\n]')
_LINE_END = "\r\n"
# A spreadsheet reads a file as UTF-8 only when it begins with this; a program would take it for a part of the header.
_BYTE_ORDER_MARK = "\ufeff"


def safe_cell(value: Any) -> str:
    """Return a value as the text of a cell, with an apostrophe before each part that could be taken for a formula.

    Parts count for which commas, semicolons, tabs or ends of lines separate cells, whatever invisible stands before.
    """
    text = "" if value is None else str(value)
    if not _MAY_BE_FORMULA.search(text):
        return text
    return _BEGINNING.sub(_neutral, text)


def csv_line(cells: Iterable[Any], written: str = "") -> str:
    """Return a line of a file, every cell safe to open.

    Args:
        written: more cells, already joined by commas and known to be safe; saves time in files of millions of lines.
    """
    texts = ["" if cell is None else str(cell) for cell in cells]
    joined = _BETWEEN.join(texts)
    is_plain = joined.count(_BETWEEN) == len(texts) - 1 and _PLAIN_LINE.fullmatch(joined)
    line = joined.replace(_BETWEEN, ",") if is_plain else ",".join(map(_quoted, texts))
    return f"{line},{written}{_LINE_END}" if written else f"{line}{_LINE_END}"


def csv_lines(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Iterator[str]:
    """Yield a file line by line."""
    yield csv_line(header)
    yield from map(csv_line, rows)


def csv_bytes(texts: Iterable[str], *, for_people: bool) -> Iterator[bytes]:
    """Yield a file as it leaves, encoded.

    Args:
        texts: its lines, one or many at a time.
        for_people: whether the file is for a spreadsheet, which needs a byte order mark.
    """
    mark = _BYTE_ORDER_MARK if for_people else ""
    for text in texts:
        yield (mark + text).encode()
        mark = ""


def csv_download(name: str, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> Response:
    """Return a file for people as an answer; made whole, so that a slow reader holds no database connection."""
    content = b"".join(csv_bytes(csv_lines(header, rows), for_people=True))
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, mimetype="text/csv", headers=headers)


def _neutral(found: re.Match[str]) -> str:
    separator, part = found.groups()
    # Where commas separate, the first part begins a cell that goes on to the end of the text.
    cell = part if separator else found.string
    # Where they do not, the last part goes on into the next cell of the line: ;-5 and 2*3 are read as -5,2*3.
    goes_on = bool(separator) and found.end() == len(found.string)
    is_number = not goes_on and _PLAIN_NUMBER.fullmatch(cell)
    sign = next((letter for letter in part if _is_seen(letter)), " ")
    is_formula = cell.startswith(_CONTROLS) or (sign in _SIGNS and not is_number)
    return f"{separator}'{part}" if is_formula else separator + part


def _is_seen(letter: str) -> bool:
    return letter.isprintable() and letter not in ' "' and not UNSEEN.match(letter)


def _quoted(value: Any) -> str:
    text = safe_cell(value)
    return '"' + text.replace('"', '""') + '"' if _NEEDS_QUOTES.search(text) else text
