"""What the metadata of installed packages say of their licences, and of the files that their wheels bring along."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from tests.support.looking.papers import ROOT

# Licences that only ask to keep their notice.
PERMISSIVE = {
    "0BSD", "Apache-2.0", "BSD", "BSD-2-Clause", "BSD-3-Clause", "BSL-1.0", "CC0-1.0", "CDLA-Permissive-2.0",
    "CNRI-Python", "FTL", "IJG", "ISC", "MIT", "MIT-0", "MIT-CMU", "PSF-2.0", "Unicode-3.0", "Unicode-DFS-2016",
    "Unlicense", "WTFPL", "X11", "Zlib", "libtiff",
}  # fmt: skip
# Older metadata's words for the same licences.
SAME = {
    "Apache Software License": "Apache-2.0", "Apache 2.0": "Apache-2.0", "Apache License, Version 2.0": "Apache-2.0",
    "BSD License": "BSD", "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0", "MIT License": "MIT",
    "MIT license": "MIT", "OSI Approved": "", "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0", "The Unlicense (Unlicense)": "Unlicense",
}  # fmt: skip
# Beginnings of the names of files in wheels whose licence is not permissive, or is stated by no metadata.
BROUGHT = {
    "axe.min.js": "axe-core", "libcrypt-": "libcrypt", "libde265": "libde265", "libfribidi": "FriBiDi",
    "libheif": "libheif", "libiconv": "iconv", "libimagequant": "libimagequant", "libkeyutils": "keyutils-libs",
    "libreadline": "readline", "libx264": "x264", "libx265": "x265", "weed": "Go modules", "psql": "PostgreSQL",
    "valkey-server": "Valkey",
}  # fmt: skip
UNSTATED = "not stated"
_IS_MIT = "Permission is hereby granted, free of charge, to any person obtaining a copy"
_IS_PAPER = re.compile(r"licen[cs]e|copying|notice|bundled", re.IGNORECASE)
_COPYLEFT = re.compile(r"GPL|General Public License|Mozilla Public License|\bMPL\b", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """Something that comes inside a package: its name, and its licence or `UNSTATED`."""

    name: str
    licence: str


def installed_packages() -> list[Distribution]:
    """Return the packages of both locks that are installed here: not pip, and not the portal itself."""
    lock = (ROOT / "requirements-test.lock").read_text("utf-8")
    locked = {plain(name) for name in re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]+])?==", lock, re.MULTILINE)}
    return [package for package in distributions() if plain(package.name) in locked]


def plain(name: str) -> str:
    """Return a package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def stated_licence(package: Distribution) -> str:
    """Return what a package says of its licence, in the words of SPDX where it has them."""
    metadata = package.metadata
    if expression := metadata.get("License-Expression"):
        return str(expression)
    lines = (metadata.get("License") or "").strip().splitlines()
    named = lines[0] if len(lines) == 1 and "Copyright" not in lines[0] else ""
    classifiers = [line.rpartition(" :: ")[2] for line in metadata.get_all("Classifier") or [] if "License ::" in line]
    words = dict.fromkeys(word for name in [named, *classifiers] if (word := SAME.get(name, name)))
    if any(word.startswith("BSD-") for word in words):
        words.pop("BSD", None)
    if words:
        return " AND ".join(words)
    return "MIT" if any(_IS_MIT in " ".join(text.split()) for text in papers_of(package).values()) else UNSTATED


def asks_something(licence: str) -> bool:
    """Whether a licence asks for more than its notice, whichever alternative of its ANDs and ORs is chosen."""
    words = [word.strip() for word in re.split(r"([()]|\bAND\b|\bOR\b)", licence) if word.strip()]
    return not _any_of(words)


def _any_of(words: list[str]) -> bool:
    """Read alternatives joined by OR from the front of the words, and remove them. AND binds closer than OR."""
    is_permissive = _all_of(words)
    while words and words[0] == "OR":
        words.pop(0)
        is_permissive |= _all_of(words)
    return is_permissive


def _all_of(words: list[str]) -> bool:
    is_permissive = _one_of(words)
    while words and words[0] == "AND":
        words.pop(0)
        is_permissive &= _one_of(words)
    return is_permissive


def _one_of(words: list[str]) -> bool:
    word = words.pop(0)
    if word != "(":
        return word.partition(" WITH ")[0] in PERMISSIVE
    is_permissive = _any_of(words)
    words.pop(0)  # its other bracket
    return is_permissive


def papers_of(package: Distribution) -> dict[str, str]:
    """Return the texts about licences that a package brings, by their path."""
    files = [file for file in package.files or [] if _IS_PAPER.search(str(file)) and file.suffix not in {".py", ".pyc"}]
    texts = [file for file in files if "/licenses/" in str(file) or _IS_PAPER.search(file.name)]
    return {str(file): Path(str(file.locate())).read_text("utf-8", "replace") for file in texts}


def speaks_of_copyleft(package: Distribution) -> bool:
    """Whether a text that a package brings names a GPL or the MPL, for itself or for something else."""
    return any(_COPYLEFT.search(text) for text in papers_of(package).values())


def parts(package: Distribution) -> Iterator[Part]:
    """Yield the parts that a package brings along: those of its bills of materials, and files known by their names."""
    names = [file.name for file in package.files or []]
    for file in package.files or []:
        if ".dist-info/sboms/" in str(file):
            yield from _components(json.loads(file.read_text("utf-8")), plain(package.name), " ".join(names).lower())
    for beginning, name in BROUGHT.items():
        if any(file.startswith(beginning) for file in names):
            yield Part(name, UNSTATED)


def _components(bill: dict, package: str, files: str) -> Iterator[Part]:
    for component in bill.get("components", []):
        name, scope = component["name"], component.get("scope")
        is_absent = scope == "excluded" or (scope == "optional" and name.lower() not in files)
        if is_absent or plain(name) == package:
            continue
        stated = [
            entry.get("expression") or entry["license"].get("id") or entry["license"].get("name")
            for entry in component.get("licenses", [])
        ]
        yield Part(name, " AND ".join(f"({word})" for word in stated) if stated else UNSTATED)
