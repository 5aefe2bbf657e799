"""Compare what the documents say with the functions that a piece of work really runs."""

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

ROOT = Path(__file__).parents[3]
ARCHITECTURE = ROOT / "docs" / "architecture.md"
PORTAL = str(ROOT / "portal")

_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`\n]+)`")
_STOP = re.compile(r"portal/[\w/]+\.py: \w+")


def papers() -> list[Path]:
    """Return every text that is written for people who work on the portal or run it."""
    names = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")
    return [*(ROOT / name for name in names), *sorted((ROOT / "docs").rglob("*.md"))]


def code_words(text: str) -> list[str]:
    """Return what a text holds between backticks, in its order, and each line of its blocks of code."""
    blocks = [line.strip() for block in _FENCE.findall(text) for line in block.splitlines()[1:-1]]
    return _INLINE.findall(_FENCE.sub("", text)) + blocks


def section(text: str, title: str) -> str:
    """Return the text under a heading of the second level, up to the next such heading."""
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def rows(text: str) -> list[list[str]]:
    """Return the cells of every table row of a text, without the heads of the tables."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    is_rule = [set(line) <= set("|-: ") for line in lines]
    bodies = [line for line, rule, head in zip(lines, is_rule, [*is_rule[1:], False], strict=True) if not rule | head]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in bodies]


def stops(text: str) -> list[str]:
    """Return the functions that a text names as `portal/file.py: function`, in its order."""
    return [word for word in code_words(text) if _STOP.fullmatch(word)]


@contextmanager
def walk() -> Iterator[list[str]]:
    """Collect the functions of the portal that this thread enters, each once, in the order of the first time."""
    entered: list[str] = []
    seen: set[CodeType] = set()

    def note(frame: FrameType, event: str, _argument: Any) -> None:
        code = frame.f_code
        if event == "call" and code not in seen:
            seen.add(code)
            if code.co_filename.startswith(PORTAL):
                entered.append(f"{Path(code.co_filename).relative_to(ROOT)}: {code.co_name}")

    sys.setprofile(note)
    try:
        yield entered
    finally:
        sys.setprofile(None)


def differences(named: Iterable[str], entered: list[str]) -> list[str]:
    """Return the functions that a text names wrongly: they did not run, or ran before the one named above them."""
    faults, reached = [], -1
    for stop in named:
        if stop not in entered:
            faults.append(f"{stop}: never entered")
        elif (place := entered.index(stop)) < reached:
            faults.append(f"{stop}: entered before {entered[reached]}")
        else:
            reached = place
    return faults
