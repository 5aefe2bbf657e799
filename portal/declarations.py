"""Files that an operator writes (organisation, data map): read, checked whole, every fault listed at once."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

_PLAIN_REASONS = {
    "missing": "is missing",
    "extra_forbidden": "is not known here; check the spelling",
    "string_type": "must be a text between quotes",
    "bool_type": "must be true or false",
    "date_from_datetime_parsing": "must be a date such as 2026-11-22",
    "dataclass_type": "must be a table with the texts fr and en",
    "unexpected_keyword_argument": "is not known here; check the spelling",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing to mend in a file: where it stands (dotted path) and what is wrong with it."""

    place: str
    reason: str

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}" if self.place else self.reason


class DeclarationFaults(Exception):
    """A file does not describe what it should. `faults` names each place and its cure."""

    def __init__(self, path: Path, faults: Iterable[Fault]) -> None:
        self.path = path
        self.faults = tuple(faults)
        super().__init__(f"{path} has faults:\n" + "\n".join(f"  - {fault}" for fault in self.faults))


def read_toml(path: Path, error: type[DeclarationFaults]) -> dict[str, Any]:
    """Return the tables of a TOML file; raise `error` when it cannot be opened or is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise error(path, [Fault("", problem.strerror or "cannot be read")]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise error(path, [Fault("", f"is not TOML: {problem}")]) from None


def faults_of(error: ValidationError) -> tuple[Fault, ...]:
    """Return every fault pydantic found, in plain words and without repeating the values."""
    return tuple(Fault(".".join(map(str, item["loc"])), _reason(item)) for item in error.errors())


def _reason(item: Any) -> str:
    plain = _PLAIN_REASONS.get(item["type"])
    return plain or str(item["msg"]).removeprefix("Value error, ")
