"""The stylesheet, the scripts and the components: contrast, weight, and what a picture must not get wrong."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask import Flask, g, render_template_string

from portal.personal_data.categories import Category
from portal.web import filters, i18n

ROOT = Path(__file__).parents[2]
STYLESHEET = (ROOT / "static/css/portal.css").read_text()
SCRIPTS = sorted((ROOT / "static/js").glob("*.js"))
GROUNDS = ("ground", "surface")
TEXTS = [
    *((text, ground) for text in ("ink", "quiet", "action", "action-hover", "bad") for ground in GROUNDS),
    *((text, f"{tone}-ground") for tone in ("info", "ok", "warn", "bad") for text in (tone, "ink", "action")),
    ("ink", "tint"), ("quiet", "tint"), ("action", "tint"), ("on-action", "action"), ("on-action", "action-hover"),
    ("on-head", "head"), ("head-quiet", "head"), ("surface", "bad"), ("ground", "ok"), ("head", "mark"),
]  # fmt: skip
EDGES = [("edge", "surface"), ("edge", "ground"), ("mark", "head"), ("action", "line"), ("focus-ink", "focus")]


def tokens(scheme: str, audience: str) -> dict[str, str]:
    """Return the colours of one scheme and audience: `plain` is what a browser without light-dark() reads."""
    plain, _word, modern = STYLESHEET.partition("@supports")
    values: dict[str, str] = {}
    for part in (plain,) if scheme == "plain" else (plain, modern.partition("@layer")[0]):
        for selector in (r":root", r"\.audience-staff") if audience == "staff" else (r":root",):
            for block in re.findall(selector + r" \{([^}]*)\}", part):
                values |= dict(re.findall(r"--([a-z-]+): ([^;}]+)", block))
    picked = {name: _pick(value.strip(), scheme) for name, value in values.items()}
    for _step in range(3):
        picked = {
            name: picked.get(value[6:-1], value) if value.startswith("var(") else value
            for name, value in picked.items()
        }
    return picked


def _pick(value: str, scheme: str) -> str:
    pair = re.fullmatch(r"light-dark\((#\w+), (#\w+)\)", value)
    return value if pair is None else pair.group(2 if scheme == "dark" else 1)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.2, 1.4.3)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    shares = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4 for share in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("audience", ["customer", "staff"])
@pytest.mark.parametrize("scheme", ["plain", "light", "dark"])
def test_every_pair_of_colours_can_be_read(scheme: str, audience: str) -> None:
    colours = tokens(scheme, audience)
    weak = {
        pair: round(contrast(colours[pair[0]], colours[pair[1]]), 2)
        for pairs, least in ((TEXTS, 4.5), (EDGES, 3))
        for pair in pairs
        if contrast(colours[pair[0]], colours[pair[1]]) < least
    }
    assert weak == {}


def test_staff_pages_differ_at_a_glance() -> None:
    for scheme in ("plain", "light", "dark"):
        customer, staff = tokens(scheme, "customer"), tokens(scheme, "staff")
        assert all(customer[name] != staff[name] for name in ("head", "action", "ground"))


def test_a_browser_without_light_dark_gets_the_light_colours() -> None:
    for audience in ("customer", "staff"):
        assert tokens("plain", audience) == tokens("light", audience)


def test_weights() -> None:
    assert len(STYLESHEET.encode()) <= 20 * 1024
    assert {path.name for path in SCRIPTS if path.stat().st_size > 2048} == set()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.name))
def test_scripts_never_write_markup(path: Path) -> None:
    text = path.read_text()
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", ".style"):
        assert sink not in text


def test_every_class_with_a_colour_is_a_token() -> None:
    used = set(re.findall(r"var\(--([a-z-]+)", STYLESHEET))
    declared = set(re.findall(r"--([a-z-]+):", STYLESHEET))
    assert used <= declared
    outside = STYLESHEET.partition("@layer base")[2].partition("@layer print")[0]
    assert set(re.findall(r"#[0-9a-f]{3,8}\b", outside)) <= {"#0001", "#0005", "#fff", "#17212e"}


@pytest.fixture(scope="module")
def pages() -> Flask:
    app = Flask("pages", template_folder=str(ROOT / "templates"))
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    i18n.register(app)
    filters.register(app)
    return app


def drawn(pages: Flask, source: str, **context: object) -> BeautifulSoup:
    """Return the tree that a template text gives, in English."""
    with pages.test_request_context():
        g.language = "en"
        return BeautifulSoup(render_template_string(source, **context), "html.parser")


@pytest.mark.parametrize("name", [*Category, "lock", "document", "clock", "check", "warning", "download", "external"])
def test_there_is_an_icon(pages: Flask, name: str) -> None:
    tree = drawn(pages, "{% from 'components/icons.html' import icon %}{{ icon(name) }}", name=name)
    (svg,) = tree.select("svg")
    assert svg["aria-hidden"] == "true"
    assert svg.select("path, circle, rect")


@pytest.mark.parametrize("macro", ["bar_chart", "column_chart"])
class TestCharts:
    def chart(self, pages: Flask, macro: str, bars: list[tuple[object, ...]]) -> BeautifulSoup:
        source = (
            "{% from 'components/chart.html' import " + macro + " as chart %}{{ chart('Open cases', bars, 'open') }}"
        )
        return drawn(pages, source, bars=bars)

    def test_nought_draws_nothing_and_the_rest_keeps_its_share(self, pages: Flask, macro: str) -> None:
        tree = self.chart(pages, macro, [("Late", 0, "bad"), ("Soon", 5, "warn"), ("Later", 10)])
        size = "width" if macro == "bar_chart" else "height"
        soon, later = (float(str(bar[size]).rstrip("%")) for bar in tree.select(".bar-fill"))
        assert later == 2 * soon > 0

    def test_the_figures_stand_below(self, pages: Flask, macro: str) -> None:
        tree = self.chart(pages, macro, [("Late", 0, "bad"), ("Later", 1248)])
        rows = {row.select_one("th").text: row.select_one("td").text for row in tree.select("tr")}  # type: ignore[union-attr]
        assert rows == {"Late": "0", "Later": "1,248"}
        svg = tree.select_one("svg")
        assert svg is not None
        assert svg["role"] == "img"
        assert tree.find(id=str(svg["aria-labelledby"])).text == "Open cases"  # type: ignore[union-attr]

    def test_the_text_keeps_its_size_at_every_width(self, pages: Flask, macro: str) -> None:
        tree = self.chart(pages, macro, [(f"{day} March", day) for day in range(1, 31)])
        (svg,) = tree.select("svg")
        assert not svg.get("viewbox")
        assert not svg.get("viewBox")
        assert not tree.select("[style]")
        assert min(int(size) for size in re.findall(r"\.chart .*?font-size: (\d+)px", STYLESHEET)) >= 12

    def test_no_bars_is_no_fault(self, pages: Flask, macro: str) -> None:
        assert not self.chart(pages, macro, []).select(".bar-fill")


def test_days_left(pages: Flask) -> None:
    source = "{% from 'components/tags.html' import due_tag %}{% for days in (-3, 0, 4, 5, none) %}{{ due_tag(days) }}{% endfor %}"
    tags = [(tag.text, str(tag["class"][-1])) for tag in drawn(pages, source).select(".tag")]
    assert tags == [
        ("3 days late", "bad"), ("today", "bad"), ("4 days left", "warn"), ("5 days left", "neutral"), ("On hold", "info"),
    ]  # fmt: skip


def test_where_a_request_stands(pages: Flask) -> None:
    source = "{% from 'components/steps.html' import progress %}{{ progress(['Received', 'In review', 'Answered'], current) }}"
    first, second, third = drawn(pages, source, current=2).select("li")
    assert "done" in first["class"]
    assert second["aria-current"] == "step"
    assert not third.get("class")
    assert len(drawn(pages, source, current=4).select(".done")) == 3


def test_a_change_link_says_what_it_changes(pages: Flask) -> None:
    source = "{% from 'components/summary.html' import summary_list %}{{ summary_list(rows) }}"
    rows = [("Name", "<b>Camille</b>"), {"key": "Telephone", "value": "none", "url": "/change"}]
    tree = drawn(pages, source, rows=rows)
    assert not tree.select("b")
    assert tree.select_one("a").text == "Change (Telephone)"  # type: ignore[union-attr]


def test_a_filter_can_be_removed(pages: Flask) -> None:
    source = (
        "{% from 'components/pager.html' import chips, pager %}{{ chips([('Late', '/queue')]) }}{{ pager(none, none) }}"
    )
    (link,) = drawn(pages, source).select("a")
    assert link["href"] == "/queue"
    assert link.text.startswith("Remove the filter Late")
