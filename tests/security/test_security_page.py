"""docs/security.md and the table of limits tell operators what the code does: every way in, key, link and limit."""

import ast
import json
import re
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from flask import Flask

from portal.access.declare import declared_access
from portal.access.tokens import SCOPES
from portal.accounts.links import LIFE
from portal.app import LARGEST_BODY
from portal.config import Settings
from portal.infrastructure.database import db
from portal.web.incoming.uploads import LARGEST_FILE
from portal.web.sessions import CUSTOMER_RULES, STAFF_RULES
from tests.support.acting.browser import Browser
from tests.support.looking.logs import served_log

ROOT = Path(__file__).parents[2]
TRACES = {"audit_events", "access_log_entries", "mails", "rate_counts"}


@cache
def page() -> str:
    return (ROOT / "docs" / "security.md").read_text("utf-8")


def section(text: str, title: str) -> str:
    """Return a section of a page, without its heading."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no section {title}"
    return found.group(1)


def codes(text: str) -> set[str]:
    return set(re.findall(r"`([^`\n]+)`", text))


def rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("| ")]


@cache
def constants() -> list[tuple[str, str, object]]:
    """Return path, name and value of the constants of the portal's modules that stand as literals."""
    found = []
    for path in sorted((ROOT / "portal").rglob("*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if (
                isinstance(node, ast.Assign)
                and isinstance(node.value, ast.Constant)
                and isinstance(node.targets[0], ast.Name)
            ):
                found.append((str(path.relative_to(ROOT)), node.targets[0].id, node.value.value))
    return found


def test_every_way_in_is_told(app: Flask) -> None:
    told = codes(section(page(), "Ways in"))
    open_forms = set()
    for rule in app.url_map.iter_rules():
        access = None if rule.endpoint == "static" else declared_access(app, rule.endpoint)
        if access and access.is_open and "POST" in (rule.methods or ()) and not rule.rule.startswith("/sign-out"):
            open_forms.add(rule.rule)
    assert len(open_forms) > 10
    missing = open_forms - told - {"/staff/sign-out"}
    assert not missing, f"say in docs/security.md who comes in there, and how strong that is: {sorted(missing)}"
    commands = {f"flask {point.name}" for point in entry_points(group="flask.commands")}
    assert commands <= told, f"commands are a way in: {sorted(commands - told)}"
    assert set(SCOPES) <= codes(section(page(), "Keys"))


def test_every_link_is_told() -> None:
    told = codes(section(page(), "Links and codes that work once"))
    purposes = {str(purpose) for purpose in LIFE}
    purposes |= {str(value) for _path, name, value in constants() if name in {"PURPOSE", "LINK_PURPOSE"}}
    assert len(purposes) >= 5
    assert purposes <= told, f"say what it opens and for how long: {sorted(purposes - told)}"


def test_every_key_is_told() -> None:
    told = codes(section(page(), "Keys"))
    keys = {f"PORTAL_{name.upper()}" for name in Settings.model_fields if re.search(r"keys?$|secret|token", name)}
    assert len(keys) >= 5
    assert keys <= told, f"say what it protects and how it is changed: {sorted(keys - told)}"


def test_every_connection_is_told() -> None:
    told = codes(section(page(), "Where it connects to"))
    addresses = {f"PORTAL_{name.upper()}" for name in Settings.model_fields if name.endswith("_url")}
    not_called = {"PORTAL_PUBLIC_URL", "PORTAL_FACEBOOK_AUTHORIZE_URL"}
    assert addresses - not_called <= told, sorted(addresses - told)


def test_what_is_written_down_is_told(app: Flask) -> None:
    told = codes(section(page(), "What is written down"))
    with served_log() as log:
        Browser(app).get("/policy")
    assert set(json.loads(log.getvalue().splitlines()[0])) <= told
    tables = set(db.metadata.tables)
    traces = TRACES | {name for name in tables if name.endswith(("_sessions", "_devices"))}
    assert traces <= tables
    assert traces <= told, sorted(traces - told)


def grouped(number: int) -> str:
    return f"{number:,}".replace(",", " ")


def test_the_limits_stand_in_the_table_of_operations() -> None:
    table = rows(section((ROOT / "docs" / "operations.md").read_text("utf-8"), "Limits"))
    missing = []
    for path in sorted((ROOT / "portal").rglob("*.py")):
        for count, window in re.findall(r'"(\d+) per ([\d ]*(?:minute|hour|day)s?)"', path.read_text("utf-8")):
            number = re.compile(rf"(?<!\d)(?<!\d ){grouped(int(count))}(?! ?\d)")
            if not [row for row in table if number.search(row) and window.strip() in row]:
                missing.append(f"{path.relative_to(ROOT)}: {count} per {window}")
    assert not missing, "add to the table of limits:\n" + "\n".join(missing)
    (sessions,) = [row for row in table if row.startswith("| sessions ")]
    for rules in (CUSTOMER_RULES, STAFF_RULES):
        assert f"{rules.idle.total_seconds() / 60:.0f} minutes" in sessions
        assert f"{rules.absolute.total_seconds() / 3600:.0f} hours" in sessions
    (documents,) = [row for row in table if row.startswith("| identity document ")]
    assert f"{LARGEST_FILE // 1024 // 1024} MB" in documents
    assert all(kind in documents for kind in ("JPEG", "PNG", "HEIC", "PDF"))
    (body,) = [row for row in table if row.startswith("| a form's body ")]
    assert f"{LARGEST_BODY // 1024 // 1024} MB" in body


def test_the_pages_that_it_leads_to_are_there() -> None:
    for target in re.findall(r"\]\(([^)#]+)", page()):
        assert (ROOT / "docs" / target).resolve().exists(), target


def test_a_way_in_that_nobody_told_is_found() -> None:
    assert section("## One\nfirst\n## Two\nsecond\n", "One") == "first\n"
    assert "/sign-in" in codes("| a | `/sign-in`, `/other` |")
    assert rows("| a | b |\ntext") == ["| a | b |"]
