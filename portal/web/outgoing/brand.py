"""The company's own colours, `static/css/brand.css`: five tokens, checked at the start: can people read them?

The limits are those of WCAG 2.2: 4.5 for words (1.4.3), 3 for marks (1.4.11). What a page makes of the five (the
ground of a tag, a button under the pointer) is computed as the stylesheet does, on the grounds of `portal.css`.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from portal.declarations import DeclarationFaults, Fault

TOKENS: Final = ("action", "on-action", "mark", "hero", "hero-2")
WORDS: Final = 4.5
MARKS: Final = 3.0
SCHEMES: Final = ("light", "dark")
# Words on their ground, after the five tokens and what is made of them; `white` stands on the hero whatever the scheme.
_READ: Final = (
    ("on-action", "action"), ("on-action", "deep"), ("action", "surface"), ("action", "ground"), ("action", "tag"),
    ("white", "hero"), ("white", "hero-2"),
)  # fmt: skip
_SEEN: Final = (("mark", "surface"),)
_DARK: Final = r"@media \(prefers-color-scheme: dark\) \{\s*:root \{([^{}]*)\}\s*\}"
_FORM: Final = re.compile(r"\s*@layer brand \{\s*:root \{([^{}]*)\}\s*(?:" + _DARK + r"\s*)?\}\s*")
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)

Colours = dict[str, str]


class BrandFaults(DeclarationFaults):
    """The company's colours cannot be read, or their file holds something else; `faults` lists every one."""


def check_brand(stylesheets: Path) -> None:
    """Raise BrandFaults unless the colours of a folder of stylesheets can be read, light and dark.

    Args:
        stylesheets: the folder of `brand.css`, and of `portal.css` with the grounds under it.
    """
    path = stylesheets / "brand.css"
    form = _FORM.fullmatch(re.sub(r"/\*.*?\*/", "", path.read_text("utf-8"), flags=re.DOTALL))
    if form is None:
        shape = "@layer brand { :root { … } @media (prefers-color-scheme: dark) { :root { … } } }"
        raise BrandFaults(path, [Fault("", f"must be {shape} and nothing else, apart from comments")])
    light, dark = (_declared(block or "") for block in form.groups())
    faults = [*_misspelt(light, "light"), *_misspelt(dark, "dark")]
    faults += [Fault("light", f"--{name} is missing") for name in TOKENS if name not in light]
    if not faults:
        grounds = declared_colours((stylesheets / "portal.css").read_text("utf-8"), ":root")
        for scheme, brand in zip(SCHEMES, (light, light | dark), strict=True):
            faults += _unreadable(grounds[scheme] | brand, scheme)
    if faults:
        raise BrandFaults(path, faults)


def declared_colours(stylesheet: str, selector: str) -> dict[str, Colours]:
    """Return the colours that a stylesheet's rules for one selector declare by name, for each scheme."""
    light: Colours = {}
    dark: Colours = {}
    dark_parts = re.findall(r"@media \(prefers-color-scheme: dark\) \{(.*?\})\s*\}", stylesheet, flags=re.DOTALL)
    for found, parts in ((light, [stylesheet]), (dark, dark_parts)):
        for block in re.findall(re.escape(selector) + r" \{([^{}]*)\}", "".join(parts)):
            # The rules for light screens come first, so what stands already is not overwritten by those for dark ones.
            found |= {name: value for name, value in _declared(block).items() if _COLOUR.fullmatch(value)} | found
    return {"light": light, "dark": light | dark}


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours such as `#14171f`, from 1 to 21 (WCAG 2.2, relative luminance)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def mixed(colour: str, other: str, share: int) -> str:
    """Return so many percent of a colour with the rest of another, as color-mix(in srgb) does."""
    pairs = zip(_parts(colour), _parts(other), strict=True)
    return "#" + "".join(f"{round((one * share + two * (100 - share)) / 100):02x}" for one, two in pairs)


def _declared(block: str) -> Colours:
    return {
        name.strip().removeprefix("--"): value.strip()
        for name, colon, value in (line.partition(":") for line in block.split(";"))
        if colon
    }


def _misspelt(brand: Colours, scheme: str) -> Iterator[Fault]:
    for name, value in brand.items():
        if name not in TOKENS:
            yield Fault(scheme, f"--{name} is none of {', '.join(TOKENS)}")
        elif not _COLOUR.fullmatch(value):
            yield Fault(scheme, f"--{name} must be a colour such as #2c46c4")


def _unreadable(colours: Colours, scheme: str) -> Iterator[Fault]:
    colours = colours | {
        "white": "#ffffff",
        "deep": mixed(colours["action"], colours["ink"], 65),
        "tag": mixed(colours["action"], colours["surface"], 13),
    }
    for pairs, least in ((_READ, WORDS), (_SEEN, MARKS)):
        for upper, lower in pairs:
            reached = contrast(colours[upper], colours[lower])
            if reached < least:
                yield Fault(scheme, f"{upper} on {lower} has a contrast of {reached:.2f}, and {least} is needed")


def _luminance(colour: str) -> float:
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in (part / 255 for part in _parts(colour))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[start : start + 2], 16) for start in (1, 3, 5))
