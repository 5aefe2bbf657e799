"""The stylesheet, the scripts and the components: contrast, weight, and what a picture must not get wrong."""

import gzip
import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from flask import Flask, g, render_template_string

from portal.personal_data.categories import Category
from portal.web import filters, i18n
from portal.web.outgoing.brand import SCHEMES, contrast, declared_colours, mixed

ROOT = Path(__file__).parents[2]
STYLES = ROOT / "static/css"
STYLESHEET = (STYLES / "portal.css").read_text()
PARTS = (STYLES / "parts.css").read_text()
BRAND = (STYLES / "brand.css").read_text()
SCRIPTS = sorted((ROOT / "static/js").glob("*.js"))
# What every page of staff loads, and what the page with the most styles of its own adds to it.
ON_EVERY_PAGE = {"customer": ("portal", "brand", "parts"), "staff": ("portal", "brand", "parts", "staff")}
OF_ONE_PAGE = {"customer": ("data", "home", "preferences", "upload"), "staff": ("viewer",)}
# Compressed, what a page of at most 18 KB (settled) may spend on its styles; the heaviest page itself takes the rest.
MOST_STYLES = {"customer": 10_500, "staff": 12_000}
TEXTS = [
    *((text, ground) for text in ("ink", "quiet", "action", "bad", "ok", "warn") for ground in ("ground", "surface")),
    *((tone, f"{tone}-tag") for tone in ("action", "quiet", "ok", "warn", "bad")),
    *(("ink", f"{tone}-tag") for tone in ("action", "ok", "warn", "bad")),
    ("action", "ok-tag"), ("action", "warn-tag"), ("action", "bad-tag"), ("ink", "tint"), ("quiet", "tint"),
    ("quiet", "sunk"), ("ink", "sunk"), ("on-action", "action"), ("on-action", "deep"), ("deep", "ground"),
    ("on-head", "head"), ("white", "hero"), ("white", "hero-2"), ("surface", "ink"), ("surface", "bad"),
    ("white", "late"), ("white", "late-2"), ("white", "yours"), ("white", "yours-2"), ("white", "paused"),
    ("white", "paused-2"), ("white", "answered"), ("white", "answered-2"),
]  # fmt: skip
EDGES = [("edge", "surface"), ("edge", "ground"), ("edge", "sunk"), ("mark", "head"), ("action", "line")]


def tokens(scheme: str, audience: str) -> dict[str, str]:
    """Return the colours of one scheme and audience, with those that the stylesheet mixes from them."""
    values = declared_colours(STYLESHEET, ":root")[scheme] | declared_colours(BRAND, ":root")[scheme]
    values |= {"head": values["surface"], "on-head": values["ink"], "white": "#ffffff"}
    if audience == "staff":
        values |= declared_colours(STYLESHEET, ".audience-staff")[scheme]
    for state, first, second in re.findall(r"\.(\w+) \{ --hero: (#\w+); --hero-2: (#\w+) \}", PARTS):
        values |= {state: first, f"{state}-2": second}
    fills = dict(re.findall(r"\{ --tone: var\(--(\w+)\); --fill: (#\w+) \}", PARTS))
    for tone in ("action", "quiet", "ok", "warn", "bad"):
        values[f"{tone}-tag"] = mixed(fills.get(tone, values[tone]), values["surface"], 13)
    return values | {
        "tint": mixed(values["action"], values["surface"], 9), "deep": mixed(values["action"], values["ink"], 65)
    }  # fmt: skip


@pytest.mark.parametrize("audience", ["customer", "staff"])
@pytest.mark.parametrize("scheme", SCHEMES)
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
    for scheme in SCHEMES:
        customer, staff = tokens(scheme, "customer"), tokens(scheme, "staff")
        assert all(customer[name] != staff[name] for name in ("head", "action", "ground", "hero"))


