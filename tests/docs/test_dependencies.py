"""docs/dependencies.md names each package that we ask for and each part that asks for more than its notice."""

import re
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.metadata import Distribution

import pytest

from tests.support.looking.licences import (
    UNSTATED,
    asks_something,
    installed_packages,
    parts,
    plain,
    speaks_of_copyleft,
    stated_licence,
)
from tests.support.looking.papers import ROOT, rows, section

PAGE = ROOT / "docs" / "dependencies.md"
SECTIONS = {
    "dependencies": "What the portal needs",
    "scale": "For several machines (extra `scale`)",
    "test": "For the tests only (extra `test`)",
}


def cells(title: str) -> list[list[str]]:
    return rows(section(PAGE.read_text("utf-8"), title))


def asked_for() -> dict[str, list[str]]:
    """Return the packages that pyproject.toml asks for, for the portal and for each extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    groups = {"dependencies": project["dependencies"], **project["optional-dependencies"]}
    return {name: [plain(re.split(r"[\[<>=]", line)[0]) for line in lines] for name, lines in groups.items()}


@cache
def installed() -> dict[str, Distribution]:
    return {plain(package.name): package for package in installed_packages()}


def parts_named() -> dict[tuple[str, str], str]:
    """Return the licence that the page gives for each part, by its name and the package that it comes with."""
    lines = cells("Parts that ask for more")
    return {(part, package.partition(",")[0]): licence for part, licence, package, _by in lines}


def words_of(licence: str) -> set[str]:
    return {word.strip() for word in re.split(r"[()]|\bAND\b|\bOR\b", licence) if word.strip()}


@pytest.mark.parametrize("group", SECTIONS)
def test_each_package_has_its_line_with_licence_and_reason(group: str) -> None:
    lines = cells(SECTIONS[group])
    assert [package for package, _licence, _reason in lines] == sorted(asked_for()[group]), (
        "one line for each package of pyproject.toml, by the alphabet"
    )
    assert all(reason for _package, _licence, reason in lines)
    faults = [
        f"{package}: the page says {licence}, the package {stated_licence(installed()[package])}"
        for package, licence, _reason in lines
        if not all(word in licence for word in words_of(stated_licence(installed()[package])))
    ]
    assert not faults, "\n".join(faults)


def test_every_extra_has_its_section() -> None:
    assert set(asked_for()) == set(SECTIONS)


def parts_that_ask(name: str, package: Distribution) -> Iterator[tuple[str, str]]:
    """Yield the name and the licence of a package, and of what it brings along, where more is asked or nothing said."""
    for part, licence in [(name, stated_licence(package)), *((part.name, part.licence) for part in parts(package))]:
        if licence == UNSTATED or asks_something(licence):
            yield part, licence


def test_every_part_that_asks_for_more_is_named() -> None:
    named, faults = parts_named(), set()
    for name, package in installed().items():
        for part, licence in parts_that_ask(name, package):
            said = named.get((part, name), "")
            if not said or not all(word in said for word in words_of(licence) - {UNSTATED}):
                faults.add(f"| {part} | {licence} | {name} | portal or tests |")
    assert not faults, "\n".join(["name under Parts that ask for more, and say below what it asks:", *sorted(faults)])


def test_every_text_that_speaks_of_copyleft_is_explained() -> None:
    named = {package for _part, package in parts_named()}
    named |= {name for names, _why in cells("Texts that speak of a GPL") for name in names.split(", ")}
    silent = [name for name, package in installed().items() if speaks_of_copyleft(package) and name not in named]
    assert not silent, f"read the texts in the dist-info folders of {silent}, and say what they ask"


def test_no_line_is_about_what_is_gone() -> None:
    gone = {package for _part, package in parts_named()} - set(installed())
    assert not gone, f"take {sorted(gone)} out of Parts that ask for more"


@pytest.mark.parametrize(
    ("licence", "asks"),
    [
        ("MIT", False),
        ("Apache-2.0 OR GPL-2.0-only", False),
        ("(Apache-2.0 AND ISC) AND MIT", False),
        ("Apache-2.0 WITH LLVM-exception", False),
        ("MIT OR LGPL-2.1-or-later AND GPL-3.0-only", False),
        ("(MIT OR LGPL-2.1-or-later) AND GPL-3.0-only", True),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", True),
        ("some licence of our own", True),
    ],
)
def test_what_a_licence_asks(licence: str, asks: bool) -> None:
    assert asks_something(licence) is asks


def test_licences_are_read_from_what_is_installed() -> None:
    assert len(installed()) > 80
    assert stated_licence(installed()["psycopg"]) == "LGPL-3.0-only"
    assert words_of(stated_licence(installed()["pi-heif"])) == {"BSD-3-Clause", "LGPL-3.0"}
    assert stated_licence(installed()["huey"]) == "MIT", "its metadata say nothing, its file does"
    assert {part.name for part in parts(installed()["css-inline"])} >= {"cssparser", "selectors"}
    assert {part.name for part in parts(installed()["pi-heif"])} == {"libheif", "libde265"}
