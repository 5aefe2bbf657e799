"""A page of staff that takes a customer is drawn through one door, which writes the customer's log first."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, meta, nodes

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
DOOR = "portal/lookups/drawing.py"
LAYOUT = "layouts/customer_file.html"
# What views call what they know of a customer. A template that takes one of these shows it, or could.
OF_A_CUSTOMER = {"case", "customer", "decision", "facts", "history", "lookup", "standings"}
# Templates that mean something else by such a word, and what they mean.
MEANING_ELSE = {
    "templates/staff/staff/approval.html": "facts of a proposal, which are never people’s data",
}
ENVIRONMENT = Environment(extensions=["jinja2.ext.i18n", "jinja2.ext.do"])


def parsed(source: str) -> nodes.Template:
    tree = ENVIRONMENT.parse(source)
    for used in tree.find_all(nodes.Filter):
        ENVIRONMENT.filters.setdefault(used.name, str)  # only its name is needed
    return tree


def layout_of(tree: nodes.Template) -> str | None:
    found = tree.find(nodes.Extends)
    return found.template.value if found and isinstance(found.template, nodes.Const) else None


def takes(tree: nodes.Template) -> set[str]:
    """Return what a template, with all that it includes, takes of a customer."""
    found = meta.find_undeclared_variables(tree) & OF_A_CUSTOMER
    for include in tree.find_all(nodes.Include):
        for source in included(include.template):
            found |= takes(parsed(source))
    return found


def included(name: nodes.Expr) -> Iterator[str]:
    """Yield the sources that an include may name: one, or a whole folder where the rest of the name is computed."""
    if isinstance(name, nodes.Const):
        yield (TEMPLATES / str(name.value)).read_text("utf-8")
        return
    folder = next(part.value for part in name.find_all(nodes.Const) if str(part.value).endswith("/"))
    yield from (path.read_text("utf-8") for path in (TEMPLATES / folder).glob("*.html"))


def fault_in(source: str) -> str | None:
    tree = parsed(source)
    layout = layout_of(tree)
    taken = takes(tree)
    return f"takes {sorted(taken)} and extends {layout}" if layout != LAYOUT and layout and taken else None


def test_a_template_that_takes_a_customer_can_only_be_drawn_by_the_door() -> None:
    pages = sorted(TEMPLATES.glob("*/staff/**/*.html"))
    found = {str(page.relative_to(ROOT)): fault_in(page.read_text("utf-8")) for page in pages}
    faulty = {page: fault for page, fault in found.items() if fault}
    faults = [f"{page} {fault}: extend {LAYOUT}" for page, fault in faulty.items() if page not in MEANING_ELSE]
    assert not faults, "\n".join(faults)
    assert set(MEANING_ELSE) <= set(faulty)
    behind = [page for page in pages if layout_of(parsed(page.read_text("utf-8"))) == LAYOUT]
    assert len(behind) >= 7


@pytest.mark.parametrize(
    "source",
    [
        '{% extends "layouts/staff.html" %}{% block main %}{{ case.customer.full_name }}{% endblock %}',
        '{% extends "layouts/staff.html" %}{% block main %}{% include "rights/staff/panels/letter.html" %}{% endblock %}',
        '{% extends "layouts/staff.html" %}{% include "rights/staff/panels/deciding/" ~ panel ~ ".html" %}',
    ],
)
def test_the_rule_bites(source: str) -> None:
    assert fault_in(source)
    assert not fault_in(source.replace("layouts/staff.html", LAYOUT))


def test_nothing_else_opens_the_door() -> None:
    opening = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "portal").rglob("*.py"))
        if any(
            isinstance(node, ast.keyword) and node.arg == "looks_are_logged"
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
        )
    ]
    assert opening == [DOOR]
    naming = [path for path in (ROOT / "portal").rglob("*.py") if "looks_are_logged" in path.read_text("utf-8")]
    assert [str(path.relative_to(ROOT)) for path in naming] == [DOOR]
