"""Passwords known from breaches, looked up in a file of the operator's. No other service is asked.

Each line of the file holds a SHA-1 in hexadecimal, ordered by hash, with or without `:count` behind it, as the download
tool of Have I Been Pwned writes it. The file may have forty gigabytes: a look-up reads some forty places and keeps
nothing in memory.
"""

import hashlib
import logging
import os
import re
import unicodedata
from itertools import pairwise
from pathlib import Path
from typing import Self

LONGEST_LINE = 128
SAMPLES = 64
HASH = re.compile(rb"[0-9A-Fa-f]{40}(?::\d+)?\s*")

logger = logging.getLogger("portal.passwords")


class NotAHashList(ValueError):
    """The file is not a list of SHA-1 hashes in their order."""


class BreachedPasswords:
    """A list of breached passwords; without a file, nothing is on it."""

    def __init__(self, path: Path | None) -> None:
        self.path = path

    @classmethod
    def load(cls, path: Path | None) -> Self:
        """Return the list of a file, after a look at it. Raises `NotAHashList`, also when it cannot be read."""
        try:
            if path is not None:
                check_list(path)
        except OSError as error:
            raise NotAHashList(f"cannot be read ({error.strerror})") from None
        return cls(path)

    def holds(self, password: str) -> bool:
        """Tell whether a password is on the list. A list that cannot be read holds nothing, and the log says so."""
        if self.path is None:
            return False
        # People type accents composed or not, and the services that were robbed stored either form.
        forms = {password, unicodedata.normalize("NFC", password), unicodedata.normalize("NFD", password)}
        try:
            return any(_is_listed(self.path, _sha1(form)) for form in forms)
        except (OSError, NotAHashList) as error:
            logger.error("breached passwords cannot be looked up: %s", type(error).__name__)
            return False


def check_list(path: Path) -> int:
    """Look at places all over a list and return its size in bytes.

    Raises:
        OSError: it cannot be read.
        NotAHashList: it is empty, holds something else, or is out of order at the places looked at.
    """
    with path.open("rb") as file:
        descriptor, size = file.fileno(), path.stat().st_size
        if size == 0:
            raise NotAHashList("the list is empty")
        places = [size * number // SAMPLES for number in range(SAMPLES)]
        hashes = [_line_at(descriptor, place)[1] for place in places]
        hashes.append(_line_at(descriptor, size - 1)[1])
    if any(former > latter for former, latter in pairwise(hashes)):
        raise NotAHashList("the hashes are not in their order")
    return size


def _sha1(password: str) -> bytes:
    return hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()


def _is_listed(path: Path, wanted: bytes) -> bool:
    with path.open("rb") as file:
        descriptor = file.fileno()
        low, high = 0, os.fstat(descriptor).st_size
        while low < high:
            start, found, end = _line_at(descriptor, (low + high) // 2)
            if found == wanted:
                return True
            low, high = (end, high) if found < wanted else (low, start)
    return False


def _line_at(descriptor: int, position: int) -> tuple[int, bytes, int]:
    """Return the start of the line that holds a byte of the file, its hash, and the start of the next line."""
    begin = max(0, position - LONGEST_LINE)
    window = os.pread(descriptor, 2 * LONGEST_LINE, begin)
    start = window.rfind(b"\n", 0, position - begin) + 1
    end = window.find(b"\n", position - begin) + 1 or len(window)
    if not HASH.fullmatch(window[start:end]):
        raise NotAHashList("a line is no SHA-1 in hexadecimal")
    return begin + start, window[start : start + 40].upper(), begin + end
