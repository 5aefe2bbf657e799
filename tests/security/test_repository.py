"""What the repository holds: no secret, and packages that are pinned by their hashes."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]

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


def pinned() -> dict[str, list[str]]:
    """Return the hashes of each package of the lock, by its name."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines():
        if match := re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]+])?==[^ ]+ ", line):
            name = match.group(1).lower()
            found[name] = []
        elif match := re.match(r" +--hash=sha256:([0-9a-f]{64})", line):
            found[name].append(match.group(1))
    return found


def test_every_package_is_pinned_by_its_hashes() -> None:
    packages = pinned()
    assert len(packages) > 60
    assert [name for name, hashes in packages.items() if not hashes] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(line for lines in project["optional-dependencies"].values() for line in lines),
    ]
    names = {re.split(r"[\[<>=]", line)[0].lower() for line in wanted}
    assert names <= set(packages), f"make the lock anew: {names - set(packages)}"


def test_the_lock_gives_what_is_asked_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [Requirement(line) for line in project["dependencies"]]
    asked += [Requirement(line) for lines in project["optional-dependencies"].values() for line in lines]
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    locked = dict(re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^]]+])?==([^ ]+) ", lock, re.MULTILINE))
    faults = [f"{each} is locked at {locked[each.name]}" for each in asked if locked[each.name] not in each.specifier]
    assert not faults, f"make the lock anew (CONTRIBUTING.md): {faults}"
    assert "://" not in lock, "the lock names no index"


def test_make_installs_by_those_hashes_only() -> None:
    lines = [line for line in (ROOT / "Makefile").read_text("utf-8").splitlines() if "/pip install" in line]
    assert lines
    assert all("--require-hashes" in line or "--no-deps" in line for line in lines)
