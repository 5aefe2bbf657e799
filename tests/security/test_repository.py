"""What the repository holds: no secret, and packages that are pinned by their hashes."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.support.looking.licences import plain

ROOT = Path(__file__).parents[2]
RUN, TEST = "requirements.lock", "requirements-test.lock"

SECRETS = re.compile(
    r"nkp_live_[0-9a-f]{48}[0-9]{6}|-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}"
    r"|\bEAA[A-Za-z0-9]{60,}|v[1-9][0-9]?:[A-Za-z0-9+/_-]{43}="
)
FOLDERS = ("portal", "docs", "templates", "static", "migrations", "tests")
TEXTS = {".py", ".md", ".html", ".txt", ".toml", ".js", ".css", ".json", ".po", ".yaml", ".xml"}


def secrets_in(text: str) -> list[str]:
    return [found[:12] for found in SECRETS.findall(text)]


def test_the_repository_holds_no_secret() -> None:
    paths = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in TEXTS]
    paths += [ROOT / name for name in ("Makefile", "pyproject.toml", "README.md", "wsgi.py")]
    assert len(paths) > 400
    found = {str(path.relative_to(ROOT)): secrets_in(path.read_text("utf-8")) for path in paths}
    assert not {path: texts for path, texts in found.items() if texts}


def test_the_rule_bites() -> None:
    assert secrets_in("token = 'nkp_live_" + "0a" * 24 + "123456'")
    assert secrets_in("-----BEGIN RSA " + "PRIVATE KEY-----")
    assert secrets_in("PORTAL_MASTER_KEYS=v1:" + "A" * 43 + "=")


def pinned(lock: str) -> dict[str, tuple[str, list[str]]]:
    """Return the version and the hashes of each package of a lock, by its name with its extras and conditions."""
    found: dict[str, tuple[str, list[str]]] = {}
    name = ""
    for line in (ROOT / lock).read_text("utf-8").splitlines():
        if match := re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]+])?==([^ ]+)( ; [^\\]+)? ", line):
            name = match.group(1).lower() + (match.group(3) or "")
            found[name] = match.group(2), []
        elif match := re.match(r" +--hash=sha256:([0-9a-f]{64})", line):
            found[name][1].append(match.group(1))
    return found


def asked_for(*extras: str) -> list[Requirement]:
    """Return what pyproject.toml asks for by itself, or under some extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    groups = [project["optional-dependencies"][extra] for extra in extras] or [project["dependencies"]]
    return [Requirement(line) for group in groups for line in group]


LOCKS = {RUN: [*asked_for(), *asked_for("scale")], TEST: [*asked_for(), *asked_for("scale", "test")]}


@pytest.mark.parametrize(("lock", "asked"), LOCKS.items(), ids=LOCKS)
def test_each_lock_pins_what_is_asked_for_by_hashes(lock: str, asked: list[Requirement]) -> None:
    packages = pinned(lock)
    assert len(packages) > len(asked)
    assert [name for name, (_version, hashes) in packages.items() if not hashes] == []
    missing = {each.name for each in asked} - set(packages)
    assert not missing, f"make the locks anew (CONTRIBUTING.md): {missing}"
    faults = [f"{each}: {packages[each.name][0]}" for each in asked if packages[each.name][0] not in each.specifier]
    assert not faults, f"make the locks anew (CONTRIBUTING.md): {faults}"
    assert "://" not in (ROOT / lock).read_text("utf-8"), "the lock names no index"


def test_tests_run_on_the_packages_that_people_run() -> None:
    run, test = pinned(RUN), pinned(TEST)
    assert run.items() <= test.items(), "make the locks anew, in the order of CONTRIBUTING.md"
    assert not {each.name for each in asked_for("test")} & set(run), "nothing of the tests is installed to run"


def imported_by(folder: Path) -> set[str]:
    """Return the first names of all modules that the sources of a folder import, wherever they do."""
    names: set[str] = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add((node.module or "").partition(".")[0])
    return names


def test_what_the_portal_imports_is_installed_to_run_it() -> None:
    owners = {module: {plain(owner) for owner in names} for module, names in packages_distributions().items()}
    installed = {plain(name.partition(" ;")[0]) for name in pinned(RUN)}
    imported = imported_by(ROOT / "portal") - sys.stdlib_module_names - {"portal", "wsgi"}
    assert len(imported) > 25
    assert {module for module in imported if not owners.get(module, set()) & installed} == set()
    assert not owners["pytest"] & installed, "a package of the tests would have been seen"


def test_make_installs_by_those_hashes_only() -> None:
    lines = [line for line in (ROOT / "Makefile").read_text("utf-8").splitlines() if "/pip install" in line]
    assert lines
    assert all("--require-hashes" in line or "--no-deps" in line for line in lines)
