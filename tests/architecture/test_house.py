"""docs/architecture.md shows the layers and every folder as they are, and no folder holds too many files."""

import re

import pytest

from tests.architecture.test_imports import LAYERS
from tests.support.looking.papers import ARCHITECTURE, ROOT, rows, section

# How many files a folder may hold, without `__init__.py`: as many as a reader takes in at one look.
MOST_FILES = 14
# Folders that may hold more. A mail is three files (subject, text, page), so 54 files are eighteen mails.
# The others are flat lists whose names say everything. Each number leaves a little room, no more.
LARGER = {
    "portal/translations/fr/LC_MESSAGES": 18,  # one catalogue per domain
    "templates/accounts/public": 24,  # one small page for each outcome of a way in
    "templates/components/icons": 32,  # one drawing a file
    "templates/email/accounts": 54,
    "templates/email/rights": 54,
    "templates/email/staff": 54,
    "templates/staff/staff": 28,
}
NOT_KEPT = {".pyc", ".mo"}  # made from the others


def layers_of(text: str) -> dict[str, float]:
    """Return the layer of each package named by lines such as `5.5   lookups   what it is`."""
    found = {}
    for line in text.splitlines():
        if match := re.match(r"(\d+(?:\.\d+)?) +(\w+(?: · \w+)*)(?:  |$)", line):
            found |= {name: float(match[1]) for name in match[2].split(" · ")}
    return found


def folders(top: str) -> dict[str, int]:
    """Return how many files each folder under a top one holds, for those that hold any."""
    found: dict[str, int] = {}
    for path in sorted((ROOT / top).rglob("*")):
        if path.is_file() and path.suffix not in NOT_KEPT:
            place = str(path.parent.relative_to(ROOT))
            found[place] = found.get(place, 0) + (path.name != "__init__.py")
    return found


def test_the_page_shows_the_layers_that_are_checked() -> None:
    shown = layers_of(section(ARCHITECTURE.read_text("utf-8"), "Layers"))
    assert shown == LAYERS, "write the table of LAYERS (tests/architecture/test_imports.py) into docs/architecture.md"


def test_every_layer_is_of_something() -> None:
    gone = [name for name in LAYERS if not any((ROOT / "portal" / place).exists() for place in (name, f"{name}.py"))]
    assert not gone, f"take {gone} out of LAYERS and of docs/architecture.md"


def test_the_page_names_every_folder_of_the_portal_once() -> None:
    named = [(place.strip("`").rstrip("/"), what) for place, what in rows(_folders_section())]
    assert all(what for _place, what in named)
    assert sorted(place for place, _what in named) == sorted(folders("portal")), (
        "one line for each folder of portal/ that holds files, under Folders in docs/architecture.md"
    )


def _folders_section() -> str:
    return section(ARCHITECTURE.read_text("utf-8"), "Folders")


@pytest.mark.parametrize("top", ["portal", "tests", "templates"])
def test_no_folder_overflows(top: str) -> None:
    found = folders(top)
    assert len(found) > 20
    faults = [
        f"{place} holds {count} files, {LARGER.get(place, MOST_FILES)} at most: make a room for what belongs together"
        for place, count in found.items()
        if count > LARGER.get(place, MOST_FILES)
    ]
    assert not faults, "\n".join(faults)


def test_no_exception_is_idle() -> None:
    found = folders("portal") | folders("templates")
    idle = [place for place in LARGER if found.get(place, 0) <= MOST_FILES]
    assert not idle, f"take {idle} out of LARGER"


def test_the_table_is_read() -> None:
    assert layers_of("7     rights\n5.5   lookups    staff\n0.2   config · clock") == {
        "rights": 7, "lookups": 5.5, "config": 0.2, "clock": 0.2,
    }  # fmt: skip
    assert layers_of("- 7 rights") == {}
