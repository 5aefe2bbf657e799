"""Lines of views, functions and files may only fall. Lower a number here when the code allows it."""

import ast
import math
from collections.abc import Iterator
from pathlib import Path

import pytest

PORTAL = Path(__file__).parents[2] / "portal"
ROUTES = {"route", "get", "post"}

Measured = list[tuple[int, str]]
AT_MOST = {
    ("view", 50): 8,
    ("view", 90): 20,
    ("function", 99): 32,
    ("function", 100): 83,
    ("file", 90): 220,
}


def functions(source: str) -> Iterator[tuple[int, str, bool]]:
    """Yield lines from `def` to the end, name, and whether it is a view, of each function of a source text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield node.end_lineno - node.lineno + 1, node.name, any(map(_is_route, node.decorator_list))


def _is_route(decorator: ast.expr) -> bool:
    """Whether a decorator is a blueprint's, as in `@blueprint.get("/data")`."""
    return (
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr in ROUTES
        and isinstance(decorator.func.value, ast.Name)
        and decorator.func.value.id.endswith("blueprint")
    )


def measure() -> dict[str, Measured]:
    """Return the length of every view, function and file of the portal, with its place; empty files do not count."""
    found: dict[str, Measured] = {"view": [], "function": [], "file": []}
    for path in sorted(PORTAL.rglob("*.py")):
        source, place = path.read_text("utf-8"), str(path.relative_to(PORTAL.parent))
        if source:
            found["file"].append((len(source.splitlines()), place))
        for lines, name, is_view in functions(source):
            found["function"].append((lines, f"{place}: {name}"))
            if is_view:
                found["view"].append((lines, f"{place}: {name}"))
    return found


def percentile(lengths: list[int], share: int) -> int:
    """Return the smallest length that so many percent of all do not pass (nearest rank)."""
    return sorted(lengths)[math.ceil(len(lengths) * share / 100) - 1]


@pytest.mark.parametrize(("what", "share"), AT_MOST)
def test_sizes_only_improve(what: str, share: int) -> None:
    measured, most = measure()[what], AT_MOST[what, share]
    assert len(measured) > 100
    reached = percentile([lines for lines, _place in measured], share)
    longest = [f"{lines} {place}" for lines, place in sorted(measured, reverse=True) if lines > most][:20]
    assert reached <= most, "\n".join(
        [f"{share} % of {what}s had {most} lines at most, now {reached}: split what you made longer", *longest]
    )


def test_lines_are_counted_from_def_to_the_end() -> None:
    source = "@blueprint.get('/')\n@requires(PUBLIC)\ndef home():\n    return 1\n\n\n@cache\ndef other(): return 2\n"
    assert list(functions(source)) == [(2, "home", True), (1, "other", False)]
    assert percentile([1, 2, 3, 4], 50) == 2
    assert percentile([1, 2, 3, 4], 90) == percentile([1, 2, 3, 4], 100) == 4
