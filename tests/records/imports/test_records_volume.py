"""What must not grow: the memory of an import, the statements of a page."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from portal.infrastructure.database import db
from portal.personal_data.categories import CATEGORIES
from portal.records.imports.ingest import start_run
from portal.records.models import CategoryCount, Record
from tests.support.acting.people import People
from tests.support.records import ROOT, Importer, Line, customer, invoice, record, visit

TEXT = "Bonjour, je n’ai pas reçu ma commande. " * 8


def written(path: Path, lines: Iterator[Line]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in lines)
    return path


def many(number: int) -> Iterator[Line]:
    """Yield a thirtieth of customers, then visits and exchanges of theirs."""
    people = max(1, number // 30)
    for person in range(people):
        yield customer(f"C-{person}")
    exchange = {"channel": "email", "direction": "in", "body": TEXT}
    for place in range(number - people):
        of = f"C-{place % people}"
        if place % 10:
            yield visit(place, of)
        else:
            yield record("support_exchange", f"E-{place}", exchange, of, source="support")


def peak_memory(importer: Importer, path: Path) -> int:
    """Import a file in a process of its own and return its largest resident size in MB."""
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "import", str(path)],
        cwd=ROOT, env=importer.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    _pid, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.stderr is not None
    errors = process.stderr.read()
    process.stderr.close()
    assert process.returncode == 0, errors
    return usage.ru_maxrss // 1024


@pytest.mark.trial
def test_an_import_of_forty_thousand_lines_stays_in_bounded_memory(importer: Importer, tmp_path: Path) -> None:
    small = peak_memory(importer, written(tmp_path / "small.ndjson", many(1_000)))
    large = peak_memory(importer, written(tmp_path / "large.ndjson", many(40_000)))
    assert large - small < 30, f"{small} MB for 1 000 lines, {large} MB for 40 000"
    db.session.rollback()
    held = db.session.execute(select(func.count()).select_from(Record)).scalar_one()
    assert held > 40_000 - 40_000 // 30
    assert db.session.execute(select(func.sum(CategoryCount.count))).scalar_one() == held


def test_two_imports_of_one_file_at_once_write_it_once(importer: Importer, tmp_path: Path) -> None:
    path = written(tmp_path / "both.ndjson", many(900))
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "flask", "import", "--json", str(path)],
            cwd=ROOT, env=importer.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _index in range(2)
    ]  # fmt: skip
    reports = []
    for process in processes:
        out, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors
        reports.append(json.loads(out))
    assert sum(report["accepted"] for report in reports) == 900
    assert sum(report["unchanged"] for report in reports) == 900
    db.session.rollback()
    held = db.session.execute(select(func.count()).select_from(Record)).scalar_one()
    assert held == 870
    assert db.session.execute(select(func.sum(CategoryCount.count))).scalar_one() == held


PATHS = ["/data", *(f"/data/{category}" for category in CATEGORIES)]


def test_pages_send_as_many_statements_for_five_thousand_records_as_for_ten(
    people: People, statements: Callable[[], Any]
) -> None:
    browser = people.signed_in()

    def take(numbers: range) -> None:
        lines = [visit(number, "C-camille") for number in numbers]
        lines += [invoice(f"F-{number}", of="C-camille") for number in numbers]
        numbered = [(place, json.dumps(line).encode()) for place, line in enumerate(lines, start=1)]
        start_run(pytest.fail).run(numbered, actor="command", channel="command")

    def count() -> dict[str, int]:
        counts = {}
        for path in PATHS:
            browser.get(path)
            with statements() as sent:
                assert browser.get(path).status == 200
            counts[path] = len(sent)
        return counts

    take(range(5))
    few = count()
    take(range(5, 2_500))
    assert count() == few
    assert few["/data"] <= 8, few
    assert max(few[path] for path in PATHS[1:]) <= 6, few
