"""The company's own colours: five tokens, refused at the start when they cannot be read."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal import app as composition
from portal.config import Settings
from portal.web.outgoing.brand import BrandFaults, check_brand, contrast, mixed

STYLES = Path(__file__).parents[3] / "static/css"
LIGHT = "--action: #2c46c4; --on-action: #ffffff; --mark: #2c46c4; --hero: #1b2872; --hero-2: #3a3fb0"
COLOUR = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@pytest.fixture
def styles(tmp_path: Path) -> Path:
    folder = tmp_path / "css"
    folder.mkdir()
    for name in ("portal.css", "brand.css"):
        shutil.copy(STYLES / name, folder)
    return folder


def write(
    styles: Path, light: str = LIGHT, dark: str = "--action: #a5b6ff; --on-action: #0d1330; --mark: #a5b6ff"
) -> None:
    dark_part = f"@media (prefers-color-scheme: dark) {{\n:root {{ {dark} }}\n}}" if dark else ""
    (styles / "brand.css").write_text(f"/* ours */\n@layer brand {{\n:root {{ {light} }}\n{dark_part}\n}}\n")


def faults(styles: Path) -> list[str]:
    with pytest.raises(BrandFaults) as found:
        check_brand(styles)
    return [str(fault) for fault in found.value.faults]


def test_the_colours_that_come_along_can_be_read(styles: Path) -> None:
    check_brand(styles)
    write(styles)
    check_brand(styles)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "--action: #2c46c4",
            "--action: #7d8fe0",
            "light: on-action on action has a contrast of 3.05, and 4.5 is needed",
        ),
        ("--on-action: #ffffff", "--on-action: #8090e0", "light: on-action on action"),
        ("--hero-2: #3a3fb0", "--hero-2: #e0a010", "light: white on hero-2"),
        ("--mark: #2c46c4", "--mark: #f0c040", "light: mark on surface has a contrast of 1.70, and 3.0 is needed"),
    ],
)
def test_colours_that_cannot_be_read_are_named(styles: Path, old: str, new: str, fault: str) -> None:
    write(styles, LIGHT.replace(old, new))
    assert any(line.startswith(fault) for line in faults(styles)), faults(styles)


def test_light_colours_alone_do_not_do_in_the_dark(styles: Path) -> None:
    write(styles, dark="")
    assert "dark: action on surface" in " ".join(faults(styles))


def test_all_faults_are_listed_at_once(styles: Path) -> None:
    write(styles, LIGHT.replace("--mark: #2c46c4; ", "--ink: #000000; ").replace("#1b2872", "navy"))
    assert faults(styles) == [
        "light: --ink is none of action, on-action, mark, hero, hero-2",
        "light: --hero must be a colour such as #2c46c4",
        "light: --mark is missing",
    ]


@pytest.mark.parametrize(
    "text", ["", "body { display: none }", "@layer brand { :root { --action: #2c46c4 } } body { }"]
)
def test_anything_else_than_five_colours_is_refused(styles: Path, text: str) -> None:
    (styles / "brand.css").write_text(text)
    assert "and nothing else" in faults(styles)[0]


def test_the_portal_does_not_start(styles: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    write(styles, LIGHT.replace("#1b2872", "#c0c0ff"))
    root = styles.parent
    (root / "static").mkdir()
    styles.rename(root / "static/css")
    monkeypatch.setattr(composition, "ROOT", root)
    with pytest.raises(BrandFaults, match=r"white on hero has a contrast of 1\.\d\d, and 4\.5 is needed"):
        composition.create_app(settings)


@given(COLOUR, COLOUR)
def test_a_contrast_is_the_same_both_ways_and_a_mixture_lies_between(one: str, other: str) -> None:
    assert 1 <= contrast(one, other) == contrast(other, one) <= 21
    assert contrast(mixed(one, other, 100), one) == contrast(mixed(one, other, 0), other) == 1


def test_known_contrasts() -> None:
    assert contrast("#000000", "#ffffff") == 21
    assert round(contrast("#767676", "#ffffff"), 2) == 4.54
    assert mixed("#ffffff", "#000000", 50) == "#808080"
