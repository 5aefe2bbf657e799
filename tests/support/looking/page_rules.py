"""The rules of every page: one h1, a title, labels, unique ids, nothing inline."""

from collections import Counter
from collections.abc import Container
from typing import Any


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
