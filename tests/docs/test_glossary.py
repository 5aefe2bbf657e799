"""docs/glossary.md: every word has its French, one sentence, and code names that exist."""

from pkgutil import resolve_name

import pytest

from portal.rights.lifecycle import Right
from tests.support.looking.papers import ROOT, code_words, rows

WORDS = rows((ROOT / "docs" / "glossary.md").read_text("utf-8"))


def is_missing(name: str) -> bool:
    """Whether nothing has a dotted name under `portal.`."""
    try:
        resolve_name(f"portal.{name}")
    except (AttributeError, ModuleNotFoundError):
        return True
    return False


def test_every_code_name_exists() -> None:
    names = [name for _word, _french, _meaning, code in WORDS for name in code_words(code)]
    assert len(names) > 50
    missing = [name for name in names if is_missing(name)]
    assert not missing, f"docs/glossary.md names what the code does not have: {missing}"


def test_every_word_has_its_french_and_one_sentence() -> None:
    english = [word for word, _french, _meaning, _code in WORDS]
    assert len(english) == len(set(english)), "one word per idea"
    faults = [
        word for word, french, meaning, _code in WORDS if not french or not meaning[0].isupper() or meaning[-1] != "."
    ]
    assert not faults


def test_every_right_has_its_word() -> None:
    named = {name for _word, _french, _meaning, code in WORDS for name in code_words(code)}
    assert {f"rights.lifecycle.Right.{right.name}" for right in Right} <= named


@pytest.mark.parametrize("name", ["rights.lifecycle.Right.NOTHING", "rights.nowhere", "nowhere.models.Thing"])
def test_a_name_that_nothing_has_is_found(name: str) -> None:
    assert is_missing(name)