def test_weights() -> None:
    weights = {path.stem: len(gzip.compress(path.read_bytes(), 9)) for path in STYLES.glob("*.css")}
    assert weights.keys() == {
        name for names in (ON_EVERY_PAGE, OF_ONE_PAGE) for sheets in names.values() for name in sheets
    }
    for audience, most in MOST_STYLES.items():
        every, each = ON_EVERY_PAGE[audience], OF_ONE_PAGE[audience]
        assert sum(weights[name] for name in every) + max(weights[name] for name in each) <= most, audience
    assert {path.name for path in SCRIPTS if path.stat().st_size > 2048} == set()


def test_the_font_that_is_preloaded_is_the_one_that_the_stylesheet_asks_for(app: Flask) -> None:
    page = BeautifulSoup(app.test_client().get("/", buffered=True).text, "html.parser")
    preloaded = [str(link["href"]) for link in page.select("link[rel=preload][as=font][crossorigin]")]
    asked = re.findall(r'url\("\.\.(/fonts/[^"]+)"\)', STYLESHEET)
    assert preloaded == [f"/static{asked[0]}"]
    with app.test_request_context():
        written = app.jinja_env.globals["static_url"]
        assert [f"/static{address}" for address in asked] == [written(place.split("?")[0][1:]) for place in asked]
    answer = app.test_client().get(preloaded[0], buffered=True)
    assert answer.mimetype == "font/woff2"
    assert "immutable" in answer.headers["Cache-Control"]
    assert "SIL Open Font License" in (ROOT / "static/fonts/OFL.txt").read_text()


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.name))
def test_scripts_never_write_markup(path: Path) -> None:
    text = path.read_text()
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", ".style"):
        assert sink not in text


def test_every_class_with_a_colour_is_a_token() -> None:
    sheets = {path.stem: path.read_text() for path in STYLES.glob("*.css")}
    every = "".join(sheets.values())
    used = set(re.findall(r"var\(--([a-z0-9-]+)", every))
    assert used <= set(re.findall(r"--([a-z0-9-]+):", every)) | {"least"}
    outside = STYLESHEET.partition("@layer base")[2] + "".join(
        text.partition("@layer print")[0] for name, text in sheets.items() if name not in ("portal", "brand")
    )
    # White and black of a hero, of paper in a picture and of what lies over a page; the amber of what warns.
    white_and_black = {"#fff", "#14171f", "#e9ebf3", "#0006", "#111", "#8fa3bd", "#e8a51f"}
    outside = re.sub(r"--hero(-2)?: #\w+", "", outside)
    assert set(re.findall(r"#[0-9a-f]{3,8}\b", outside)) <= white_and_black


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
        assert min(int(size) for size in re.findall(r"\.chart .*?font-size: (\d+)px", PARTS)) >= 13

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


def test_a_share_of_nought_draws_nothing_and_the_shares_make_up_the_whole(pages: Flask) -> None:
    source = (
        "{% from 'components/chart.html' import share_bar %}{{ share_bar('Open', bars, 'open', {'late': '/late'}) }}"
    )
    tree = drawn(pages, source, bars=[("late", 2, "bad"), ("soon", 0), ("later", 6)])
    shares = [(bar["x"], bar["width"]) for bar in tree.select("svg[role=img] rect")]
    assert shares == [("0%", "24.7%"), ("25.0%", "74.7%")]
    assert [" ".join(item.text.split()) for item in tree.select("li")] == ["2 late", "0 soon", "6 later"]
    assert [link["href"] for link in tree.select("a")] == ["/late"]


def test_a_pair_is_tied_to_its_words(pages: Flask) -> None:
    source = (
        "{% from 'components/blocks/pairs.html' import pair %}"
        "{{ pair('news', 'News, e-mail', [('accept', 'Accept'), ('refuse', 'Refuse')], 'refuse', 'Refused', described='w') }}"
    )
    tree = drawn(pages, source)
    (group,) = tree.select("fieldset[aria-describedby=w]")
    assert group.legend.text == "News, e-mail"  # type: ignore[union-attr]
    assert [(field["id"], field.has_attr("checked")) for field in tree.select("input")] == [
        ("news", False), ("news-refuse", True),
    ]  # fmt: skip
    assert [label["for"] for label in tree.select("label")] == ["news", "news-refuse"]
