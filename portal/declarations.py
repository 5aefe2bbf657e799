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


def faults_of(error: ValidationError, tables: dict[str, Any]) -> tuple[Fault, ...]:
    """Return every fault pydantic found in a file's tables, in plain words, never repeating the values."""
    # Pydantic also calls a list too short when each of its entries is faulty: repeating that would mislead.
    items = [item for item in error.errors() if not (item["type"] == "too_short" and item["input"])]
    return tuple(Fault(_place(item["loc"], tables), _reason(item)) for item in items)


def repeated_codes(tables: dict[str, Any], name: str) -> list[Fault]:
    """Return a fault for each code that an array of tables declares more than once."""
    entries = tables.get(name)
    codes = [entry.get("code") for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    twice = {code for code in codes if isinstance(code, str) and codes.count(code) > 1}
    return [Fault(f"{name}[{code}]", "is declared more than once") for code in sorted(twice)]


def _place(steps: tuple[int | str, ...], tables: Any) -> str:
    place = ""
    for step in steps:
        tables = _inside(tables, step)
        if isinstance(step, int):
            # The number of an entry helps nobody: its code or name does.
            name = next((tables[key] for key in ("code", "name") if isinstance(tables, dict) and key in tables), step)
            place += f"[{name}]"
        else:
            place += f".{step}" if place else step
    return place


def _inside(tables: Any, step: int | str) -> Any:
    try:
        return tables[step]
    except (KeyError, IndexError, TypeError):
        return None


def _reason(item: Any) -> str:
    if item["type"] in {"enum", "literal_error"}:
        return f"must be {item['ctx']['expected']}"
    return _PLAIN_REASONS.get(item["type"]) or str(item["msg"]).removeprefix("Value error, ")
