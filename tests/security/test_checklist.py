"""Every line of the security checklist has a test that exists, or an exception with its date and reason."""

import ast
import tomllib
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from portal import clock

ROOT = Path(__file__).parents[2]
FILE = Path(__file__).parent / "checklist.toml"
LOOKED_AT_AGAIN_AFTER = timedelta(days=365)

# OWASP ASVS 5.0.0: the lines that concern this portal, by their numbers there.
LINES = [
    "1.1.1",
    "1.1.2",
    "1.2.1",
    "1.2.2",
    "1.2.3",
    "1.2.4",
    "1.2.5",
    "1.2.9",
    "1.2.10",
    "1.3.3",
    "1.3.5",
    "1.3.6",
    "1.3.7",
    "1.3.10",
    "1.3.11",
    "1.3.12",
    "1.5.1",
    "1.5.2",
    "1.5.3",
    "2.1.3",
    "2.2.1",
    "2.2.2",
    "2.2.3",
    "2.3.1",
    "2.3.2",
    "2.3.3",
    "2.3.4",
    "2.3.5",
    "2.4.1",
    "3.2.1",
    "3.3.1",
    "3.3.2",
    "3.3.3",
    "3.3.4",
    "3.4.1",
    "3.4.2",
    "3.4.3",
    "3.4.4",
    "3.4.5",
    "3.4.6",
    "3.4.7",
    "3.4.8",
    "3.5.1",
    "3.5.2",
    "3.5.3",
    "3.5.8",
    "3.7.2",
    "4.1.1",
    "4.1.3",
    "4.1.4",
    "4.2.1",
    "4.3/4.4",
    "5.1.1",
    "5.2.1",
    "5.2.2",
    "5.2.3",
    "5.2.4",
    "5.2.6",
    "5.3.1",
    "5.3.2",
    "5.3.3",
    "5.4.1",
    "5.4.2",
    "5.4.3",
    "6.1.1",
    "6.1.3",
    "6.2.1",
    "6.2.3",
    "6.2.4",
    "6.2.5",
    "6.2.7",
    "6.2.8",
    "6.2.9",
    "6.2.10",
    "6.2.12",
    "6.3.1",
    "6.3.2",
    "6.3.3",
    "6.3.4",
    "6.3.5",
    "6.3.7",
    "6.3.8",
    "6.4.1",
    "6.4.2",
    "6.4.3",
    "6.4.4",
    "6.4.6",
    "6.5.1",
    "6.5.2",
    "6.5.5",
    "6.8.1",
    "7.1.1",
    "7.2.1-3",
    "7.2.4",
    "7.3.1-2",
    "7.4.1",
    "7.4.2",
    "7.4.3",
    "7.4.5",
    "7.5.1",
    "7.5.2",
    "7.5.3",
    "7.6.2",
    "8.1.1-2",
    "8.2.1",
    "8.2.2",
    "8.2.3",
    "8.3.1",
    "8.3.2",
    "8.4.2",
    "9.1-9.2",
    "10.1.1",
    "10.1.2",
    "10.2.1",
    "10.2.3",
    "10.5.2",
    "11.1.1-2",
    "11.2.2",
    "11.3.2-3",
    "11.3.4",
    "11.4.2",
    "11.5.1",
    "12.*",
    "13.1.1",
    "13.1.3",
    "13.2.1-2",
    "13.2.4-5",
    "13.3.1",
    "13.4.1-7",
    "14.1.1",
    "14.2.1",
    "14.2.2",
    "14.2.3",
    "14.2.6",
    "14.2.7",
    "14.2.8",
    "14.3.1",
    "14.3.2",
    "15.1.2",
    "15.2.2",
    "15.2.5",
    "15.3.1",
    "15.3.3",
    "15.3.4",
    "15.3.7",
    "15.4.1-2",
    "16.1.1",
    "16.2.1-2",
    "16.2.5",
    "16.3.1-3",
    "16.4.1",
    "16.4.2",
    "16.4.3",
    "16.5.1",
    "16.5.2-3",
    "16.5.4",
]

Line = dict[str, Any]


def lines() -> dict[str, Line]:
    return tomllib.loads(FILE.read_text("utf-8"))


@cache
def functions_of(path: str) -> frozenset[str]:
    """Return the names of the functions of a file, without importing it."""
    if not (ROOT / path).is_file():
        return frozenset()
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return frozenset(
        node.name for place in (tree, *classes) for node in place.body if isinstance(node, ast.FunctionDef)
    )


def exception_faults(exception: Any, today: date) -> list[str]:
    if not isinstance(exception, dict) or set(exception) != {"since", "why", "until"}:
        return ["an exception says since when, why, and until what"]
    since, faults = exception["since"], []
    if not isinstance(since, date):
        faults.append("the exception has no date")
    elif not since <= today <= since + LOOKED_AT_AGAIN_AFTER:
        faults.append(f"look at the exception of {since} again")
    faults += [f"the exception does not say {key}" for key in ("why", "until") if len(str(exception[key]).split()) < 3]
    return faults


def line_faults(line: Line, today: date) -> list[str]:
    """Return what is wrong with one line of the checklist."""
    tests, faults = line.get("tests", []), []
    for name in tests:
        path, _, function = name.partition("::")
        if not path.startswith("tests/") or function not in functions_of(path):
            faults.append(f"there is no {name}")
    if "exception" in line:
        faults += exception_faults(line["exception"], today)
    elif not tests:
        faults.append("neither a test nor an exception")
    if len(line.get("rule", "").split()) < 3 or line.get("level") not in {"1", "2", "3", "-", "1/2", "1-3"}:
        faults.append("a rule in words, and its level")
    if unknown := set(line) - {"level", "rule", "tests", "exception"}:
        faults.append(f"unknown words {sorted(unknown)}")
    return faults


def test_every_line_is_shown_or_excepted() -> None:
    today = clock.today()
    faults = [f"{number}: {fault}" for number, line in lines().items() for fault in line_faults(line, today)]
    assert not faults, "\n".join(faults)


def test_no_line_is_missing_and_none_is_made_up() -> None:
    assert sorted(lines()) == sorted(LINES)
    assert len(set(LINES)) == len(LINES)


GOOD: Line = {
    "level": "1", "rule": "What is good stays good.",
    "tests": ["tests/security/test_checklist.py::test_every_line_is_shown_or_excepted"],
}  # fmt: skip
EXCEPTION = {"since": date(2026, 11, 22), "why": "because it cannot be", "until": "until it can be"}


@pytest.mark.parametrize(
    "changed",
    [
        {"tests": []},
        {"tests": ["tests/security/test_checklist.py::test_that_is_not_there"]},
        {"tests": ["tests/security/no_such_file.py::test_every_line_is_shown_or_excepted"]},
        {"tests": ["portal/app.py::create_app"]},
        {"exception": EXCEPTION | {"since": "2026-11-22"}},
        {"exception": EXCEPTION | {"since": date(2025, 11, 1)}},
        {"exception": EXCEPTION | {"since": date(2027, 1, 1)}},
        {"exception": EXCEPTION | {"why": ""}},
        {"exception": {"why": "because it cannot be"}},
        {"exception": True},
        {"rule": ""},
        {"level": "4"},
        {"test": []},
    ],
)  # fmt: skip
def test_the_check_bites(changed: Line) -> None:
    today = date(2026, 12, 1)
    assert line_faults(GOOD, today) == []
    assert line_faults(GOOD | {"exception": EXCEPTION}, today) == []
    assert line_faults(GOOD | changed, today)
