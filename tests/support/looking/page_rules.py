"""The rules of every page: one h1, a title, labels, unique ids, nothing inline, times with their zone."""

import re
from collections import Counter
from collections.abc import Container
from typing import Any

# A time as the portal writes it: « 9 h 05 », with spaces that do not break, or “at 09:05”.
_TIME = re.compile(r"\b\d{1,2}\u00a0h\u00a0\d{2}\b|\bat \d{2}:\d{2}\b")
_ZONE = ("Les heures sont celles de Paris.", "Times are those of Paris.")


def says_its_zone(text: str) -> bool:
    """Tell whether a text says once which clock its times are of, or holds no time."""
    return not _TIME.search(text) or sum(text.count(words) for words in _ZONE) == 1


def check_page(root: Any, place: str) -> None:
    """Assert the rules.

    Args:
        root: the page as lxml reads it.
        place: where it was fetched, for the message of a rule that is broken.
    """
    tags = list(root.iter("*"))
    headings = [tag for tag in tags if tag.tag == "h1"]
    assert len(headings) == 1, f"{place}: one h1, not {len(headings)}"
    assert (root.findtext(".//title") or "").strip(), f"{place}: a title"
    assert root.get("lang") in {"fr", "en"}, f"{place}: html lang"
    ids = Counter(tag.get("id") for tag in tags if "id" in tag.attrib)
    repeated = [name for name, times in ids.items() if times > 1]
    assert not repeated, f"{place}: ids used twice: {repeated}"
    labelled = {tag.get("for") for tag in tags if tag.tag == "label"}
    assert says_its_zone(" ".join(root.xpath("//text()"))), f"{place}: times without their zone, or with it twice"
    for tag in tags:
        _check_tag(tag, place, ids, labelled)


def _check_tag(tag: Any, place: str, ids: Container[Any], labelled: Container[Any]) -> None:
    assert tag.tag != "style", f"{place}: an inline style element"
    assert "style" not in tag.attrib, f"{place}: a style attribute"
    assert tag.tag != "script" or tag.get("src"), f"{place}: an inline script"
    handlers = [name for name in tag.attrib if name.startswith("on")]
    assert not handlers, f"{place}: inline handlers {handlers}"
    missing = [name for name in tag.get("aria-describedby", "").split() if name not in ids]
    assert not missing, f"{place}: {tag.get('name')} is described by missing {missing}"
    if tag.tag in {"input", "select", "textarea"} and tag.get("type") not in {"hidden", "submit"}:
        is_labelled = tag.get("id", "") in labelled or _stands_in(tag, "label")
        assert is_labelled or tag.get("aria-label"), f"{place}: {tag.get('name')} has no label"
        if tag.get("type") == "radio":
            assert _stands_in(tag, "fieldset"), f"{place}: the radio {tag.get('name')} stands in no fieldset"


def _stands_in(tag: Any, name: str) -> bool:
    return next(tag.iterancestors(name), None) is not None
