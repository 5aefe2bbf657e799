"""What the papers name exists: files, functions in them, links, targets of make, commands of flask and their options."""

import ast
import re
from collections.abc import Iterator
from importlib.metadata import entry_points
from itertools import product
from pathlib import Path

import click
import pytest
from flask_migrate.cli import db as flask_db

from tests.support.looking.papers import ROOT, code_words, papers

TOPS = {path.name for path in ROOT.iterdir()} - {"instance"} | {"ci"}
ENDINGS = (".py", ".md", ".toml", ".po", ".lock")
_PATH = re.compile(r"[\w.][\w.{},*-]*(/[\w.{},*-]+)*/?")
_LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


def expanded(path: str) -> list[str]:
    """Return the paths that braces stand for: `a.{py,md}` is two."""
    parts = [part.split(",") if index % 2 else [part] for index, part in enumerate(re.split(r"[{}]", path))]
    return ["".join(choice) for choice in product(*parts)]


def is_path(word: str) -> bool:
    """Whether a word between backticks names a file or a folder of this repository."""
    if not _PATH.fullmatch(word):
        return False
    return word.endswith(ENDINGS) or ("/" in word and word.split("/")[0] in TOPS)


def path_faults(word: str) -> list[str]:
    """Return what is wrong with a path, or with `path: function`."""
    path, _colon, name = word.partition(": ")
    if not is_path(path) or (name and not name.isidentifier()):
        return []
    missing = [place for place in expanded(path) if not _exists(place.rstrip("/"))]
    if missing:
        return [f"there is no {place}" for place in missing]
    if name and name not in _names_in(ROOT / path):
        return [f"{path} has no {name}"]
    return []


def _exists(place: str) -> bool:
    """Whether a path exists; a bare name, such as `models.py`, is one that files of the portal have."""
    return any(ROOT.glob(place)) or ("/" not in place and any((ROOT / "portal").rglob(place)))


def _names_in(path: Path) -> set[str]:
    """Return the functions and classes of a source, those of classes too."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, kinds)}


def flask_faults(line: str) -> list[str]:
    """Return what is wrong with a call of flask: an unknown command or option."""
    words = line.split()[1:]
    command: click.Command | None = None
    commands = {point.name: point.load() for point in entry_points(group="flask.commands")} | {"db": flask_db}
    for word in words:
        if command is None:
            if word not in commands:
                return [f"there is no command {word}"]
            command = commands[word]
        elif isinstance(command, click.Group):
            if word not in command.commands:
                return [f"there is no command {word}"]
            command = command.commands[word]
    options = re.findall(r"--[a-z-]+", line)
    known = {option for parameter in getattr(command, "params", []) for option in parameter.opts}
    return [f"{' '.join(words)}: there is no option {option}" for option in options if option not in known]


def commands(text: str, program: str) -> Iterator[str]:
    """Yield each call of a program that stands between backticks or in a block of code."""
    for word in code_words(text):
        line = word.partition(" #")[0].strip()
        line = re.sub(r"^(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?", "", line)
        if line.startswith(f"{program} ") and "…" not in line:
            yield line


PAPERS = [pytest.param(path, id=str(path.relative_to(ROOT))) for path in papers()]


@pytest.mark.parametrize("paper", PAPERS)
def test_every_path_exists(paper: Path) -> None:
    text = paper.read_text("utf-8")
    faults = [fault for word in code_words(text) for fault in path_faults(word)]
    faults += [f"the link {link} leads nowhere" for link in _LINK.findall(text) if _is_broken(paper, link)]
    assert not faults, "\n".join(faults)


def _is_broken(paper: Path, link: str) -> bool:
    return "://" not in link and not (paper.parent / link).exists()


@pytest.mark.parametrize("paper", PAPERS)
def test_every_command_exists(paper: Path) -> None:
    text = paper.read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    faults = [line for line in commands(text, "make") if not line.split()[1].startswith(tuple(targets))]
    faults += [fault for line in commands(text, "flask") for fault in flask_faults(line)]
    assert not faults, "\n".join(faults)


def test_the_papers_name_many() -> None:
    texts = [path.read_text("utf-8") for path in papers()]
    assert len([word for text in texts for word in code_words(text) if is_path(word.partition(": ")[0])]) > 150
    assert len([line for text in texts for line in commands(text, "flask")]) > 30


@pytest.mark.parametrize(
    "word",
    ["portal/nowhere.py", "portal/app.py: nothing", "nowhere.md", "docs/{adr,nowhere}/", "tests/*/test_nowhere.py"],
)
def test_a_wrong_path_is_found(word: str) -> None:
    assert path_faults(word)


@pytest.mark.parametrize("word", ["portal/app.py: create_app", "docs/{security,feed}.md", "/staff/sign-in", "a.b"])
def test_a_right_path_is_not(word: str) -> None:
    assert not path_faults(word)


def test_a_wrong_command_is_found() -> None:
    assert flask_faults("flask keys lose")
    assert flask_faults("flask nothing")
    assert flask_faults("flask purge --all")
    assert not flask_faults("flask due RECEIVED [--pause FROM:TO] [--extended] [--json]")
    assert list(commands("`PORTAL_INSTANCE=instance .venv/bin/flask doctor`", "flask")) == ["flask doctor"]
