"""What is written in one place only: how a thing is installed, and what a role may do."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.access.permissions import Role

ROOT = Path(__file__).parents[2]
INSTALLED = "portal/infrastructure/installed.py"
PERMISSIONS = "portal/access/permissions.py"


def sources() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "portal").rglob("*.py")):
        yield str(path.relative_to(ROOT)), path.read_text("utf-8")


def reaches_into_extensions(source: str) -> list[int]:
    """Return the lines that read `app.extensions`, where installed things are kept."""
    lines = source.splitlines()
    return [number for number, line in enumerate(lines, 1) if "extensions[" in line or ".extensions" in line]


def comparisons_with_a_role(source: str) -> list[int]:
    """Return the lines that compare a role with a named one, or match on it."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            if any(map(_is_role, sides)) and any(map(_names_a_role, sides)):
                found.append(node.lineno)
        if isinstance(node, ast.Match) and _is_role(node.subject):
            found += [case.pattern.lineno for case in node.cases if any(map(_names_a_role, ast.walk(case.pattern)))]
    return found


def _is_role(node: ast.AST) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name == "role" or name.endswith("_role")


def _names_a_role(node: ast.AST) -> bool:
    """Whether a value names a role, or is a collection that holds a named role."""
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return any(map(_names_a_role, node.elts))
    if isinstance(node, ast.Constant):
        return node.value in set(Role)
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Role"


def test_installed_things_are_asked_for_by_name() -> None:
    faults = [
        f"{path}:{line}" for path, source in sources() if path != INSTALLED for line in reaches_into_extensions(source)
    ]
    assert not faults, f"ask {INSTALLED} by name, as in installed.storage(), instead of app.extensions: {faults}"
    assert reaches_into_extensions((ROOT / INSTALLED).read_text("utf-8"))


def test_nobody_tests_a_role_by_its_name() -> None:
    faults = [
        f"{path}:{line}"
        for path, source in sources()
        if path != PERMISSIONS
        for line in comparisons_with_a_role(source)
    ]
    assert not faults, f"ask member.may(Permission...), and give it to the role in {PERMISSIONS}: {faults}"


def test_no_template_tests_a_role_by_its_name() -> None:
    named = "|".join(Role)
    test = re.compile(rf"\brole\s*(?:==|!=|in\b|not in\b)[^%}}]*['\"](?:{named})['\"]")
    faults = [
        f"{path.relative_to(ROOT)}" for path in (ROOT / "templates").rglob("*") if path.is_file()
        and test.search(path.read_text("utf-8"))
    ]  # fmt: skip
    assert not faults, f"ask current_user.may(...) in the template: {faults}"
    assert test.search("{% if member.role == 'officer' %}")


@pytest.mark.parametrize(
    "source",
    [
        'if member.role != "officer": pass',
        "if role is Role.OFFICER: pass",
        'if "support" == role: pass',
        "if member.role in {Role.OFFICER, Role.REVIEWER}: pass",
        "if member.role not in ('officer', 'reviewer'): pass",
        "match member.role:\n    case Role.OFFICER | Role.REVIEWER: pass",
    ],
)
def test_the_rule_bites(source: str) -> None:
    assert comparisons_with_a_role(source)


def test_other_roles_are_no_roles_of_staff() -> None:
    assert not comparisons_with_a_role("if recipient.role is RecipientRole.MARKETING: pass")
    assert not comparisons_with_a_role("if may(member.role, Permission.SEE_QUEUE): pass")
    assert reaches_into_extensions("x = app.extensions['storage']")
