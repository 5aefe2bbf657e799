"""Imports point down the layers of docs/architecture.md. The tests read them from the code itself."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PORTAL = Path(__file__).parents[2] / "portal"

# A package may import those of a lower number only. Two packages with the same number do not import each other.
# docs/architecture.md shows the same table to readers.
LAYERS = {
    "cli": 9,
    "serving": 8.5,
    "app": 8, "doctor": 8, "installation": 8, "demo": 8,
    "rights": 7,
    "preferences": 6, "cookies": 6, "identity_checks": 6, "exports": 6, "retention": 6, "site": 6,
    "instructions": 6,
    "letters": 5.5, "lookups": 5.5,
    "accounts": 5, "staff": 5, "records": 5,
    "personal_data": 4,
    "customers": 3,
    "access": 2,
    "web": 1, "audit": 1,
    "infrastructure": 0.5,
    "config": 0.2, "organisation": 0.2, "legal_time": 0.2,
    "durations": 0.15,
    "citations": 0.15,
    "partial_dates": 0.15,
    "outgoing_addresses": 0.15,
    "bilingual": 0.1,
    "clock": 0, "declarations": 0, "translations": 0,
}  # fmt: skip
BROWSER_STATE = (
    "sessions.py",
    "shown_once.py",
    "browser_state.py",
)  # helpers of views, about what a browser's cookies hold
USE_CASE_MAY_NOT_IMPORT = {"request", "session", "flash", "abort"}


def imports_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield (line, dotted name) of every import of portal modules in a source text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module
            # A name may be a module of the package that it is imported from.
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def upward_imports(path: str, source: str) -> list[str]:
    """Return a message for each import of a source file that does not point down."""
    package = path.split("/")[0].removesuffix(".py")
    faults = []
    for line, name in imports_of(source):
        parts = name.split(".")
        if parts[0] != "portal" or len(parts) < 2 or parts[1] == package:
            continue
        if LAYERS[parts[1]] >= LAYERS[package]:
            faults.append(f"portal/{path}:{line}: {package} may not import {name}: register a hook in a lower package")
        if parts[-1].endswith("_views"):
            faults.append(f"portal/{path}:{line}: views are imported by nobody: move {name} into a use case")
    return faults


def sources() -> list[tuple[str, str]]:
    return [
        (str(path.relative_to(PORTAL)), path.read_text(encoding="utf-8"))
        for path in sorted(PORTAL.rglob("*.py"))
        if path != PORTAL / "__init__.py"
    ]


def test_every_package_has_a_layer() -> None:
    packages = {path.split("/")[0].removesuffix(".py") for path, _source in sources()}
    assert packages <= set(LAYERS), f"give a layer in {__file__} to {sorted(packages - set(LAYERS))}"


def test_imports_point_down() -> None:
    faults = [fault for path, source in sources() for fault in upward_imports(path, source)]
    assert not faults, "\n".join(faults)


def circles() -> list[list[str]]:
    """Return a chain of modules that import each other in a circle, or nothing where there is no such chain."""
    modules = {
        "portal." + path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): source
        for path, source in sources()
    }
    graph = {
        name: {found for _line, found in imports_of(source) if found in modules} for name, source in modules.items()
    }
    sorter = TopologicalSorter(graph)
    try:
        sorter.prepare()
    except CycleError as error:
        return [error.args[1]]
    return []


def test_no_modules_import_each_other() -> None:
    assert not circles(), "move what both need into a module of its own"


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("records/queries.py", "from portal.rights.models import RightsRequest"),
        ("staff/sign_in.py", "from portal.accounts.models import Account"),
        ("infrastructure/keys.py", "import portal.web.errors"),
        (
            "rights/review.py",
            "from portal.rights.staff_views import queue\nfrom portal.identity_checks.staff_views import x",
        ),
    ],
)
def test_the_rule_bites(path: str, line: str) -> None:
    assert upward_imports(path, line)


def test_use_cases_do_not_know_the_request() -> None:
    faults = []
    for path, source in sources():
        package, name = path.split("/")[0], path.split("/")[-1]
        is_web_code = (
            name.endswith("_views.py")
            or name.endswith(BROWSER_STATE)
            or LAYERS[package.removesuffix(".py")] in {1, 2, 8}
        )
        if is_web_code:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and node.module == "flask":
                wrong = {alias.name for alias in node.names} & USE_CASE_MAY_NOT_IMPORT
                if wrong:
                    faults.append(
                        f"portal/{path}:{node.lineno}: hand {', '.join(sorted(wrong))} over as an argument from the view"
                    )
    assert not faults, "\n".join(faults)


def test_forms_do_not_touch_the_database() -> None:
    faults = [
        f"portal/{path}:{line}: inject the check into the form instead of importing {name}"
        for path, source in sources()
        if path.endswith("forms.py")
        for line, name in imports_of(source)
        if name.startswith(("portal.infrastructure.database", "sqlalchemy")) or name.endswith(".models")
    ]
    assert not faults, "\n".join(faults)
