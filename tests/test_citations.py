"""Texts of law are cited in the language of the letter."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from portal.citations import cite
from portal.personal_data.organisation_gaps import _GAPS
from portal.rights.deciding.refusals import RefusalGround
from portal.rights.lifecycle import Right

ROOT = Path(__file__).parents[1]
REFERENCES = {*(gap.reference for gap in _GAPS.values()), *(ground.articles for ground in RefusalGround),
              *(right.articles for right in Right)}  # fmt: skip
ENGLISH = re.compile(r"\bGDPR\b|\bCJEU\b|\bEDPB\b|\b\d+\(\d+\)|\barticles? \d+\.\d\b(?!\.)(?= GDPR)|\(EU\)")
FRENCH = re.compile(r"\bRGPD\b|\bCJUE\b|\bCEPD\b|paragraphe|\(UE\)")


@pytest.mark.parametrize(
    ("reference", "french", "english"),
    [
        ("GDPR art. 17(3)(b)", "article 17, paragraphe 3, point b), du RGPD", "article 17(3)(b) GDPR"),
        ("GDPR art. 15", "article 15 du RGPD", "article 15 GDPR"),
        ("GDPR art. 12(5), CJEU C-526/24", "article 12, paragraphe 5, du RGPD ; CJUE, C-526/24",
         "article 12(5) GDPR; CJEU, C-526/24"),
        ("GDPR art. 15(4), 20(4)", "article 15, paragraphe 4, et article 20, paragraphe 4, du RGPD",
         "article 15(4) and article 20(4) GDPR"),
        ("GDPR art. 17(3)(e), 18(2), 21(1)",
         "article 17, paragraphe 3, point e), article 18, paragraphe 2, et article 21, paragraphe 1, du RGPD",
         "article 17(3)(e), article 18(2) and article 21(1) GDPR"),
        ("GDPR art. 15, 16", "article 15 et article 16 du RGPD", "article 15 and article 16 GDPR"),
        ("loi 78-17 art. 85 III", "article 85 III de la loi 78-17", "article 85 III of loi 78-17"),
        ("LCEN art. 6; décret 2021-1362", "article 6 de la LCEN ; décret 2021-1362",
         "article 6 of the LCEN; décret 2021-1362"),
    ],
)  # fmt: skip
def test_a_reference_in_words(reference: str, french: str, english: str) -> None:
    said = [cite(reference, language).replace("\u00a0", " ") for language in ("fr", "en")]
    assert said == [french, english]


@pytest.mark.parametrize("reference", sorted(REFERENCES))
def test_every_reference_is_said_in_its_language(reference: str) -> None:
    assert not ENGLISH.search(cite(reference, "fr"))
    assert not FRENCH.search(cite(reference, "en"))


@pytest.mark.parametrize("reference", ["", "art. 5", "GDPR 5", "Loi X art. 3", "C. civ. 372"])
def test_what_has_no_form_is_refused(reference: str) -> None:
    with pytest.raises(ValueError, match="here"):
        cite(reference, "fr")


def french_texts() -> Iterator[tuple[str, str]]:
    """Yield (where, text) of every French text: catalogues, labels, data map, organisation file, policy."""
    for path in (ROOT / "portal/translations/fr/LC_MESSAGES").glob("*.po"):
        with path.open("rb") as file:
            for message in read_po(file):
                yield from (
                    (path.name, text) for text in ([message.string] if message.string else []) if isinstance(text, str)
                )
    for path in (ROOT / "portal").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Label":
                texts = [word.value for word in node.keywords if word.arg == "fr"] + node.args[:1]
                yield from ((path.name, text.value) for text in texts if isinstance(text, ast.Constant))
    for path in (ROOT / "portal").rglob("*.toml"):
        yield from ((path.name, text) for text in re.findall(r'\bfr = "([^"]+)"', path.read_text("utf-8")))
    policy = ROOT / "templates/policies/policy_fr.html"
    yield policy.name, policy.read_text("utf-8")


def test_no_french_text_cites_the_english_way() -> None:
    found = [f"{where}: {text}" for where, text in french_texts() if ENGLISH.search(text)]
    assert found == []
