"""Lines of an import for tests: what a system of the company would send."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import Result
from flask import Flask

from portal.config import Settings
from portal.records.imports.commands import import_records

ROOT = Path(__file__).parents[2]

Line = dict[str, Any]


def customer(external_id: str = "C-1001", **facts: Any) -> Line:
    """Return the line of a customer; `facts` replace or add fields."""
    return {
        "type": "customer",
        "external_id": external_id,
        "email": f"{external_id.lower()}@example.org",
        "given_name": "Camille",
        "family_name": "Lefèvre",
        "birth_date": "1988-03-04",
        "language": "fr",
        "customer_since": "2019-05-11",
        "relationship_ended_on": None,
    } | facts


def record(kind: str, external_id: str, values: Line, of: str = "C-1001", **facts: Any) -> Line:
    """Return the line of a record of the customer `of`."""
    return {
        "type": "record",
        "customer": of,
        "kind": kind,
        "external_id": external_id,
        "recorded_at": "2026-03-10T10:00:00+01:00",
        "source": "billing",
        "values": values,
    } | facts


def invoice(external_id: str = "F-2026-0088", amount: str = "49.90", **facts: Any) -> Line:
    """Return the line of an invoice."""
    return record("invoice", external_id, {"number": external_id, "amount": amount, "currency": "EUR"}, **facts)


def visit(number: int, of: str = "C-1001", **facts: Any) -> Line:
    """Return the line of a visit to a page; the higher its number, the newer."""
    at = f"2026-{1 + number // 28 % 12:02}-{1 + number % 28:02}T{number // 336 % 24:02}:{number // 8064 % 60:02}:00+00:00"
    values = {"page": f"https://netkin.fr/page/{number}", "title": f"Page {number}", "seconds": number}
    return record("page_visit", f"V-{number}", values, of, recorded_at=at, source="website") | facts


def removed(kind: str, external_id: str, of: str = "C-1001") -> Line:
    """Return the line that says a record is gone from its system."""
    return {"type": "removed", "customer": of, "kind": kind, "external_id": external_id}


def complete(source: str, at: str) -> Line:
    """Return the line by which a system says that it has sent all it held at an instant."""
    return {"type": "complete", "source": source, "at": at}


def ndjson(*lines: Line | str | bytes) -> bytes:
    """Return lines as NDJSON; a text or bytes goes in as it is."""
    parts = [
        line if isinstance(line, bytes) else line.encode() if isinstance(line, str) else json.dumps(line).encode()
        for line in lines
    ]
    return b"\n".join(parts) + b"\n"


class Importer:
    """Runs `flask import`: in a process of its own as an operator would, or in this one where that is enough."""

    def __init__(self, app: Flask, settings: Settings, folder: Path) -> None:
        self._app = app
        self._folder = folder
        self.environment = os.environ | {
            f"PORTAL_{name.upper()}": str(value)
            for name, value in settings.model_dump().items()
            if isinstance(value, str | Path) and value
        }

    def file(self, *lines: Line | str | bytes) -> Path:
        """Write lines to a file and return its path."""
        path = self._folder / "records.ndjson"
        path.write_bytes(ndjson(*lines))
        return path

    def run(self, *arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[str]:
        """Run the command in a process of its own; its exit code is for the caller to judge."""
        return subprocess.run(
            [sys.executable, "-m", "flask", "import", *arguments],
            input=stdin.decode() if stdin is not None else None,
            capture_output=True, text=True, check=False, cwd=ROOT, env=self.environment, timeout=300,
        )  # fmt: skip

    def run_here(self, *arguments: str) -> Result:
        """Run the command in this process."""
        return self._app.test_cli_runner().invoke(import_records, list(arguments))

    def take(self, *lines: Line | str | bytes, code: int = 0) -> dict[str, Any]:
        """Import lines in this process and return the report; fails on another exit code than `code`."""
        done = self.run_here("--json", str(self.file(*lines)))
        assert done.exit_code == code, done.output or done.exception
        report: dict[str, Any] = json.loads(done.stdout)
        return report
