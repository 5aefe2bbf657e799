"""Templates hold nothing inline and nothing unescaped, and each mail has its parts."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"

FORBIDDEN = {
    r"\sstyle\s*=": "move the style into static/css/portal.css",
    r"\son[a-z]+\s*=\s*[\"']": "move the handler into a module of static/js",
    r"<style\b": "move the rules into static/css/portal.css",
    r"<script(?![^>]*\bsrc=)": "move the script into a module of static/js",
    r"\|\s*safe\b": "let autoescape work",
    r"javascript:": "link to an address",
    r"https?://(?!www\.w3\.org)[a-z]": "take the address from the organisation or url_for",
}


def faults_in(source: str) -> list[str]:
    """Return the forbidden things that a template's source holds."""
    code = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{(?!.*\|\s*safe).*?\}\}", "", source, flags=re.DOTALL)
    return [f"{pattern}: {cure}" for pattern, cure in FORBIDDEN.items() if re.search(pattern, code)]


def templates() -> list[Path]:
    return sorted(path for path in TEMPLATES.rglob("*.html") if path.relative_to(TEMPLATES).parts[0] != "email")


def test_templates_hold_nothing_inline() -> None:
    faults = [
        f"{path.relative_to(ROOT)}: {fault}" for path in templates() for fault in faults_in(path.read_text("utf-8"))
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "source",
    [
        "<p style='color: red'>",
        '<a onclick="go()">',
        "<script>go()</script>",
        "{{ name | safe }}",
        "<style>p {}</style>",
    ],
)
def test_the_rule_bites(source: str) -> None:
    assert faults_in(source)


def test_python_never_marks_text_as_safe() -> None:
    faults = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "portal").rglob("*.py"))
        if re.search(r"\bMarkup\(|render_template_string", path.read_text("utf-8"))
    ]
    assert not faults, f"build the page from a template instead: {faults}"


def test_every_mail_has_its_three_parts() -> None:
    mails = {(path.parent, path.name.split(".")[0]) for path in (TEMPLATES / "email").glob("*/**/*.*")}
    for folder, name in sorted(mails):
        for ending in ("subject.txt", "txt", "html"):
            assert (folder / f"{name}.{ending}").exists(), f"write templates/email/{folder.name}/{name}.{ending}"
